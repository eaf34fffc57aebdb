// SPDX-License-Identifier: Apache-2.0
/// \file
/// task_group: structured concurrency. The tasks made in its scope are joined before it returns.
///
/// Source: asyncio's TaskGroup as of 3.15. When a child fails, the others are cancelled in the order of their creation
/// and the body is interrupted; when the body fails, the children are cancelled. All errors come out as one
/// ExceptionGroup in the order of completion, the body's last. A cancelled child is not an error. A cancellation of the
/// task from outside cancels the children and goes on after they ended. Without children leaving does not suspend.
/// A KeyboardInterrupt is not wrapped: it comes out itself, and the exception handler is told of the other errors.
#pragma once

#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/exception_group.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/task_status.hpp>

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The scope that the body of task_group() is given; see the file's comment. Make one yourself where others shall be
/// able to cancel() it before the body begins, or to hold on to it when the body has ended; it is entered once.
class COROLLA_API TaskGroup {
 public:
  TaskGroup() noexcept = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Schedules a coroutine as a child. RuntimeError before the group is entered, and once it is shutting down or
  /// finished; the coroutine is destroyed then.
  template <class T>
  Task<T> create_task(Coro<T> coro, std::source_location where = std::source_location::current()) {
    Task<T> task = TaskMaker{active_loop(), where}.from(std::move(coro));
    adopt(task.state());
    return task;
  }
  /// As above with a name, a context or an eager start.
  template <class T>
  Task<T> create_task(Coro<T> coro, const TaskOptions& options,
                      std::source_location where = std::source_location::current()) {
    Task<T> task = TaskMaker{active_loop(), where, &options}.from(std::move(coro));
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
    auto task = TaskMaker{active_loop(), std::source_location()}.from_call(std::forward<F>(function),
                                                                           std::forward<Args>(args)...);
    adopt(task.state());
    return task;
  }

  /// As above, with options before the function.
  template <class F, class... Args>
    requires CoroutineFunction<std::decay_t<F>, std::decay_t<Args>...>
  auto create_task(const TaskOptions& options, F&& function, Args&&... args) {
    auto task = TaskMaker{active_loop(), std::source_location(), &options}.from_call(std::forward<F>(function),
                                                                                     std::forward<Args>(args)...);
    adopt(task.state());
    return task;
  }

  /// `int port = co_await group.start(serve, args...)` makes a child of serve(TaskStatus<int>, args...), waits until it
  /// calls started(port), and returns that; the child goes on. When the child ends before, its exception comes out of
  /// start() and is none of the group's: CancelledError when it was cancelled, RuntimeError when it returned. Cancelling
  /// start() before that cancels the child and waits for its end. (trio's Nursery.start.)
  template <class F, class... Args>
  auto start(F&& function, Args&&... args) {
    require_safe_closure<F>();
    return run_start<typename StatusValue<std::decay_t<F>>::type, std::decay_t<F>, std::decay_t<Args>...>(
        *this, std::forward<F>(function), std::forward<Args>(args)...);
  }

  /// Cancels the children and interrupts the body; leaving the group swallows that cancellation and no other. Before the
  /// group is entered: as soon as it is. Idempotent, without effect on a group that is finished.
  void cancel();
  /// Children that are not done.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  // -- for task_group() ---------------------------------------------------------------------------------------------
  /// The running task enters it. RuntimeError outside of a task, or when it was entered before.
  void enter();
  /// The body ended, with an exception or null.
  void begin_leaving(const std::exception_ptr& body_error);
  [[nodiscard]] bool has_children() const noexcept { return first_ != nullptr; }
  /// The task waits for the last child; and what it does when it goes on.
  void begin_join() noexcept {
    joining_ = true;
    parent_->wait();
  }
  void end_join() {
    joining_ = false;
    parent_->resumed();
  }
  void cancelled_while_leaving(std::exception_ptr cancelled);
  /// Throws what comes out.
  void finish(const std::exception_ptr& body_error);
  /// The task is gone from it, in whatever way.
  void leave() noexcept;

