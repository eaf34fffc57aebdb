// SPDX-License-Identifier: Apache-2.0
/// \file
/// Semaphore and BoundedSemaphore: at most so many at a time.
///
/// Source: asyncio's Semaphore. Waiters are served in the order in which they came and newcomers never overtake them: a
/// permit is taken for a waiter at the moment it is woken. Cancelling a task that waits takes it out of the line; if it
/// had been given a permit already, the permit goes to the next. Not thread safe; see LoopBound for several loops.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/task_base.hpp>
#include <corolla/sync/wait_queue.hpp>

#include <coroutine>
#include <cstddef>
#include <limits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// `auto permit = co_await semaphore.acquire();` holds a permit until `permit` dies.
class COROLLA_API Semaphore {
 public:
  class Permit;
  class Acquire;

  /// `value` permits; ValueError when negative.
  explicit Semaphore(std::ptrdiff_t value = 1) : Semaphore(value, std::numeric_limits<std::size_t>::max()) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// True when acquire() would wait: no permit is left, or somebody is in line.
  [[nodiscard]] bool locked() noexcept { return value_ == 0 || waiters_.contested(); }
  /// Waits for a permit, without suspending when one is free. The result is a Permit.
  [[nodiscard]] Acquire acquire() noexcept;
  /// Gives back a permit, or adds one, and wakes the first in line. ValueError past the bound of a BoundedSemaphore.
  void release();

 protected:
  Semaphore(std::ptrdiff_t value, std::size_t bound);

 private:
  bool try_acquire() noexcept {
    if (locked()) return false;
    --value_;
    return true;
  }
  void wake_next() noexcept {
    if (waiters_.wake_next()) --value_;
  }
  void leave(TaskBase& task) noexcept;
  void release_quietly() noexcept;

  std::size_t value_;
  std::size_t bound_;
  WaitQueue waiters_;
};

/// A Semaphore that refuses to be released more often than it was acquired.
class COROLLA_API BoundedSemaphore : public Semaphore {
 public:
  explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Semaphore(value, static_cast<std::size_t>(value)) {}
};

/// One permit, given back by the destructor.
class [[nodiscard]] Semaphore::Permit {
 public:
  explicit Permit(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
  Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    std::swap(semaphore_, other.semaphore_);
    return *this;
  }
  ~Permit() {
    if (semaphore_) semaphore_->release_quietly();
  }
  /// Gives the permit back now, as Semaphore::release does; nothing once it was given back or detached.
  void release() {
    if (semaphore_) std::exchange(semaphore_, nullptr)->release();
  }
  /// Keeps the permit taken: somebody else will call Semaphore::release().
  void detach() noexcept { semaphore_ = nullptr; }

 private:
  Semaphore* semaphore_;
};

/// What acquire() returns.
class [[nodiscard]] Semaphore::Acquire {
 public:
  explicit Acquire(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
  Acquire(const Acquire&) noexcept = default;
  Acquire& operator=(const Acquire&) = delete;
  ~Acquire() {
    if (task_ && task_->linked()) semaphore_->leave(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return semaphore_->try_acquire(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    semaphore_->waiters_.require_loop_of(task);
    task_ = &task;
    semaphore_->waiters_.enter(task);
  }
  [[nodiscard]] Permit await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      if (task->linked()) semaphore_->leave(*task);
      task->resumed();
    }
    return Permit(*semaphore_);
  }

 private:
  Semaphore* semaphore_;
  TaskBase* task_ = nullptr;  // while suspended
};
static_assert(sizeof(Semaphore::Acquire) <= 24);

inline Semaphore::Acquire Semaphore::acquire() noexcept { return Acquire(*this); }

}  // namespace v0
}  // namespace corolla
