// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/accept_websocket.hpp>

#include <corolla/http/url.hpp>

#include "http/server/server_exchange.hpp"
#include "http/websocket/extensions.hpp"
#include "http/websocket/handshake.hpp"
#include "http/websocket/websocket_state.hpp"

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

// "https://example.org" and "example.org:8443" name hosts; a default port is not written in the one and may be in the other.
bool is_same_host(std::string_view origin, std::string_view host) {
  const auto scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;  // "null"
  const std::string scheme(origin.substr(0, scheme_end + 3));
  const auto of_origin = Url::try_parse(origin);
  const auto of_request = Url::try_parse(scheme + std::string(host) + "/");
  return of_origin && of_request && of_origin->same_origin(*of_request);
}

void check_request(const ServerRequest& request, const ServerWebSocketOptions& options) {
  if (request.method() != "GET") throw HttpError(405, "a WebSocket is asked for by GET", {{"Allow", "GET"}});
  const Headers& headers = request.headers();
  if (request.version() != HttpVersion::kHttp11 || !is_websocket_request(request) ||
      !headers.has_token("Connection", "upgrade") || request.has_body())
    throw HttpError(400, "this is no request for a WebSocket");
  if (headers.get("Sec-WebSocket-Version", "") != "13")
    throw HttpError(426, "the version of WebSocket has to be 13",
                    {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}});
  if (headers.count("Sec-WebSocket-Key") != 1 || !is_websocket_key(*headers.get("Sec-WebSocket-Key")))
    throw HttpError(400, "Sec-WebSocket-Key has to be 16 bytes in base64");
  const auto origin = headers.get("Origin");
  if (!origin) return;
  const bool welcome =
      options.check_origin ? options.check_origin(*origin, request) : is_same_host(*origin, request.host());
  if (!welcome) throw HttpError(403, "the origin may not connect");
}

std::string choose_protocol(const Headers& headers, const std::vector<std::string>& known) {
  const std::string asked = joined_values(headers, "Sec-WebSocket-Protocol");
  const std::vector<std::string_view> offers = split_list(asked);
  for (const std::string& protocol : known)
    if (std::find(offers.begin(), offers.end(), protocol) != offers.end()) return protocol;
  return {};
}

}  // namespace

bool is_websocket_request(const ServerRequest& request) noexcept {
  return request.headers().has_token("Upgrade", "websocket");
}

Coro<WebSocket> accept_websocket(ServerRequest& request, ServerWebSocketOptions options) {
  check_options(options);
  check_request(request, options);
  const Headers& headers = request.headers();
  std::string fields = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                       accept_for_key(*headers.get("Sec-WebSocket-Key")) + "\r\n";
  std::string protocol = choose_protocol(headers, options.protocols);
  if (!protocol.empty()) fields.append("Sec-WebSocket-Protocol: ").append(protocol).append("\r\n");
  std::optional<DeflateAgreement> agreed;
  std::string answer;
  try {
    const std::string offers = joined_values(headers, "Sec-WebSocket-Extensions");
    if (options.deflate.enabled) agreed = choose_deflate(offers, options.deflate, answer);
  } catch (const WebSocketError& malformed) {
    throw HttpError(400, malformed.what());
  }
  if (agreed) fields.append("Sec-WebSocket-Extensions: ").append(answer).append("\r\n");

  ServerExchange& exchange = request.exchange();
  auto state =
      std::make_shared<WebSocketState>(exchange.upgrade(fields), WsRole::kServer, options, std::move(protocol), agreed);
  exchange.set_websocket(state);
  WebSocket ws(std::move(state));
  co_return ws;
}

}  // namespace corolla::inline v0::http
