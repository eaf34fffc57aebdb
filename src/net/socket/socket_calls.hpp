// SPDX-License-Identifier: Apache-2.0
/// \file
/// The system calls of raw sockets, made without waiting, and the thread's memory for what they bring.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/sock.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// One call on a socket. What its pointers point at stays until it is done.
struct SocketRequest {
  SocketCall call = SocketCall::kReceive;
  /// A stream's receive that gets less than it has room for has emptied the socket.
  bool short_means_empty = false;
  /// Receiving: where to; null: the thread's own memory. Sending: what.
  char* data = nullptr;
  std::size_t size = 0;
  const SocketAddress* address = nullptr;
  /// kSendFile's.
  int file = -1;
  std::uint64_t offset = 0;
};

/// Makes the call: its result, or -errno; -EAGAIN when it has to wait for readiness. What kSendAll sent is taken off the
/// request. `exhausted` is set when the next call of the kind would wait.
[[nodiscard]] int make_socket_call(int descriptor, SocketRequest& request, bool& exhausted) noexcept;

/// What EAGAIN means for a datagram to `to`, null for the peer. The queue of a Unix socket that this one is not connected to
/// may be full, and this one be writable all the same: waiting would spin, or last for ever. That is -ENOBUFS.
[[nodiscard]] int no_room(int descriptor, const SocketAddress* to) noexcept;

/// The most that is received at once into the thread's own memory.
inline constexpr std::size_t kMostReceived = 1024 * 1024;
/// What the last receive without memory of its own brought in this thread, until the next one.
[[nodiscard]] std::string_view received_bytes(std::size_t size) noexcept;
/// Who sent what was received or accepted last in this thread; unspecified when the kernel does not say.
[[nodiscard]] SocketAddress received_from() noexcept;

}  // namespace v0
}  // namespace corolla
