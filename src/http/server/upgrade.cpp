// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/upgrade.hpp>

#include <corolla/http/server_response.hpp>
#include <corolla/http/url.hpp>

#include "http/server/response_head.hpp"
#include "http/server/server_exchange.hpp"

#include <charconv>
#include <utility>

namespace corolla::inline v0::http {

namespace {

// What came behind the head was looked at by the server; to the stream's new owner it is new.
ByteStream begin_anew(ByteStream stream) {
  const std::string behind(stream.buffered());
  stream.consume(behind.size());
  if (!behind.empty()) stream.state()->input().append(behind);
  stream.never_expires();
  return stream;
}

void require_connect(const ServerRequest& request) {
  if (request.method() != "CONNECT") throw HttpError(405, "a tunnel is asked for by CONNECT", {{"Allow", "CONNECT"}});
}

}  // namespace

Coro<ByteStream> upgrade(ServerRequest& request, std::string protocol, Headers fields) {
  if (request.version() != HttpVersion::kHttp11) throw HttpError(400, "this version of HTTP knows no upgrade");
  Headers answer;
  answer.add("Upgrade", protocol);
  if (!request.headers().has_token("Connection", "upgrade") || !request.headers().has_token("Upgrade", protocol))
    throw HttpError(426, "the protocol here is " + protocol, answer);
  ServerExchange& exchange = request.exchange();
  if (!exchange.body_done()) throw HttpError(400, "an upgrade with a body");
  answer.add("Connection", "Upgrade");
  for (const auto& [name, value] : fields)
    if (!is_framing_field(name, false)) answer.add(name, value);
  std::string lines;
  answer.write_to(lines);
  co_return begin_anew(exchange.upgrade(lines));
}

ConnectTarget connect_target(const ServerRequest& request) {
  require_connect(request);
  const std::string& target = request.target();
  const auto colon = target.rfind(':');
  ConnectTarget result;
  if (colon != std::string::npos && target.find_first_of("/?#@\\") == std::string::npos) {
    const char* const end = target.data() + target.size();
    const auto [last, failure] = std::from_chars(target.data() + colon + 1, end, result.port);
    const auto url = Url::try_parse("http://" + target.substr(0, colon) + "/");
    if (url && !url->port() && failure == std::errc() && last == end && result.port != 0) {
      result.host = url->hostname();
      return result;
    }
  }
  throw HttpError(400, "the target of CONNECT has to be host:port");
}

Coro<ByteStream> accept_connect(ServerRequest& request, Headers fields) {
  require_connect(request);
  co_return begin_anew(request.exchange().open_tunnel(fields));
}

}  // namespace corolla::inline v0::http
