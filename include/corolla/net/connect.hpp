// SPDX-License-Identifier: Apache-2.0
/// \file
/// connect_tcp and connect_to: a ByteStream to a host or an address.
///
/// Source: asyncio's create_connection. The addresses of a host are tried in order until one answers. Sockets of TCP get
/// TCP_NODELAY. Cancelled, nothing stays open.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <string>

namespace corolla {
inline namespace v0 {

/// How to connect.
struct ConnectOptions {
  ConnectOptions() {}
  /// Addresses of one family only.
  SocketAddress::Family family = SocketAddress::Family::kUnspecified;
  /// Where the socket is bound before; unspecified: anywhere.
  SocketAddress local_address;
};

/// Connects to `host`, a name or a numeric address. gaierror when the name has no address; with one address its OSError;
/// with several the one they share, or one OSError whose text lists them all ("Multiple exceptions: …").
[[nodiscard]] COROLLA_API Coro<ByteStream> connect_tcp(std::string host, std::uint16_t port,
                                                       ConnectOptions options = ConnectOptions());
/// Connects to one address, of TCP or a Unix stream socket. OSError.
[[nodiscard]] COROLLA_API Coro<ByteStream> connect_to(SocketAddress address, ConnectOptions options = ConnectOptions());

}  // namespace v0
}  // namespace corolla
