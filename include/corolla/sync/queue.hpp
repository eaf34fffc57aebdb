// SPDX-License-Identifier: Apache-2.0
/// \file
/// Queue, LifoQueue and PriorityQueue: bounded channels between tasks.
///
/// Source: asyncio's queues as of 3.13. put() waits while the queue is full, get() while it is empty, in the order in
/// which they came. Items are not handed over: a task that was woken looks again, and if somebody was faster it waits
/// anew, at the end of the line. Cancelling a task that waits loses no item; if it had been woken, the next in line is
/// woken instead. shutdown() ends the stream: put() fails with QueueShutDown at once, get() when the queue is empty. The
/// bound is part of every declaration, since an unbounded queue (`Queue<T>(0)`) is how memory runs out; asyncio has it
/// as the default. Not thread safe; see LoopBound for several loops.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/promise.hpp>
#include <corolla/sync/queue_base.hpp>
#include <corolla/sync/ring_buffer.hpp>

#include <algorithm>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// Awaits a coroutine of QueueBase inside the awaiting task, only when the queue cannot serve at once.
class QueueWait : private CoroLink {
 public:
  QueueWait() noexcept {}
  QueueWait(const QueueWait&) = delete;
  QueueWait& operator=(const QueueWait&) = delete;
  ~QueueWait() {
    if (child) child->handle().destroy();
  }
  void start(Coro<void> coro, PromiseBase& awaiting) noexcept {
    child = &coro.release();
    run_child(awaiting);
  }
  /// Throws what the coroutine ended with; nothing when it was not needed.
  void finish() {
    if (child) static_cast<CoroPromise<void>&>(*child).take();
  }
};

/// What get() returns.
template <class Queue>
class [[nodiscard]] QueueGet {
 public:
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(Queue& queue) noexcept : queue_(queue) {}
    [[nodiscard]] bool await_ready() const noexcept { return !queue_.empty(); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) {
      wait_.start(queue_.wait_for_item(), self.promise());
    }
    typename Queue::value_type await_resume() {
      wait_.finish();
      return queue_.get_nowait();
    }

   private:
    Queue& queue_;
    QueueWait wait_;
  };
  static_assert(sizeof(Awaiter) <= 24);

  explicit QueueGet(Queue& queue) noexcept : queue_(queue) {}
  Awaiter operator co_await() && noexcept { return Awaiter(queue_); }

 private:
  Queue& queue_;
};

/// What put() returns; it holds the item until there is room.
template <class Queue>
class [[nodiscard]] QueuePut {
  using T = typename Queue::value_type;

 public:
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(QueuePut& put) noexcept : put_(put) {}
    [[nodiscard]] bool await_ready() const noexcept { return !put_.queue_.full(); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) {
      wait_.start(put_.queue_.wait_for_room(), self.promise());
    }
    void await_resume() {
      wait_.finish();
      put_.queue_.put_nowait(std::move(put_.item_));
    }

   private:
    QueuePut& put_;
    QueueWait wait_;
  };
  static_assert(sizeof(Awaiter) <= 24);

  explicit QueuePut(Queue& queue, T&& item) : queue_(queue), item_(std::move(item)) {}
  Awaiter operator co_await() && noexcept { return Awaiter(*this); }

 private:
  Queue& queue_;
  T item_;
};

/// Common to the three queues; Items keeps the items in order.
template <class T, class Items>
class BasicQueue : public QueueBase {
 public:
  using value_type = T;

  /// At most `maxsize` items; zero and less: no limit.
  explicit BasicQueue(std::ptrdiff_t maxsize) : QueueBase(maxsize) {}
  template <std::floating_point F>
  explicit BasicQueue(F maxsize) = delete;  // would be truncated

  /// `co_await queue.put(item)`: waits while the queue is full. QueueShutDown after shutdown().
  [[nodiscard]] QueuePut<BasicQueue> put(T item) { return QueuePut<BasicQueue>(*this, std::move(item)); }
  /// `auto item = co_await queue.get()`: waits while the queue is empty. QueueShutDown when it is empty for ever.
  [[nodiscard]] QueueGet<BasicQueue> get() noexcept { return QueueGet<BasicQueue>(*this); }
  /// Puts without waiting; QueueFull, QueueShutDown.
  void put_nowait(T item) {
    require_room();
    items_.push(std::move(item));
    added();
  }
  /// Gets without waiting; QueueEmpty, or QueueShutDown when it is empty for ever.
  T get_nowait() {
    require_item();
    T item = items_.pop();
    removed();
    return item;
  }
  /// No more puts; waiting ones fail. Gets go on until the queue is empty. With `immediate` the items there are dropped
  /// and count as done. Idempotent.
  void shutdown(bool immediate = false) {
    if (immediate) {
      const Items dropped(std::move(items_));  // an item's destructor may use this queue
      shut_down(true);
    } else {
      shut_down(false);
    }
  }

 private:
  Items items_;
};

/// First in, first out.
template <class T>
class Queue : public BasicQueue<T, RingBuffer<T>> {
 public:
  using BasicQueue<T, RingBuffer<T>>::BasicQueue;
};

/// Items of a LifoQueue.
template <class T>
class Stack {
 public:
  void push(T&& item) { items_.push_back(std::move(item)); }
  T pop() {
    T item = std::move(items_.back());
    items_.pop_back();
    return item;
  }

 private:
  std::vector<T> items_;
};

/// Last in, first out.
template <class T>
class LifoQueue : public BasicQueue<T, Stack<T>> {
 public:
  using BasicQueue<T, Stack<T>>::BasicQueue;
};

/// Items of a PriorityQueue: a binary heap whose entries are numbered, so that equal ones keep their order.
template <class T, class Compare>
class PriorityItems {
 public:
  void push(T&& item) {
    entries_.push_back(Entry{std::move(item), next_number_++});
    std::push_heap(entries_.begin(), entries_.end(), After());
  }
  T pop() {
    std::pop_heap(entries_.begin(), entries_.end(), After());
    T item = std::move(entries_.back().item);
    entries_.pop_back();
    return item;
  }

 private:
  struct Entry {
    T item;
    std::uint64_t number;
  };
  struct After {
    bool operator()(const Entry& a, const Entry& b) const {
      const Compare before;
      if (before(b.item, a.item)) return true;
      return !before(a.item, b.item) && a.number > b.number;
    }
  };
  std::vector<Entry> entries_;
  std::uint64_t next_number_ = 0;
};

/// Smallest first, by Compare; equal items come in the order in which they were put.
template <class T, class Compare = std::less<T>>
class PriorityQueue : public BasicQueue<T, PriorityItems<T, Compare>> {
 public:
  using BasicQueue<T, PriorityItems<T, Compare>>::BasicQueue;
};

}  // namespace v0
}  // namespace corolla
