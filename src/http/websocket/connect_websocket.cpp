// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/session.hpp>

#include <corolla/http/url.hpp>

#include "http/client/response_state.hpp"
#include "http/client/session_state.hpp"
#include "http/websocket/extensions.hpp"
#include "http/websocket/handshake.hpp"
#include "http/websocket/websocket_state.hpp"

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

// "ws://…" asks the same server as "http://…", "wss://…" the same as "https://…".
Url http_url(const Url& url) {
  if (url.scheme() == "ws" || url.scheme() == "wss") return Url::parse("http" + url.href().substr(2));
  return url;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

// The server's answer, judged; what both agreed on.
std::optional<DeflateAgreement> read_answer(const ResponseHead& head, const std::string& key,
                                            const ClientWebSocketOptions& options, std::string& protocol) {
  const auto refuse = [&](std::string why) { throw WSServerHandshakeError(head.status, std::move(why), head.headers); };
  if (head.status != 101) refuse("the server answered " + std::to_string(head.status) + " where 101 was expected");
  if (!head.headers.has_token("Upgrade", "websocket")) refuse("the server switched to another protocol");
  if (!head.headers.has_token("Connection", "upgrade")) refuse("the answer's Connection field does not say upgrade");
  if (head.headers.count("Sec-WebSocket-Accept") != 1 ||
      *head.headers.get("Sec-WebSocket-Accept") != accept_for_key(key))
    refuse("the answer's Sec-WebSocket-Accept does not belong to the request");
  if (const std::size_t count = head.headers.count("Sec-WebSocket-Protocol"); count > 0) {
    protocol = *head.headers.get("Sec-WebSocket-Protocol");
    if (count > 1 || std::find(options.protocols.begin(), options.protocols.end(), protocol) == options.protocols.end())
      refuse("the server chose a subprotocol that it was not offered");
  }
  try {
    return read_deflate_answer(joined_values(head.headers, "Sec-WebSocket-Extensions"), options.deflate);
  } catch (const WebSocketError& unexpected) {
    refuse(unexpected.what());
  }
  return std::nullopt;
}

}  // namespace

Coro<WebSocket> Session::ws_connect(std::string url, ClientWebSocketOptions options) {
  check_options(options);
  const std::optional<Url>& base = private_->options.base_url;
  Request request = this->request("GET", http_url(base ? Url::parse(url, *base) : Url::parse(url)));
  for (const auto& [name, value] : options.headers) request = std::move(request).header(name, value);
  if (!options.server_hostname.empty()) request = std::move(request).server_hostname(options.server_hostname);
  const std::string key = make_websocket_key();
  request = std::move(request)
                .raise_for_status(false)
                .check_response(nullptr)
                .header("Upgrade", "websocket")
                .header("Connection", "Upgrade")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", key);
  if (!options.protocols.empty())
    request = std::move(request).header("Sec-WebSocket-Protocol", joined(options.protocols));
  if (options.deflate.enabled)
    request = std::move(request).header("Sec-WebSocket-Extensions", offer_deflate(options.deflate));
  auto sending = std::move(request).send();
  Response response = co_await std::move(sending);
  const std::unique_ptr<ResponseState> answer = response.take_state();
  if (!answer->connection) throw ClientError("a middleware answered in place of a WebSocket server");
  std::string protocol;
  const std::optional<DeflateAgreement> agreed = read_answer(answer->head, key, options, protocol);
  ByteStream stream = std::move(answer->connection->stream);
  answer->drop_connection();
  WebSocket ws(
      std::make_shared<WebSocketState>(std::move(stream), WsRole::kClient, options, std::move(protocol), agreed));
  co_return ws;
}

}  // namespace corolla::inline v0::http
