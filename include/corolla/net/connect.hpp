// SPDX-License-Identifier: Apache-2.0
/// \file
/// connect_tcp and connect_to: a ByteStream to a host or an address.
///
/// Source: asyncio's create_connection and RFC 8305 (happy eyeballs). The addresses of a host are tried in order, the next
/// one when the last has failed or has had its head start; the first to answer wins, the others are closed. Sockets of TCP
/// get TCP_NODELAY. With `ssl` the stream is one of TLS, see tls.hpp. Cancelled, nothing stays open.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/net/tls_context.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

class Resolver;
class Socket;

/// How to connect.
struct ConnectOptions {
  ConnectOptions() {}
  /// Addresses of one family only.
  SocketAddress::Family family = SocketAddress::Family::kUnspecified;
  /// Where the socket is bound before; unspecified: anywhere.
  SocketAddress local_address;
  /// The network interface, "eth0", that everything goes through (SO_BINDTODEVICE); "": any. OSError names it.
  std::string interface;
  /// Makes the socket for this address, set up as wanted: asyncio's and aiohttp's socket_factory. It is bound and connected as any
  /// other. ValueError when it is none.
  std::function<Socket(const SocketAddress&)> socket_factory;
  /// How long an address that does not answer keeps the next one waiting; nullopt: until it has failed, as asyncio does
  /// unless it is told otherwise.
  std::optional<std::chrono::nanoseconds> happy_eyeballs_delay = std::chrono::milliseconds(250);
  /// A host's addresses of both families take turns, after this many of the family that comes first; 0: in the order in
  /// which they were found.
  std::size_t interleave = 1;
  /// When no address answers, an ExceptionGroup of all errors is thrown.
  bool all_errors = false;
  /// Who looks names up; null: getaddrinfo.
  std::shared_ptr<Resolver> resolver;
  /// A client's context: TLS. Without one: none.
  TlsContext ssl;
  /// Whom the certificate must name; empty: the host that is connected to. Needed for connect_to if names are checked;
  /// without `ssl` a ValueError.
  std::string server_hostname;
  /// As TlsOptions'.
  std::chrono::nanoseconds ssl_handshake_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds ssl_shutdown_timeout = std::chrono::seconds(30);
};

/// Connects to `host`, a name or a numeric address. gaierror when the name has no address; otherwise as connect_to its
/// addresses. With `ssl` what start_tls throws.
[[nodiscard]] COROLLA_API Coro<ByteStream> connect_tcp(std::string host, std::uint16_t port,
                                                       ConnectOptions options = ConnectOptions());
/// Connects to one address, of TCP or a Unix stream socket. OSError.
[[nodiscard]] COROLLA_API Coro<ByteStream> connect_to(SocketAddress address, ConnectOptions options = ConnectOptions());
/// Connects to the first of several addresses that answers. With one address its OSError; with several one OSError whose
/// text lists them all ("Multiple exceptions: …") and whose code is the one they share, or EIO; with all_errors an
/// ExceptionGroup. ValueError for none.
[[nodiscard]] COROLLA_API Coro<ByteStream> connect_to(std::vector<SocketAddress> addresses,
                                                      ConnectOptions options = ConnectOptions());

}  // namespace v0
}  // namespace corolla
