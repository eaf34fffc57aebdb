// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of raw sockets share: connected Sockets, with plain sockets on the other end.
#pragma once

#include "tests/net/net_test.hpp"

namespace corolla_tests {

struct SocketAndPeer {
  SocketAndPeer(Socket s, Peer p) noexcept : socket(std::move(s)), peer(std::move(p)) {}
  Socket socket;
  Peer peer;
};

/// A Socket that listens on a free port of the loopback.
inline Socket listening_socket(int backlog = 16) {
  Socket socket = Socket::create(SocketAddress::Family::kIPv4);
  socket.bind(SocketAddress::ip("127.0.0.1", 0));
  socket.listen(backlog);
  return socket;
}

/// A Socket connected over TCP on the loopback.
inline Coro<SocketAndPeer> socket_and_peer() {
  Socket listening = listening_socket(1);
  Socket socket = Socket::create(SocketAddress::Family::kIPv4);
  const SocketAddress address = listening.sockname();
  co_await sock_connect(socket, address);
  auto accepted = co_await sock_accept(listening);
  co_return SocketAndPeer(std::move(socket), Peer(accepted.first.detach()));
}

/// A datagram Socket bound to a free port of the loopback.
inline Socket bound_datagram_socket() {
  Socket socket = Socket::create(SocketAddress::Family::kIPv4, Socket::Type::kDatagram);
  socket.bind(SocketAddress::ip("127.0.0.1", 0));
  return socket;
}

/// Sends until the kernel takes no more; how many bytes.
inline std::size_t fill(const Socket& socket) {
  const std::string bytes(65536, ' ');
  std::size_t total = 0;
  for (std::size_t size = bytes.size(); size > 0;) {
    const ssize_t sent = ::send(socket.descriptor(), bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) total += static_cast<std::size_t>(sent);
    else size /= 2;
  }
  return total;
}

}  // namespace corolla_tests
