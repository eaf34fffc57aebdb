// SPDX-License-Identifier: Apache-2.0
/// \file
/// task_group: structured concurrency. The tasks made in its scope are joined before it returns.
///
/// Source: asyncio's TaskGroup as of 3.13. When a child fails, the others are cancelled in the order of their creation
/// and the body is interrupted; when the body fails, the children are cancelled. All errors come out as one
/// ExceptionGroup in the order of completion, the body's last. A cancelled child is not an error. A cancellation of the
/// task from outside cancels the children and goes on after they ended. Without children leaving does not suspend.
#pragma once

#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The scope that the body of task_group() is given; see the file's comment.
class COROLLA_API TaskGroup {
 public:
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Schedules a coroutine as a child. RuntimeError once the group is shutting down or finished.
  template <class T>
  Task<T> create_task(Coro<T> coro, std::source_location where = std::source_location::current()) {
    require_active();
    Task<T> task = TaskMaker{loop_, where}.from(std::move(coro));
    adopt(task.state());
    return task;
  }
  /// As above for what sleep(), queue.get() and their like return.
  template <PlainAwaitable A>
  auto create_task(A&& awaitable, std::source_location where = std::source_location::current()) {
    return create_task(as_coro(std::forward<A>(awaitable)), where);
  }
  /// Calls function(args...) and schedules the coroutine it returns; both live in the task. Captures by reference may
  /// refer only to objects declared outside of the call of task_group: the body's own die before the join.
  template <class F, class... Args>
    requires CoroutineFunction<std::decay_t<F>, std::decay_t<Args>...>
  auto create_task(F&& function, Args&&... args) {
    require_active();
    auto task =
        TaskMaker{loop_, std::source_location()}.from_call(std::forward<F>(function), std::forward<Args>(args)...);
    adopt(task.state());
    return task;
  }
  /// Children that are not done.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  /// For task_group(): entered by the running task.
  TaskGroup();
  ~TaskGroup();
  /// For task_group(): the body ended, with an exception or null.
  void begin_leaving(const std::exception_ptr& body_error);
  [[nodiscard]] bool has_children() const noexcept { return first_ != nullptr; }
  /// For task_group(): the task waits for the last child; and what it does when it goes on.
  void begin_join() noexcept {
    joining_ = true;
    parent_.wait();
  }
  void end_join() {
    joining_ = false;
    parent_.resumed();
  }
  void cancelled_while_leaving(std::exception_ptr cancelled);
  /// For task_group(): throws what comes out.
  void finish(const std::exception_ptr& body_error);

 private:
  class Child;
  void require_active() const;
  void adopt(FutureRef<FutureBase> task);
  void child_done(FutureBase& task);
  void abort();
  void unlink(Child& child) noexcept;

  EventLoop& loop_;
  TaskBase& parent_;
  Child* first_ = nullptr;
  Child* last_ = nullptr;
  std::size_t count_ = 0;
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr cancellation_;  // goes on after the join
  bool leaving_ = false;
  bool joining_ = false;
  bool aborting_ = false;
  bool parent_cancel_requested_ = false;
};

/// Suspends the group's task until its last child is done.
class [[nodiscard]] ChildrenDone {
 public:
  explicit ChildrenDone(TaskGroup& group) noexcept : group_(group) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> /*self*/) const noexcept { group_.begin_join(); }
  void await_resume() const { group_.end_join(); }

 private:
  TaskGroup& group_;
};

/// The coroutine behind task_group(). F is the body or a reference to it.
template <class T, class F>
Coro<T> run_task_group(F body) {
  TaskGroup group;
  std::optional<NonVoid<T>> value;
  std::exception_ptr error;
  try {
    auto coro = std::invoke(body, group);
    if constexpr (std::is_void_v<T>) co_await std::move(coro);
    else value.emplace(co_await std::move(coro));
  } catch (...) {
    error = std::current_exception();
  }
  group.begin_leaving(error);
  while (group.has_children()) {
    try {
      co_await ChildrenDone(group);
    } catch (const CancelledError&) {
      group.cancelled_while_leaving(std::current_exception());
    }
  }
  group.finish(error);
  if constexpr (!std::is_void_v<T>) co_return std::move(*value);
}

/// `co_await task_group([&](TaskGroup& group) -> Coro<T> {…})`: the body's value, once all children are done.
template <class F>
auto task_group(F&& body) {
  require_safe_closure<F>();
  using T = value_type_of<std::invoke_result_t<std::remove_reference_t<F>&, TaskGroup&>>;
  return run_task_group<T, stored_closure<F>>(std::forward<F>(body));
}

}  // namespace v0
}  // namespace corolla
