// SPDX-License-Identifier: Apache-2.0
/// \file
/// ReceiveBuffer: the bytes a stream received and nobody consumed yet.
///
/// Memory comes in blocks of 32 KiB from a per-thread cache, last in first out, so that streams which take turns share
/// memory that is still in the processor's cache, and a stream that waits for its peer holds none. Not thread safe.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// Three marks in one piece of memory: what was consumed, what was reported to the reader, what arrived.
///
/// consume() moves a mark and nothing else, so views stay valid until prepare(), append() or release().
class COROLLA_API ReceiveBuffer {
 public:
  ReceiveBuffer() noexcept {}
  ReceiveBuffer(const ReceiveBuffer&) = delete;
  ReceiveBuffer& operator=(const ReceiveBuffer&) = delete;
  ~ReceiveBuffer() { release(); }

  /// Arrived and not consumed.
  [[nodiscard]] std::string_view unread() const noexcept { return {data_ + begin_, std::size_t{end_} - begin_}; }
  /// Arrived and not returned by take_fresh() yet.
  [[nodiscard]] bool has_fresh() const noexcept { return reported_ != end_; }
  [[nodiscard]] std::size_t fresh_size() const noexcept { return end_ - reported_; }
  /// Returns what arrived since the last call.
  [[nodiscard]] std::string_view take_fresh() noexcept {
    const std::string_view fresh(data_ + reported_, std::size_t{end_} - reported_);
    reported_ = end_;
    return fresh;
  }
  /// Precondition: count <= unread().size().
  void consume(std::size_t count) noexcept {
    begin_ += static_cast<std::uint32_t>(count);
    if (reported_ < begin_) reported_ = begin_;
  }

  /// Where arriving bytes go: at least 4 KiB, more as a rule. std::bad_alloc.
  struct Room {
    char* data;
    std::size_t size;
  };
  [[nodiscard]] Room prepare();
  /// `count` bytes were written at the beginning of what prepare() returned.
  void commit(std::size_t count) noexcept { end_ += static_cast<std::uint32_t>(count); }
  /// Copies bytes in.
  void append(std::string_view bytes);
  /// Takes a whole block of the cache, the first `size` bytes of which arrived. std::bad_alloc, and the block is given back.
  void adopt(char* block, std::size_t size);
  /// Gives the memory back when every byte was consumed.
  void release_if_empty() noexcept {
    if (begin_ == end_ && data_ != nullptr) release();
  }
  /// Drops everything.
  void release() noexcept;

 private:
  void make_room(std::size_t size);

  char* data_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t begin_ = 0;     // consumed up to here
  std::uint32_t reported_ = 0;  // returned by take_fresh() up to here
  std::uint32_t end_ = 0;       // arrived up to here
};

}  // namespace v0
}  // namespace corolla
