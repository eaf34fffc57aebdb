// SPDX-License-Identifier: Apache-2.0
/// \file
/// QueueBase: what a queue does whatever its items are. The rules are told in queue.hpp.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/wait_line.hpp>
#include <corolla/sync/event.hpp>
#include <corolla/sync/loop_bound.hpp>

#include <coroutine>
#include <cstddef>

namespace corolla {
inline namespace v0 {

/// See the file's comment.
class COROLLA_API QueueBase {
 public:
  QueueBase(const QueueBase&) = delete;
  QueueBase& operator=(const QueueBase&) = delete;

  /// Items in the queue.
  [[nodiscard]] std::size_t qsize() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Never true for an unbounded queue.
  [[nodiscard]] bool full() const noexcept { return maxsize_ > 0 && size_ >= static_cast<std::size_t>(maxsize_); }
  /// As given to the constructor; zero and less: unbounded.
  [[nodiscard]] std::ptrdiff_t maxsize() const noexcept { return maxsize_; }
  [[nodiscard]] bool is_shutdown() const noexcept { return shut_down_; }

  /// What was got is dealt with; when that is true of all that was ever put, join() returns. ValueError when called more
  /// often than items were put.
  void task_done();
  /// `co_await queue.join()`: until every item that was put has been got and reported by task_done().
  [[nodiscard]] Event::Wait join() noexcept { return finished_.wait(); }

 protected:
  explicit QueueBase(std::ptrdiff_t maxsize) noexcept : maxsize_(maxsize) { finished_.set(); }
  ~QueueBase() = default;

  /// For put_nowait and get_nowait: throws unless an item can be put, or got.
  void require_room() const {
    if (shut_down_ || full()) [[unlikely]]
      refuse_put();
  }
  void require_item() const {
    if (empty()) [[unlikely]]
      refuse_get();
  }
  /// An item was put in, or taken out.
  void added() noexcept {
    ++size_;
    ++unfinished_;
    finished_.clear();
    getters_.wake_next();
  }
  void removed() noexcept {
    --size_;
    putters_.wake_next();
  }
  /// No more puts; with `drained`, the items there are were dropped.
  void shut_down(bool drained) noexcept;

 private:
  template <class Queue>
  friend class QueueGet;
  template <class Queue>
  friend class QueuePut;
  [[noreturn]] void refuse_put() const;
  [[noreturn]] void refuse_get() const;
  /// Return once get_nowait, or put_nowait, will not fail for want of an item, or of room.
  Coro<void> wait_for_item();
  Coro<void> wait_for_room();

  std::ptrdiff_t maxsize_;
  std::size_t size_ = 0;
  std::size_t unfinished_ = 0;
  bool shut_down_ = false;
  LoopBound bound_;
  WaitLine getters_;
  WaitLine putters_;
  Event finished_;  // set while unfinished_ is zero
};

}  // namespace v0
}  // namespace corolla