 private:
  class Child;
  EventLoop& active_loop() const;
  void adopt(FutureRef<FutureBase> task, FutureRef<FutureBase> ready = {});
  void child_done(FutureBase& task, FutureBase* ready);
  void abort();
  void interrupt_parent();
  void unlink(Child& child) noexcept;
  [[noreturn]] void throw_base_error();

  template <class T, class F, class... Args>
  static Coro<T> run_start(TaskGroup& group, F function, Args... args);

  EventLoop* loop_ = nullptr;   // null before it is entered
  TaskBase* parent_ = nullptr;  // null before and afterwards
  Child* first_ = nullptr;
  Child* last_ = nullptr;
  std::size_t count_ = 0;
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr base_error_;    // comes out bare
  std::exception_ptr cancellation_;  // goes on after the join
  std::exception_ptr last_cancellation_;
  bool cancel_on_enter_ = false;
  bool leaving_ = false;
  bool joining_ = false;
  bool aborting_ = false;
  bool parent_cancel_requested_ = false;
};

// The child belongs to start() until it says that it is ready: `ready` is pending until then, and ends cancelled when
// start() is. The group cancels it as any other child; for its errors see child_done().
template <class T, class F, class... Args>
Coro<T> TaskGroup::run_start(TaskGroup& group, F function, Args... args) {
  EventLoop& loop = group.active_loop();
  Future<T> ready = loop.create_future<T>();
  auto child =
      TaskMaker{loop, std::source_location()}.from_call(std::move(function), TaskStatus<T>(ready), std::move(args)...);
  group.adopt(child.state(), ready.state());
  std::exception_ptr cancelled;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await ready;
      co_return;
    } else {
      Future<T> value = ready;
      co_return co_await std::move(value);
    }
  } catch (const CancelledError&) {
    if (!ready.cancelled()) throw;  // it had become the group's child meanwhile
    cancelled = std::current_exception();
  }
  if (!group.aborting_) child.cancel();  // else it was told already
  co_await std::move(child);
  std::rethrow_exception(cancelled);
}

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

/// Entered from here to its end.
class EnteredGroup {
 public:
  explicit EnteredGroup(TaskGroup& group) : group_(group) { group.enter(); }
  EnteredGroup(const EnteredGroup&) = delete;
  EnteredGroup& operator=(const EnteredGroup&) = delete;
  ~EnteredGroup() { group_.leave(); }

 private:
  TaskGroup& group_;
};

/// The coroutine behind task_group(). F is the body or a reference to it.
template <class T, class F>
Coro<T> run_task_group(TaskGroup* given, F body) {
  std::optional<TaskGroup> own;
  TaskGroup& group = given ? *given : own.emplace();
  const EnteredGroup entered(group);
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
  if constexpr (!std::is_void_v<T>) {
    if (!value) throw RuntimeError("the TaskGroup was cancelled before its body returned a value");
    co_return std::move(*value);
  }
}

/// `co_await task_group([&](TaskGroup& group) -> Coro<T> {…})`: the body's value, once all children are done.
/// RuntimeError when the group was cancelled and the body has no value to return.
template <class F>
auto task_group(F&& body) {
  require_safe_closure<F>();
  using T = value_type_of<std::invoke_result_t<std::remove_reference_t<F>&, TaskGroup&>>;
  return run_task_group<T, stored_closure<F>>(nullptr, std::forward<F>(body));
}
/// As above with a group of the caller's, which must live until the end of the await.
template <class F>
auto task_group(TaskGroup& group, F&& body) {
  require_safe_closure<F>();
  using T = value_type_of<std::invoke_result_t<std::remove_reference_t<F>&, TaskGroup&>>;
  return run_task_group<T, stored_closure<F>>(&group, std::forward<F>(body));
}

}  // namespace v0
}  // namespace corolla
