// SPDX-License-Identifier: Apache-2.0
/// \file
/// Socket: the owner of a socket's descriptor, for the sock_ functions, options and servers of one's own.
///
///     Socket listening = Socket::create(SocketAddress::Family::kIPv4);
///     listening.set_reuse_address(true);
///     listening.bind(SocketAddress::ip("127.0.0.1", 0));
///     listening.listen();
///     auto [connection, from] = co_await sock_accept(listening);
///
/// Source: Python's socket.socket. It never blocks and is closed on exec. The loop in which a sock_ function first waits
/// for it is the one it belongs to, until that loop is closed. What fails throws OSError. Not thread safe.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <utility>

namespace corolla {
inline namespace v0 {

class SocketIo;

/// See the file's comment. Movable; tasks that wait in it do not notice.
class COROLLA_API Socket {
 public:
  enum class Type : std::uint8_t { kStream, kDatagram, kSeqpacket };
  enum class Direction : std::uint8_t { kReceive, kSend, kBoth };

  /// No socket: what asks the kernel fails with EBADF.
  Socket() noexcept = default;
  Socket(Socket&& other) noexcept : io_(std::exchange(other.io_, nullptr)) {}
  Socket& operator=(Socket&& other) noexcept;
  /// As close().
  ~Socket();

  /// ValueError for an unspecified family.
  [[nodiscard]] static Socket create(SocketAddress::Family family, Type type = Type::kStream);
  /// Takes over a descriptor and makes it non-blocking and closed on exec. When that fails, as for what is no socket
  /// (ENOTSOCK), it stays the caller's.
  [[nodiscard]] static Socket adopt(int descriptor);
  /// Two Unix sockets that are connected to each other.
  [[nodiscard]] static std::pair<Socket, Socket> pair(Type type = Type::kStream);

  explicit operator bool() const noexcept { return descriptor() >= 0; }
  /// -1 when there is none (any more).
  [[nodiscard]] int descriptor() const noexcept;
  [[nodiscard]] Type type() const noexcept;
  [[nodiscard]] SocketAddress::Family family() const noexcept;
  /// Unspecified when there is none.
  [[nodiscard]] SocketAddress sockname() const noexcept;
  [[nodiscard]] SocketAddress peername() const noexcept;

  void bind(const SocketAddress& address);
  /// `backlog`: the length of the kernel's queue of connections not accepted yet.
  void listen(int backlog = 100);
  /// No more is sent, or received, or both.
  void shutdown(Direction direction);

  /// setsockopt and getsockopt for options that are an int; level, name and value are the kernel's.
  void set_option(int level, int name, int value);
  [[nodiscard]] int option(int level, int name) const;
  void set_reuse_address(bool on);
  void set_reuse_port(bool on);
  void set_keep_alive(bool on);
  void set_broadcast(bool on);
  /// TCP_NODELAY.
  void set_no_delay(bool on);
  /// IPv6 only, not IPv4 as well.
  void set_ipv6_only(bool on);
  /// In bytes, of which the kernel reserves twice as many.
  void set_send_buffer_size(int bytes);
  void set_receive_buffer_size(int bytes);

  /// Closes; a task that waits in it gets OSError (ECONNABORTED). Idempotent.
  void close() noexcept;
  /// Gives the descriptor to the caller, -1 if there is none; a task that waits gets the same as with close().
  [[nodiscard]] int detach() noexcept;

 private:
  friend class SockAccept;
  friend class SockOperation;
  explicit Socket(SocketIo* io) noexcept : io_(io) {}
  [[nodiscard]] static Socket own(int descriptor);

  SocketIo* io_ = nullptr;
};

}  // namespace v0
}  // namespace corolla
