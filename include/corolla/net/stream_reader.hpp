// SPDX-License-Identifier: Apache-2.0
/// \file
/// StreamReader: bytes, lines and records from a stream.
///
/// Source: asyncio's StreamReader. Bytes stay in the buffer until a read returns them, so a cancelled read loses none
/// (read(-1), which returns what it has only at the end, excepted). Unlike asyncio's, nothing is read ahead: the kernel
/// is asked only while a read waits, and that is the back pressure. One read at a time: a second one is a RuntimeError.
/// Besides what is noted, reads throw the connection's OSError, TimeoutError (ByteStream's deadline) and CancelledError.
/// Not thread safe.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future_base.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

class FedStream;

/// See the file's comment. Movable; it shares the connection with its StreamWriter and dies alone.
class COROLLA_API StreamReader {
 public:
  static constexpr std::size_t kDefaultLimit = 64 * 1024;
  /// What read(-1) returns at most.
  static constexpr std::size_t kReadAllLimit = std::size_t{256} << 20;

  /// A reader without a connection, fed by hand; needs a running loop, or is given one. ValueError when `limit` is 0.
  explicit StreamReader(std::size_t limit = kDefaultLimit);
  StreamReader(EventLoop& loop, std::size_t limit);
  /// Reads from a stream; the stream's owner must not receive from it meanwhile.
  explicit StreamReader(FutureRef<StreamState> stream, std::size_t limit = kDefaultLimit);
  StreamReader(StreamReader&&) noexcept = default;
  StreamReader& operator=(StreamReader&&) noexcept = default;
  ~StreamReader() = default;

  /// Up to `n` bytes, at least one unless the stream ended; n = 0: none, at once; n < 0: all until the end, at most
  /// kReadAllLimit (LimitOverrunError).
  [[nodiscard]] Coro<std::string> read(std::ptrdiff_t n = -1);
  /// Exactly `n` bytes. IncompleteReadError with what is there when the stream ends before.
  [[nodiscard]] Coro<std::string> readexactly(std::size_t n);
  /// A line with its '\n'; at the end of the stream what is left, perhaps nothing. A line longer than the limit is a
  /// ValueError, and is dropped from the buffer.
  [[nodiscard]] Coro<std::string> readline();
  /// Up to and including `separator`. IncompleteReadError at the end of the stream; LimitOverrunError when the record is
  /// longer than the limit (it stays in the buffer); ValueError for an empty separator.
  [[nodiscard]] Coro<std::string> readuntil(std::string separator = "\n");
  /// As above with any one of several separators: the shortest record that ends with one of them. The record's length, for
  /// the limit, is without the separator it ends with, the shortest such one. ValueError for none, and for an empty one.
  [[nodiscard]] Coro<std::string> readuntil(std::vector<std::string> separators);
  /// The same: `reader.readuntil("\r\n", "\n")`.
  template <class... More>
    requires(sizeof...(More) >= 1 && (std::is_convertible_v<const More&, std::string_view> && ...))
  [[nodiscard]] Coro<std::string> readuntil(std::string_view first, const More&... more) {
    std::vector<std::string> separators;
    separators.reserve(1 + sizeof...(More));
    separators.emplace_back(first);
    (separators.emplace_back(std::string_view(more)), ...);
    return readuntil(std::move(separators));
  }

  /// The end was received and the buffer is empty.
  [[nodiscard]] bool at_eof() const noexcept { return state_->input_ended() && state_->input().unread().empty(); }
  /// The exception reads fail with, or null.
  [[nodiscard]] const std::exception_ptr& exception() const noexcept;
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  /// For a reader fed by hand; RuntimeError for others and after feed_eof(). A waiting read runs in the next iteration.
  void feed_data(std::string_view data);
  void feed_eof();
  /// Every read fails with it from now on.
  void set_exception(std::exception_ptr error);

 private:
  class Claim;
  [[nodiscard]] Coro<std::string> read_some(std::size_t n);
  [[nodiscard]] Coro<std::string> read_all();
  template <class Separators>
  [[nodiscard]] Coro<std::string> read_through(Separators separators);
  [[nodiscard]] std::string_view buffered() const noexcept { return state_->input().unread(); }
  [[nodiscard]] std::string take(std::size_t count);
  [[nodiscard]] FedStream& fed() const;

  FutureRef<StreamState> state_;
  FedStream* fed_ = nullptr;  // state_ itself, when fed by hand
  std::size_t limit_;
};

}  // namespace v0
}  // namespace corolla
