// SPDX-License-Identifier: Apache-2.0
/// \file
/// Connector: makes the connections of a pool, directly or through a proxy.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/net/connect.hpp>
#include <corolla/runtime/coro.hpp>

#include "http/client/host_lookup.hpp"
#include "http/client/proxy/proxy.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace corolla::inline v0::http {

class RequestTrace;

/// Where a request goes.
struct Destination {
  std::string hostname;
  std::uint16_t port;
  bool tls;
  std::shared_ptr<const Proxy> proxy;  // null: straight there
  bool upgrades;                       // to another protocol, which no proxy passes on
  std::string server_hostname;         // whom the certificate must name, whatever the host is called
  std::string protocol;                // what an alternative service must speak; "": whatever TLS agrees on
  /// Requests are sent to the proxy, which passes them on; else through it.
  [[nodiscard]] bool forwarded() const noexcept { return proxy && proxy->is_http() && !tls && !upgrades; }
};

class Connector {
 public:
  explicit Connector(const SessionOptions& options);

  /// A stream to the destination, TLS included; one to the proxy when that forwards requests, each with its whole URL. OSError,
  /// TlsError; ClientProxyConnectionError and ClientHttpProxyError when the proxy is to blame. With `http2` that is offered, too,
  /// over TLS. `trace` may be null. What is given outlives the call.
  [[nodiscard]] Coro<ByteStream> connect(const Destination& to, bool http2, RequestTrace* trace);

 private:
  [[nodiscard]] const TlsContext& tls_context(bool http2);
  /// Not TLS yet.
  [[nodiscard]] Coro<ByteStream> reach(const Destination& to, RequestTrace* trace);
  [[nodiscard]] Coro<ByteStream> connect_to_host(std::string hostname, std::uint16_t port, RequestTrace* trace) const;
  [[nodiscard]] Coro<ByteStream> secure(ByteStream stream, std::string hostname, bool http2, RequestTrace* trace);
  [[nodiscard]] Coro<ByteStream> connect_to_proxy(const Proxy& proxy, RequestTrace* trace);
  [[nodiscard]] Coro<void> open_tunnel(ByteStream& stream, const Destination& to) const;
  [[nodiscard]] Coro<void> ask_socks5(ByteStream& stream, const Destination& to, RequestTrace* trace) const;

  TlsContext tls_context_;  // the user's; the others are made of it
  TlsContext http1_context_;
  TlsContext http2_context_;
  const HostLookup hosts_;
  const ConnectOptions connect_options_;
  const ParserLimits parser_limits_;
  const std::string user_agent_;
  const std::string unix_socket_;
};

}  // namespace corolla::inline v0::http
