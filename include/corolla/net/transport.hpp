// SPDX-License-Identifier: Apache-2.0
/// \file
/// Transport: a connection that calls a Protocol, for callback-style code and for protocol engines written elsewhere.
///
/// Source: asyncio's transports. It stands on any ByteStream: TCP, Unix sockets, TLS, pipes, streams in memory. Code that
/// may wait is better off with the stream itself, or a StreamReader and a StreamWriter.
///
/// A Transport is a handle; copies share the connection. The connection belongs to the loop: it lives, and keeps its
/// protocol alive, until connection_lost was called, whoever holds a handle, and a handle keeps no connection open. So a
/// protocol that stores its transport is no leak. When the loop is closed first, the connection is closed and the protocol
/// released without a call; the debug mode logs that. Not thread safe.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

class Protocol;
class TlsConnection;
class TransportState;

/// Marks of Transport::get_write_buffer_limits.
struct WriteBufferLimits {
  std::size_t low;
  std::size_t high;
};

/// See the file's comment.
class COROLLA_API Transport {
 public:
  /// No transport; only assignment, destruction, comparison and operator bool are allowed.
  Transport() noexcept;
  explicit Transport(FutureRef<TransportState> state) noexcept;
  Transport(const Transport& other) noexcept;
  Transport(Transport&& other) noexcept;
  Transport& operator=(const Transport& other) noexcept;
  Transport& operator=(Transport&& other) noexcept;
  ~Transport();
  explicit operator bool() const noexcept { return state_ != nullptr; }
  friend bool operator==(const Transport& a, const Transport& b) noexcept { return a.state_ == b.state_; }

  // -- life -------------------------------------------------------------------------------------------------------
  /// Receives no more, sends what was written, then connection_lost(nullptr) is called. Idempotent.
  void close() const noexcept;
  /// Drops what was written and closes at once; connection_lost(nullptr) is called soon. Idempotent.
  void abort() const noexcept;
  /// True from close() or abort() on, and when the connection is lost.
  [[nodiscard]] bool is_closing() const noexcept;
  /// Whom arriving bytes go to from now on; its connection_made() is not called. ValueError for null.
  void set_protocol(std::shared_ptr<Protocol> protocol) const;
  /// Null once the connection is lost.
  [[nodiscard]] std::shared_ptr<Protocol> get_protocol() const;

  // -- receiving --------------------------------------------------------------------------------------------------
  /// No data_received until resume_reading(); nothing is read from the kernel meanwhile. Both are idempotent.
  void pause_reading() const noexcept;
  void resume_reading() const noexcept;
  /// Neither paused nor closing.
  [[nodiscard]] bool is_reading() const noexcept;

  // -- sending ----------------------------------------------------------------------------------------------------
  /// Takes the bytes and does not wait: tries to send them at once, and buffers the rest without limit. What is written to
  /// a lost connection is dropped; the fifth time logs a warning. RuntimeError after write_eof() and during sendfile and
  /// start_tls.
  void write(std::string_view data) const { write(&data, 1); }
  /// As write of each string of a range, in one system call if possible.
  template <class Range>
  void writelines(const Range& lines) const {
    std::vector<std::string_view> pieces;
    for (const auto& line : lines) pieces.push_back(std::string_view(line));
    write(pieces.data(), pieces.size());
  }
  /// The same without an allocation.
  void write(const std::string_view* pieces, std::size_t count) const;
  /// Half close behind what was written. RuntimeError when can_write_eof() is false, as over TLS, and as for write().
  void write_eof() const;
  [[nodiscard]] bool can_write_eof() const noexcept;
  /// When pause_writing() and resume_writing() are called: 64 KiB and 16 KiB unless set. With `low` alone high is
  /// 4 × low, with `high` alone low is high / 4; zero pauses whenever something is buffered. ValueError when low > high.
  void set_write_buffer_limits(std::optional<std::size_t> high = std::nullopt,
                               std::optional<std::size_t> low = std::nullopt) const;
  [[nodiscard]] WriteBufferLimits get_write_buffer_limits() const noexcept;
  /// Bytes written that the kernel does not have yet, or under io_uring has not acknowledged.
  [[nodiscard]] std::size_t get_write_buffer_size() const noexcept;

  // -- asyncio's extra info ---------------------------------------------------------------------------------------
  /// As they were when the connection was made; known even after it is lost.
  [[nodiscard]] SocketAddress peername() const;
  [[nodiscard]] SocketAddress sockname() const;
  /// For socket options alone; -1 when there is none any more.
  [[nodiscard]] int descriptor() const noexcept;
  /// What TLS agreed on, borrowed, valid until connection_lost has returned; null without TLS.
  [[nodiscard]] const TlsConnection* tls() const noexcept;

  /// `co_await transport.wait_closed()`: until connection_lost has returned. Throws nothing of the connection's.
  [[nodiscard]] Coro<void> wait_closed() const;
  /// For the library itself.
  [[nodiscard]] FutureRef<TransportState> state() const noexcept;

 private:
  TransportState* state_ = nullptr;
};

/// Makes a connection of a stream: connection_made is called soon, reading begins behind it. RuntimeError when a task
/// receives from the stream, ValueError for null. What is buffered in the stream is the first to be received.
COROLLA_API Transport make_transport(ByteStream stream, std::shared_ptr<Protocol> protocol);

/// asyncio's loop.sendfile: sends `count` bytes of the open file from `offset` on, behind what was written, and returns how
/// many: less only when the file ends. Reading pauses meanwhile, and the protocol is told to pause writing; who writes all
/// the same gets a RuntimeError. RuntimeError when the transport is closing or busy, ValueError for a count of 0; OSError
/// when the connection fails. Cancelled, an unknown part was sent.
[[nodiscard]] COROLLA_API Coro<std::uint64_t> sendfile(Transport transport, int file, std::uint64_t offset = 0,
                                                       std::uint64_t count = std::numeric_limits<std::int64_t>::max());

}  // namespace v0
}  // namespace corolla
