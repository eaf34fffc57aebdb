// SPDX-License-Identifier: Apache-2.0
/// \file
/// RingBuffer<T>: a FIFO in one block that is reused, so that a steady flow allocates nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Grows by doubling and keeps its block until it dies. Its capacity is a power of two.
template <class T>
class RingBuffer {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "items are moved when the buffer grows: hold this one by std::unique_ptr");

 public:
  RingBuffer() noexcept = default;
  RingBuffer(RingBuffer&& other) noexcept
      : items_(std::exchange(other.items_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        head_(std::exchange(other.head_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  RingBuffer& operator=(RingBuffer&&) = delete;
  ~RingBuffer() {
    for (; size_ > 0; --size_) std::destroy_at(&slot(size_ - 1));
    if (items_) std::allocator<T>().deallocate(items_, capacity_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push(T&& item) {
    if (size_ == capacity_) grow();
    std::construct_at(&slot(size_), std::move(item));
    ++size_;
  }
  /// Precondition: not empty.
  T pop() noexcept {
    T& first = items_[head_];
    T item = std::move(first);
    std::destroy_at(&first);
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    return item;
  }

 private:
  T& slot(std::size_t index) noexcept { return items_[(head_ + index) & (capacity_ - 1)]; }
  void grow() {
    const std::size_t capacity = capacity_ ? capacity_ * 2 : 8;
    T* const items = std::allocator<T>().allocate(capacity);
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(items + i, std::move(slot(i)));
      std::destroy_at(&slot(i));
    }
    if (items_) std::allocator<T>().deallocate(items_, capacity_);
    items_ = items;
    capacity_ = capacity;
    head_ = 0;
  }

  T* items_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace v0
}  // namespace corolla
