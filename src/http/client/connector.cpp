// SPDX-License-Identifier: Apache-2.0
#include "http/client/connector.hpp"

#include <corolla/http/error.hpp>
#include <corolla/net/interleave.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/runtime/outcome.hpp>

#include "http/client/proxy/socks5.hpp"
#include "http/client/request_trace.hpp"
#include "http/next_event.hpp"

#include <cerrno>
#include <utility>

namespace corolla::inline v0::http {

namespace {

ConnectOptions connect_options(const SessionOptions& session) {
  ConnectOptions options;
  options.local_address = session.local_address;
  options.interface = session.interface;
  options.socket_factory = session.socket_factory;
  return options;
}

}  // namespace

Connector::Connector(const SessionOptions& options)
    : tls_context_(options.ssl),
      hosts_(options),
      connect_options_(connect_options(options)),
      parser_limits_(options.parser),
      user_agent_(options.user_agent),
      unix_socket_(options.unix_socket) {}

const TlsContext& Connector::tls_context(bool http2) {
  if (!http1_context_) {
    if (!tls_context_) tls_context_ = TlsContext::client();
    if (tls_context_.is_server()) throw ValueError("a client's TlsContext is needed for https");
    http1_context_ = tls_context_.with_default_alpn({"http/1.1"});
    http2_context_ = tls_context_.with_default_alpn({"h2", "http/1.1"});
  }
  return http2 ? http2_context_ : http1_context_;
}

Coro<ByteStream> Connector::connect(const Destination& to, bool http2, RequestTrace* trace) {
  if (to.tls) static_cast<void>(tls_context(http2));  // what is wrong with it is told before anybody is called
  auto reaching = reach(to, trace);
  ByteStream stream = co_await std::move(reaching);
  if (!to.tls) co_return stream;
  auto securing = secure(std::move(stream), to.server_hostname, http2, trace);
  co_return co_await std::move(securing);
}

Coro<ByteStream> Connector::reach(const Destination& to, RequestTrace* trace) {
  if (!unix_socket_.empty()) {
    auto connecting = connect_to(SocketAddress::unix_path(unix_socket_));
    co_return co_await std::move(connecting);
  }
  if (!to.proxy) {
    auto connecting = connect_to_host(to.hostname, to.port, trace);
    co_return co_await std::move(connecting);
  }
  auto reaching = connect_to_proxy(*to.proxy, trace);
  ByteStream stream = co_await std::move(reaching);
  if (!to.proxy->is_http()) {
    auto asking = ask_socks5(stream, to, trace);
    co_await std::move(asking);
  } else if (!to.forwarded()) {
    auto opening = open_tunnel(stream, to);
    co_await std::move(opening);
  }
  co_return stream;
}

Coro<ByteStream> Connector::connect_to_host(std::string hostname, std::uint16_t port, RequestTrace* trace) const {
  auto resolving = hosts_.find(std::move(hostname), port, trace);
  std::vector<SocketAddress> addresses = co_await std::move(resolving);
  if (const SocketAddress& local = connect_options_.local_address; local.size() != 0) {
    std::erase_if(addresses, [&](const SocketAddress& address) { return address.family() != local.family(); });
    if (addresses.empty()) throw OSError(EADDRNOTAVAIL, "no address of the family of " + local.to_string());
  }
  auto connecting = connect_to(interleave(addresses, connect_options_.interleave), connect_options_);
  co_return co_await std::move(connecting);
}

Coro<ByteStream> Connector::secure(ByteStream stream, std::string hostname, bool http2, RequestTrace* trace) {
  if (trace) trace->tell_host(&TraceConfig::on_tls_start, hostname);
  TlsOptions tls;
  tls.server_hostname = hostname;
  auto securing = start_tls(std::move(stream), tls_context(http2), std::move(tls));
  ByteStream secured = co_await std::move(securing);
  if (trace) trace->tell_host(&TraceConfig::on_tls_end, hostname);
  co_return secured;
}

Coro<ByteStream> Connector::connect_to_proxy(const Proxy& proxy, RequestTrace* trace) {
  auto connecting = connect_to_host(proxy.hostname, proxy.port, trace);
  auto connected = co_await outcome(std::move(connecting));
  if (connected && proxy.kind == Proxy::Kind::kHttps) {
    auto securing = secure(std::move(*connected), proxy.hostname, false, trace);
    connected = co_await outcome(std::move(securing));
  }
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
Coro<void> Connector::ask_socks5(ByteStream& stream, const Destination& to, RequestTrace* trace) const {
  std::string host = to.hostname;
  SocketAddress address;
  if (to.proxy->kind == Proxy::Kind::kSocks5 && !SocketAddress::parse_ip(host, to.port, address)) {
    auto looking_up = hosts_.find(host, to.port, trace);
    const std::vector<SocketAddress> found = co_await std::move(looking_up);
    host = found.front().host();
  }
  auto asking = socks5_connect(stream, *to.proxy, std::move(host), to.port);
  co_await std::move(asking);
}

}  // namespace corolla::inline v0::http
