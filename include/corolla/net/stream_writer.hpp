// SPDX-License-Identifier: Apache-2.0
/// \file
/// StreamWriter: the sending half of a connection, and its owner.
///
/// Source: asyncio's StreamWriter. `co_await writer.write(data)` is asyncio's write and drain in one: all of `data` is
/// taken at once, then the task waits while more than the high water mark is unsent. Cancelling the wait takes nothing
/// back. Any number of tasks may write. Not thread safe.
#pragma once

#include <corolla/net/byte_stream.hpp>

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// See the file's comment. Movable.
class COROLLA_API StreamWriter {
 public:
  /// What write_nowait() lets pile up.
  static constexpr std::size_t kHardLimit = std::size_t{16} << 20;

  explicit StreamWriter(ByteStream stream) noexcept : stream_(std::move(stream)) {}
  StreamWriter(StreamWriter&&) noexcept = default;
  StreamWriter& operator=(StreamWriter&& other) noexcept {
    if (this != &other) {
      finish();
      stream_ = std::move(other.stream_);
    }
    return *this;
  }
  /// Closes as close() does, and does not wait; a peer that takes nothing for 30 s is dropped.
  ~StreamWriter() { finish(); }

  /// `co_await writer.write(data)`. OSError when the connection is lost, RuntimeError after write_eof() or close().
  StreamDrain write(std::string_view data) {
    stream_.send_nowait(data);
    return stream_.drain();
  }
  /// As write for each string of a range, in one system call if possible.
  template <class Range>
  StreamDrain writelines(const Range& lines) {
    std::vector<std::string_view> pieces;
    for (const auto& line : lines) pieces.push_back(std::string_view(line));
    stream_.state()->send(pieces.data(), pieces.size());
    return stream_.drain();
  }
  /// Takes the data and does not wait; follow it with drain(). RuntimeError when kHardLimit would be exceeded.
  void write_nowait(std::string_view data);
  /// Returns at once below the high water mark, else waits for the low one. Throws what the connection, reading
  /// included, failed with.
  StreamDrain drain();
  /// ValueError when low > high. 64 KiB and 16 KiB unless set.
  void set_write_limits(std::size_t high, std::size_t low) { stream_.set_write_limits(high, low); }
  [[nodiscard]] std::size_t unsent() const noexcept { return stream_.unsent(); }

  /// Half close: the peer's reads end behind what was written.
  void write_eof() { stream_.send_eof(); }
  [[nodiscard]] bool can_write_eof() const noexcept { return stream_.can_send_eof(); }
  /// Sends what was written, then closes, in the background. Idempotent.
  void close() noexcept { stream_.close(); }
  /// `co_await writer.wait_closed()` after close(): throws what the connection failed with.
  StreamClosed wait_closed() { return stream_.wait_closed(); }
  [[nodiscard]] bool is_closing() const noexcept { return stream_.is_closing(); }
  /// Closes now and drops what is unsent.
  void abort() noexcept { stream_.abort(); }

  [[nodiscard]] SocketAddress peername() const { return stream_.peername(); }
  [[nodiscard]] SocketAddress sockname() const { return stream_.sockname(); }
  /// See ByteStream::tls.
  [[nodiscard]] const TlsConnection* tls() const noexcept { return stream_.tls(); }
  /// The connection itself: deadlines, sendfile.
  [[nodiscard]] ByteStream& stream() noexcept { return stream_; }

 private:
  void finish() noexcept;
  ByteStream stream_;
};

}  // namespace v0
}  // namespace corolla
