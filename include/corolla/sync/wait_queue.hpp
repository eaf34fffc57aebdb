// SPDX-License-Identifier: Apache-2.0
/// \file
/// WaitQueue: the tasks that wait at a Lock, Semaphore, Event or Condition, first come first served.
///
/// A task stands in the queue from the call until it runs again, so each is in one of three states: waiting; woken (its
/// wake-up is in the ready queue); cancelled before it was woken. asyncio's rules look at all three: a newcomer may not
/// pass a task that is woken, since that one's turn it is, but may pass cancelled ones; a wake-up goes to the first that
/// is waiting. The list is the tasks' own nodes, so nothing is allocated. Tasks are woken front to back and never go back
/// to waiting while they stand here, so a cursor to the first that may still be waiting makes each wake-up cheap however
/// many woken tasks stand before it.
///
/// When a loop dies its tasks leave in any order and nothing is scheduled. When the queue dies first, those that wait
/// are unlinked: their awaiters see that by `task.linked()` and leave it alone.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/schedulable.hpp>
#include <corolla/runtime/task_base.hpp>
#include <corolla/sync/loop_bound.hpp>

#include <cstddef>

namespace corolla {
inline namespace v0 {

/// See the file's comment.
class COROLLA_API WaitQueue {
 public:
  WaitQueue() noexcept = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue();

  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
  /// True when somebody stands here who was not cancelled.
  [[nodiscard]] bool contested() noexcept { return woken_ > 0 || first_waiting() != nullptr; }

  /// True when somebody stands here who is neither woken nor cancelled.
  [[nodiscard]] bool has_waiting() noexcept { return first_waiting() != nullptr; }

  /// RuntimeError when the task's loop is not the one this belongs to.
  void require_loop_of(const TaskBase& task) { bound_.require_loop_of(task); }
  /// Puts `task` at the end and suspends it. Call require_loop_of first.
  void enter(TaskBase& task) noexcept {
    WakeUp& node = task;
    list_.push_back(node);
    if (!cursor_) cursor_ = &node;
    task.wait();
  }
  /// Takes `task` out, which runs again or is being destroyed. True when it had been woken.
  bool leave(TaskBase& task) noexcept {
    WakeUp& node = task;
    if (cursor_ == &node) cursor_ = list_.next(node);
    list_.remove(node);
    if (task.waiting() || task.wait_cancelled()) return false;
    --woken_;
    return true;
  }

  /// Wakes the first that is waiting; false when there is none.
  bool wake_next() noexcept {
    TaskBase* task = first_waiting();
    if (!task) return false;
    ++woken_;
    task->wake();
    return true;
  }
  /// Wakes the one at the front, unless it is woken or cancelled already: it will pass the turn on.
  void wake_front() noexcept {
    if (list_.front() && task_of(*list_.front()).waiting()) wake_next();
  }

 private:
  static TaskBase& task_of(Waiter& node) noexcept { return TaskBase::of(static_cast<WakeUp&>(node)); }
  TaskBase* first_waiting() noexcept {
    while (cursor_) {
      TaskBase& task = task_of(*cursor_);
      if (task.waiting()) return &task;
      cursor_ = list_.next(*cursor_);
    }
    return nullptr;
  }

  WaiterList list_;
  Waiter* cursor_ = nullptr;  // everyone before it is woken or cancelled; null: everyone is
  std::size_t woken_ = 0;
  LoopBound bound_;
};

}  // namespace v0
}  // namespace corolla
