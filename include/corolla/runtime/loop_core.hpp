// SPDX-License-Identifier: Apache-2.0
/// \file
/// The part of an event loop that futures and tasks touch: its ready queue, its running task, its list of tasks.
///
/// It is counted by the futures that point at it, so that a handle which outlives its EventLoop stays harmless: the
/// core then says `closed` and takes nothing any more. Not thread safe.
#pragma once

#include <corolla/runtime/schedulable.hpp>

#include <cstdint>
#include <exception>
#include <memory>

namespace corolla {
inline namespace v0 {

class AsyncGeneratorPromiseBase;
class EventLoop;
class GatherChildren;
class TaskBase;
class SideTable;

/// See the file's comment.
class COROLLA_API LoopCore {
 public:
  explicit LoopCore(EventLoop& owner);

  /// Queues `entry` behind everything that is ready; a closed loop drops it.
  void call_soon(Schedulable& entry) noexcept {
    if (loop_) [[likely]]
      ready_.push(entry);
    else entry.drop();
  }

  /// Null once the loop is closed.
  [[nodiscard]] EventLoop* loop() const noexcept { return loop_; }
  /// Tasks not done, oldest first; the link to the next one is the task's own.
  [[nodiscard]] TaskBase* first_task() const noexcept { return oldest_; }

  /// In debug mode: RuntimeError in a thread that is not the one the loop runs in.
  void check_thread() const {
    if (debug_) [[unlikely]]
      check_thread_now();
  }
  [[nodiscard]] bool debug() const noexcept { return debug_; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  /// Names and messages of the few tasks that have any.
  [[nodiscard]] SideTable& side_table() noexcept { return *side_table_; }

 private:
  friend class AsyncGeneratorClosing;
  friend class AsyncGeneratorPromiseBase;
  friend class EventLoop;
  friend class GatherChildren;
  friend class TaskBase;
  ~LoopCore();
  void check_thread_now() const;

  EventLoop* loop_;
  ReadyQueue ready_;
  TaskBase* oldest_ = nullptr;
  TaskBase* newest_ = nullptr;
  GatherChildren* gathers_ = nullptr;                // all alive, in no order
  AsyncGeneratorPromiseBase* generators_ = nullptr;  // alive and iterated, newest first
  std::exception_ptr thrown_;  // what a coroutine just ended with, until its awaiter or its task takes it
  bool generators_shut_down_ = false;
  std::unique_ptr<SideTable> side_table_;
  unsigned eager_depth_ = 0;  // eager tasks inside each other's first steps
  std::uint32_t tasks_made_ = 0;
  std::uint32_t references_ = 1;
  bool debug_ = false;
};

}  // namespace v0
}  // namespace corolla
