// SPDX-License-Identifier: Apache-2.0
#include "http/client/connector.hpp"

#include <corolla/http/error.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/runtime/outcome.hpp>

#include "http/client/proxy/socks5.hpp"
#include "http/next_event.hpp"

#include <utility>

namespace corolla::inline v0::http {

Connector::Connector(const SessionOptions& options)
    : tls_context_(options.ssl),
      resolver_(options.resolver),
      parser_limits_(options.parser),
      user_agent_(options.user_agent),
      unix_socket_(options.unix_socket) {}

const TlsContext& Connector::tls_context(bool http2) {
  if (!http1_context_) {
    if (!tls_context_) tls_context_ = TlsContext::client();
    http1_context_ = tls_context_.with_default_alpn({"http/1.1"});
    http2_context_ = tls_context_.with_default_alpn({"h2", "http/1.1"});
  }
  return http2 ? http2_context_ : http1_context_;
}

Coro<ByteStream> Connector::connect(const Destination& to, bool http2) {
  ConnectOptions options;
  options.resolver = resolver_;
  if (!unix_socket_.empty()) {
    if (to.tls) {
      options.ssl = tls_context(http2);
      options.server_hostname = to.hostname;
    }
    auto connecting = connect_to(SocketAddress::unix_path(unix_socket_), std::move(options));
    co_return co_await std::move(connecting);
  }
  if (!to.proxy) {
    if (to.tls) options.ssl = tls_context(http2);
    auto connecting = connect_tcp(to.hostname, to.port, std::move(options));
    co_return co_await std::move(connecting);
  }
  auto reaching = connect_to_proxy(*to.proxy);
  ByteStream stream = co_await std::move(reaching);
  if (!to.proxy->is_http()) {
    auto asking = ask_socks5(stream, to);
    co_await std::move(asking);
  } else if (to.tls) {
    auto opening = open_tunnel(stream, to);
    co_await std::move(opening);
  }
  if (!to.tls) co_return stream;
  TlsOptions tls;
  tls.server_hostname = to.hostname;
  auto securing = start_tls(std::move(stream), tls_context(http2), std::move(tls));
  co_return co_await std::move(securing);
}

Coro<ByteStream> Connector::connect_to_proxy(const Proxy& proxy) {
  ConnectOptions options;
  options.resolver = resolver_;
  if (proxy.kind == Proxy::Kind::kHttps) options.ssl = tls_context(false);
  auto connecting = connect_tcp(proxy.hostname, proxy.port, std::move(options));
  auto connected = co_await outcome(std::move(connecting));
  if (connected) co_return std::move(*connected);
  try {
    std::rethrow_exception(connected.error());
  } catch (const OSError& error) {
    throw ClientProxyConnectionError(proxy.peer(), error);
  } catch (const TlsError& error) {
    throw ClientSSLError("the proxy " + proxy.peer(), error);
  }
}

// RFC 9110, section 9.3.6. Any 2xx opens the tunnel; its first byte is the destination's.
Coro<void> Connector::open_tunnel(ByteStream& stream, const Destination& to) const {
  const bool is_ipv6 = to.hostname.find(':') != std::string::npos;
  const std::string authority = (is_ipv6 ? "[" + to.hostname + "]" : to.hostname) + ":" + std::to_string(to.port);
  std::string head = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!user_agent_.empty()) head += "User-Agent: " + user_agent_ + "\r\n";
  if (const std::string credentials = to.proxy->authorization(); !credentials.empty())
    head += "Proxy-Authorization: " + credentials + "\r\n";
  head += "\r\n";
  co_await stream.send_all(head);
  ResponseParser parser(parser_limits_);
  parser.start("CONNECT");
  for (;;) {
    const ParseEvent event = next_event(stream, parser);
    if (event == ParseEvent::kHead) {
      const int status = parser.head().status;
      if (status / 100 == 2) co_return;
      if (status / 100 != 1) {
        throw ClientHttpProxyError(status, "the proxy " + to.proxy->peer() + " opens no tunnel to " + authority + ": " +
                                               std::to_string(status) + " " + parser.head().reason);
      }
      parser.start("CONNECT");
    } else if (event == ParseEvent::kNeedMore) {
      const std::string_view arrived = co_await stream.receive();
      if (arrived.empty()) static_cast<void>(parser.finish());  // throws
    }
  }
}

// With socks5 names are looked up here, with socks5h by the proxy.
Coro<void> Connector::ask_socks5(ByteStream& stream, const Destination& to) const {
  std::string host = to.hostname;
  SocketAddress address;
  if (to.proxy->kind == Proxy::Kind::kSocks5 && !SocketAddress::parse_ip(host, to.port, address)) {
    auto looking_up = resolver_ ? resolver_->resolve(host, to.port, SocketAddress::Family::kUnspecified)
                                : getaddrinfo(host, to.port, SocketAddress::Family::kUnspecified);
    const std::vector<SocketAddress> found = co_await std::move(looking_up);
    host = found.front().host();
  }
  auto asking = socks5_connect(stream, *to.proxy, std::move(host), to.port);
  co_await std::move(asking);
}

}  // namespace corolla::inline v0::http
