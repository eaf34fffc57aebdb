// SPDX-License-Identifier: Apache-2.0
/// \file
/// SendBuffer: the bytes a stream took and did not pass on yet.
///
/// Most streams never have any, for what is sent goes straight from the caller's memory to the kernel: so an empty one that was
/// never filled is a pointer. Not thread safe.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace corolla {
inline namespace v0 {

/// See the file's comment.
class COROLLA_API SendBuffer {
 public:
  [[nodiscard]] std::string_view bytes() const noexcept {
    return filled_ ? std::string_view(filled_->text).substr(filled_->begin) : std::string_view();
  }
  [[nodiscard]] std::size_t size() const noexcept { return filled_ ? filled_->text.size() - filled_->begin : 0; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// Copies bytes in. std::bad_alloc.
  void append(std::string_view bytes);
  /// The first `count` bytes, of those that are there, were passed on. What is left may move.
  void drop(std::size_t count) noexcept;
  /// As above; what is left stays where it is, for somebody else is reading it.
  void drop_in_place(std::size_t count) noexcept;
  /// Drops everything, and keeps at most `kept` bytes of memory for the next time.
  void clear(std::size_t kept = 0) noexcept;
  void swap(SendBuffer& other) noexcept { filled_.swap(other.filled_); }

 private:
  struct Filled {
    std::string text;
    std::size_t begin = 0;  // passed on up to here
  };
  std::unique_ptr<Filled> filled_;
};

}  // namespace v0
}  // namespace corolla
