// SPDX-License-Identifier: Apache-2.0
/// \file
/// WaitLine: a FIFO of tasks that wait for something to be there, and look again when they are woken.
///
/// Source: the getters and putters of asyncio's Queue. Whoever wakes a task takes it out of the line; what it was woken
/// for is not kept for it, so it has to look, and may have to wait again at the end of the line. The list is the tasks'
/// own nodes, so nothing is allocated.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/schedulable.hpp>
#include <corolla/runtime/task_base.hpp>

#include <coroutine>
#include <utility>

namespace corolla {
inline namespace v0 {

/// See the file's comment.
class COROLLA_API WaitLine {
 public:
  class Turn;

  WaitLine() noexcept = default;
  WaitLine(const WaitLine&) = delete;
  WaitLine& operator=(const WaitLine&) = delete;
  /// Those that still wait are unlinked.
  ~WaitLine() {
    while (list_.pop_front()) {
    }
  }

  /// Wakes the first that was not cancelled meanwhile; cancelled ones before it leave the line.
  void wake_next() noexcept {
    while (Waiter* node = list_.pop_front()) {
      TaskBase& task = TaskBase::of(static_cast<WakeUp&>(*node));
      if (!task.waiting()) continue;
      task.wake();
      return;
    }
  }
  void wake_all() noexcept {
    while (!list_.empty()) wake_next();
  }

 private:
  WaiterList list_;
};

/// `co_await WaitLine::Turn(line, woken)` waits to be woken. When it throws CancelledError, `woken` says that the task had
/// been woken before: it should then wake the next if there is still something to look for.
class [[nodiscard]] WaitLine::Turn {
 public:
  explicit Turn(WaitLine& line, bool& woken) noexcept : line_(&line), woken_(&woken) {}
  Turn(const Turn&) noexcept = default;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (task_) unlink(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_ = &self.promise().task();
    line_->list_.push_back(static_cast<WakeUp&>(*task_));
    task_->wait();
  }
  void await_resume() {
    TaskBase& task = *std::exchange(task_, nullptr);
    unlink(task);
    *woken_ = !task.wait_cancelled();
    task.resumed();
  }

 private:
  void unlink(TaskBase& task) const noexcept {
    if (task.linked()) line_->list_.remove(static_cast<WakeUp&>(task));
  }
  WaitLine* line_;
  bool* woken_;
  TaskBase* task_ = nullptr;  // while suspended
};
static_assert(sizeof(WaitLine::Turn) <= 24);

}  // namespace v0
}  // namespace corolla
