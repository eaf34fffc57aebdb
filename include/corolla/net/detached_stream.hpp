// SPDX-License-Identifier: Apache-2.0
/// \file
/// DetachedStream, detach and attach: a connection moves from one loop to another.
///
///     co_await shard.submit_to(id, serve_detached, detach(std::move(stream)));   // serve_detached: attach(...), in that loop
///
/// Source: asyncio's connect_accepted_socket, for sockets that were accepted elsewhere.
#pragma once

#include <corolla/net/byte_stream.hpp>

#include <utility>

namespace corolla {
inline namespace v0 {

/// A connected stream socket that belongs to no loop. Movable, also to other threads; destroying it closes it.
class COROLLA_API DetachedStream {
 public:
  DetachedStream() noexcept = default;
  /// Takes the descriptor of a connected stream socket.
  explicit DetachedStream(int descriptor) noexcept : descriptor_(descriptor) {}
  DetachedStream(DetachedStream&& other) noexcept : descriptor_(other.release()) {}
  DetachedStream& operator=(DetachedStream&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DetachedStream();

  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// The descriptor is the caller's now.
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_ = -1;
};

/// Takes a connection out of its loop. It has to be one that was just accepted or connected: RuntimeError when bytes are buffered
/// in either direction, when it is closing, and for what is no plain socket (TLS, a stream in memory); and nobody may have received
/// from it, for bytes that a withdrawn receive still brings would be lost. OSError when descriptors run out; the
/// connection is closed then.
[[nodiscard]] COROLLA_API DetachedStream detach(ByteStream stream);
/// Makes it a stream of the running loop. ValueError when there is none in it, OSError when it is no connected socket.
[[nodiscard]] COROLLA_API ByteStream attach(DetachedStream detached);

}  // namespace v0
}  // namespace corolla
