// SPDX-License-Identifier: Apache-2.0
/// \file
/// Event: a flag that tasks can wait for.
///
/// Source: asyncio's Event. set() wakes all that wait, in the order in which they came, and they go on even if clear()
/// is called before they run. Waiting for a set flag does not suspend. Cancelling a task that waits takes it out and has
/// no other effect. Not thread safe; see LoopBound for several loops.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/task_base.hpp>
#include <corolla/sync/wait_queue.hpp>

#include <coroutine>
#include <utility>

namespace corolla {
inline namespace v0 {

/// See the file's comment. It starts unset.
class COROLLA_API Event {
 public:
  class Wait;

  Event() noexcept = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// Sets the flag and wakes all that wait.
  void set() noexcept {
    if (std::exchange(set_, true)) return;
    while (waiters_.wake_next()) {
    }
  }
  void clear() noexcept { set_ = false; }
  /// `co_await event.wait()`: until the flag is set.
  [[nodiscard]] Wait wait() noexcept;

 private:
  WaitQueue waiters_;
  bool set_ = false;
};

/// What wait() returns.
class [[nodiscard]] Event::Wait {
 public:
  explicit Wait(Event& event) noexcept : event_(&event) {}
  Wait(const Wait&) noexcept = default;
  Wait& operator=(const Wait&) = delete;
  ~Wait() {
    if (task_ && task_->linked()) event_->waiters_.leave(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return event_->set_; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    event_->waiters_.require_loop_of(task);
    task_ = &task;
    event_->waiters_.enter(task);
  }
  void await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      if (task->linked()) event_->waiters_.leave(*task);
      task->resumed();
    }
  }

 private:
  Event* event_;
  TaskBase* task_ = nullptr;  // while suspended
};
static_assert(sizeof(Event::Wait) <= 24);

inline Event::Wait Event::wait() noexcept { return Wait(*this); }

}  // namespace v0
}  // namespace corolla
