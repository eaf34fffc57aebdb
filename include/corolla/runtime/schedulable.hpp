// SPDX-License-Identifier: Apache-2.0
/// \file
/// The entries of the loop's ready queue and of the FIFO lists tasks wait in.
///
/// Everything the loop runs is a Schedulable: a task's wake-up, a callback. Entries are intrusive, so queueing one never
/// allocates. One stands in the ready queue, or among the loop's timers until its time has come, or in neither. None of
/// this is thread safe; it belongs to one loop and so to one thread.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <string>

namespace corolla {
inline namespace v0 {

class FutureBase;

/// Something the loop runs once, in FIFO order.
class COROLLA_API Schedulable {
 public:
  Schedulable(const Schedulable&) = delete;
  Schedulable& operator=(const Schedulable&) = delete;

  /// Called by the loop after the entry left the queue; it may queue itself again or destroy itself.
  virtual void run() noexcept = 0;
  /// Called instead of run() when the loop dies with the entry still queued.
  virtual void drop() noexcept = 0;
  /// What it is, for the debug mode's report of a callback that took long.
  [[nodiscard]] virtual std::string describe() const;
  /// It stands among the loop's timers.
  [[nodiscard]] bool armed() const noexcept { return (reinterpret_cast<std::uintptr_t>(ready_next_) & 1) != 0; }

 protected:
  Schedulable() = default;
  ~Schedulable() = default;

 private:
  friend class ReadyQueue;
  friend class Inbox;
  friend class TimerQueue;
  // Among the timers, where nothing comes next, it is no address but the entry's place there, made odd.
  Schedulable* ready_next_ = nullptr;
};

/// The loop's FIFO of entries that are ready to run.
class ReadyQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  /// The entry queued last; null when empty.
  [[nodiscard]] const Schedulable* last() const noexcept { return head_ ? tail_ : nullptr; }

  void push(Schedulable& entry) noexcept {
    entry.ready_next_ = nullptr;
    if (head_) tail_->ready_next_ = &entry;
    else head_ = &entry;
    tail_ = &entry;
  }

  /// Precondition: not empty.
  Schedulable& pop() noexcept {
    Schedulable& entry = *head_;
    head_ = entry.ready_next_;
    __builtin_prefetch(head_);  // in a crowd each entry is a miss of the cache
    return entry;
  }

 private:
  Schedulable* head_ = nullptr;
  Schedulable* tail_ = nullptr;  // meaningful while head_ is set
};

/// A Schedulable that can also stand in one WaiterList (the callbacks of a Future, the waiters of a Lock).
class COROLLA_API Waiter : public Schedulable {
 public:
  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }
  /// The future it waited for is done and it is about to be queued; asked for by FutureBase::announce_completion.
  virtual void future_done() noexcept {}
  /// Who waits by means of this node: a task, or the future of a gather or shield; null for a callback.
  [[nodiscard]] virtual FutureBase* awaiter() noexcept { return nullptr; }

 protected:
  Waiter() = default;
  ~Waiter() = default;

 private:
  friend class WaiterList;
  Waiter* next_ = nullptr;
  Waiter* prev_ = nullptr;
};

/// A FIFO of waiters with removal from the middle in constant time: a circle, one pointer wide.
class WaiterList {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] Waiter* front() const noexcept { return head_; }
  /// The one behind `waiter`, null behind the last.
  [[nodiscard]] Waiter* next(const Waiter& waiter) const noexcept {
    return waiter.next_ == head_ ? nullptr : waiter.next_;
  }

  void push_back(Waiter& waiter) noexcept {
    if (!head_) {
      waiter.next_ = waiter.prev_ = head_ = &waiter;
      return;
    }
    Waiter* tail = head_->prev_;
    waiter.prev_ = tail;
    waiter.next_ = head_;
    tail->next_ = head_->prev_ = &waiter;
  }

  void remove(Waiter& waiter) noexcept {
    if (waiter.next_ == &waiter) {
      head_ = nullptr;
    } else {
      waiter.prev_->next_ = waiter.next_;
      waiter.next_->prev_ = waiter.prev_;
      if (head_ == &waiter) head_ = waiter.next_;
    }
    waiter.next_ = waiter.prev_ = nullptr;
  }

  /// Removes and returns the first; null when empty.
  Waiter* pop_front() noexcept {
    Waiter* first = head_;
    if (first) remove(*first);
    return first;
  }

 private:
  Waiter* head_ = nullptr;
};

}  // namespace v0
}  // namespace corolla
