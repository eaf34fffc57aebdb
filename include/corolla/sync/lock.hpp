// SPDX-License-Identifier: Apache-2.0
/// \file
/// Lock: mutual exclusion between tasks.
///
/// Source: asyncio's Lock. Served in the order of arrival; a newcomer never overtakes one that waits or has just been
/// woken. release() does not hand the lock over: it is free until the woken task runs. Anybody may release it. Cancelling
/// a task that waits takes it out of the line; if its turn had come, the next one's has. Not thread safe; see LoopBound
/// for several loops.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/task_base.hpp>
#include <corolla/sync/wait_queue.hpp>

#include <coroutine>
#include <utility>

namespace corolla {
inline namespace v0 {

/// `auto guard = co_await lock.acquire();` holds the lock until `guard` dies.
class COROLLA_API Lock {
 public:
  class Guard;
  class Acquire;

  Lock() noexcept = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  [[nodiscard]] bool locked() const noexcept { return locked_; }
  /// Waits for the lock, without suspending when it is free and nobody is in line. The result is a Guard.
  [[nodiscard]] Acquire acquire() noexcept;
  /// Frees the lock and wakes the first in line. RuntimeError when it is free.
  void release();

 private:
  bool try_acquire() noexcept {
    if (locked_ || waiters_.contested()) return false;
    locked_ = true;
    return true;
  }
  void release_quietly() noexcept {
    if (std::exchange(locked_, false)) waiters_.wake_front();
  }
  /// `task` will not take its turn.
  void leave(TaskBase& task) noexcept {
    waiters_.leave(task);
    if (!locked_) waiters_.wake_front();
  }

  WaitQueue waiters_;
  bool locked_ = false;
};

/// Holds a Lock; the destructor releases it, and does nothing if somebody else did.
class [[nodiscard]] Lock::Guard {
 public:
  explicit Guard(Lock& lock) noexcept : lock_(&lock) {}
  Guard(Guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
  Guard& operator=(Guard&& other) noexcept {
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~Guard() {
    if (lock_) lock_->release_quietly();
  }
  /// Releases now, as Lock::release does; nothing once it was released or detached.
  void release() {
    if (lock_) std::exchange(lock_, nullptr)->release();
  }
  /// Leaves the lock locked: somebody else will call Lock::release().
  void detach() noexcept { lock_ = nullptr; }

 private:
  Lock* lock_;
};

/// What acquire() returns.
class [[nodiscard]] Lock::Acquire {
 public:
  explicit Acquire(Lock& lock) noexcept : lock_(&lock) {}
  Acquire(const Acquire&) noexcept = default;
  Acquire& operator=(const Acquire&) = delete;
  ~Acquire() {
    if (task_ && task_->linked()) lock_->leave(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return lock_->try_acquire(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    lock_->waiters_.require_loop_of(task);
    task_ = &task;
    lock_->waiters_.enter(task);
  }
  [[nodiscard]] Guard await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      if (task->resumes_cancelled()) {
        if (task->linked()) lock_->leave(*task);
        task->resumed();
      }
      lock_->waiters_.leave(*task);
      lock_->locked_ = true;
    }
    return Guard(*lock_);
  }

 private:
  Lock* lock_;
  TaskBase* task_ = nullptr;  // while suspended
};
static_assert(sizeof(Lock::Acquire) <= 24);

inline Lock::Acquire Lock::acquire() noexcept { return Acquire(*this); }

}  // namespace v0
}  // namespace corolla
