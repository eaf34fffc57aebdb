// SPDX-License-Identifier: Apache-2.0
/// \file
/// Task<T>: a Coro that the loop runs; create_task makes one.
///
/// Source: asyncio's Task and create_task. A Task is a Future<T> that completes itself; its life and its cancellation
/// are told in task_base.hpp. The loop owns a running task: dropping every handle detaches it and stops nothing.
#pragma once

#include <corolla/runtime/as_coro.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task_options.hpp>
#include <corolla/runtime/task_state.hpp>

#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// See the file's comment. Each Task<T> converts to Task<>, the handle of a task whose value does not matter: what
/// current_task() and all_tasks() give. Awaiting that waits for the task and throws what it failed with.
template <class T = void>
class Task : public Future<T> {
 public:
  Task() noexcept = default;
  explicit Task(FutureRef<FutureBase> state) noexcept : Future<T>(std::move(state)) {}
  template <class U>
    requires(std::is_void_v<T> && !std::is_void_v<U>)
  Task(const Task<U>& other) noexcept : Future<T>(other.state()) {}  // NOLINT(google-explicit-constructor)

  /// Cancel requests not undone by uncancel().
  [[nodiscard]] unsigned cancelling() const noexcept { return base().cancelling(); }
  /// Withdraws one; the number left.
  unsigned uncancel() const noexcept { return base().uncancel(); }
  [[nodiscard]] std::string get_name() const { return base().name(); }
  void set_name(std::string name) const { base().set_name(std::move(name)); }
  /// The context its steps run in.
  [[nodiscard]] Context get_context() const {
    base().context().require();
    return Context(base().context());
  }
  /// Where create_task was called; line 0 for a task made from a callable.
  [[nodiscard]] const std::source_location& created_at() const noexcept { return base().created_at(); }
  /// The task whatever its type.
  [[nodiscard]] TaskBase& base() const noexcept { return static_cast<TaskBase&>(*this->state()); }
};

/// The value type of a Coro or Future.
template <class A>
using value_type_of = typename std::remove_cvref_t<A>::value_type;

/// A callable that yields a Coro when called with the decayed arguments as rvalues.
template <class F, class... Args>
concept CoroutineFunction = std::invocable<F&, Args&&...> && AnyCoro<std::invoke_result_t<F&, Args&&...>>;

/// The state of a task that owns the callable and the arguments its coroutine was made from. They are built before the
/// coroutine is called and destroyed right after its frame.
template <class T, class F, class... Args>
class CallableTaskState final : public TaskState<T> {
 public:
  template <class G, class... As>
  CallableTaskState(LoopCore& core, const std::source_location& where, G&& function, As&&... args)
      : TaskState<T>(core, where), call_(std::in_place, std::forward<G>(function), std::forward<As>(args)...) {}

  /// Calls the callable; when that throws, the task is undone and the exception passed on.
  void make_root() {
    Coro<T> coro = std::apply([](F& f, Args&... args) { return std::invoke(f, std::move(args)...); }, *call_);
    this->set_root(coro.release());
  }

 private:
  void drop_callable() noexcept override { call_.reset(); }
  std::optional<std::tuple<F, Args...>> call_;
};

/// Makes tasks; the library's own way in, which spares a look-up of the running loop.
struct TaskMaker {
  EventLoop& loop;
  std::source_location where;
  const TaskOptions* options = nullptr;  // null: the usual ones

  template <class T>
  Task<T> from(Coro<T> coro) const {
    require_loop_open();
    if (!coro.valid()) throw RuntimeError("cannot reuse already awaited coroutine");
    auto* state = new TaskState<T>(loop.core(), std::move(coro), where);
    Task<T> task(FutureRef<FutureBase>::adopt(state));
    begin(*state);
    return task;
  }

  template <class F, class... Args>
  auto from_call(F&& function, Args&&... args) const {
    require_loop_open();
    using T = value_type_of<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&&...>>;
    using State = CallableTaskState<T, std::decay_t<F>, std::decay_t<Args>...>;
    auto* state = new State(loop.core(), where, std::forward<F>(function), std::forward<Args>(args)...);
    auto handle = FutureRef<FutureBase>::adopt(state);
    try {
      state->make_root();
    } catch (...) {
      state->discard();
      throw;
    }
    begin(*state);
    return Task<T>(std::move(handle));
  }

 private:
  void begin(TaskBase& task) const {
    if (options || loop.get_task_factory()) [[unlikely]]
      launch(task);
    else task.start();
  }
  COROLLA_API void launch(TaskBase& task) const;
  void require_loop_open() const {
    if (loop.is_closed()) throw RuntimeError("Event loop is closed");
  }
};

/// Schedules a coroutine on the running loop; its first step runs in the next iteration. RuntimeError without one.
/// Never suspends; the place of the call is kept for reports.
template <class T>
Task<T> create_task(Coro<T> coro, std::source_location where = std::source_location::current()) {
  return TaskMaker{get_running_loop(), where}.from(std::move(coro));
}

/// As above with a name, a context or an eager start; see TaskOptions.
template <class T>
Task<T> create_task(Coro<T> coro, const TaskOptions& options,
                    std::source_location where = std::source_location::current()) {
  return TaskMaker{get_running_loop(), where, &options}.from(std::move(coro));
}

/// As above for what sleep(), queue.get() and their like return.
template <PlainAwaitable A>
auto create_task(A&& awaitable, std::source_location where = std::source_location::current()) {
  return create_task(as_coro(std::forward<A>(awaitable)), where);
}

/// Calls function(args...) and schedules the coroutine it returns. Function and arguments are copied or moved into the
/// task and live until its coroutine is destroyed; references are passed with std::ref. The function may be a function
/// pointer or a captureless lambda: one that captures goes to TaskGroup::create_task, which joins.
template <class F, class... Args>
  requires CoroutineFunction<std::decay_t<F>, std::decay_t<Args>...>
auto create_task(F&& function, Args&&... args) {
  static_assert(std::is_empty_v<std::decay_t<F>> || std::is_pointer_v<std::decay_t<F>>,
                "a lambda that captures may not be detached: pass what it needs as arguments, or use a TaskGroup");
  return TaskMaker{get_running_loop(), std::source_location()}.from_call(std::forward<F>(function),
                                                                         std::forward<Args>(args)...);
}

/// As above, with options before the function.
template <class F, class... Args>
  requires CoroutineFunction<std::decay_t<F>, std::decay_t<Args>...>
auto create_task(const TaskOptions& options, F&& function, Args&&... args) {
  static_assert(std::is_empty_v<std::decay_t<F>> || std::is_pointer_v<std::decay_t<F>>,
                "a lambda that captures may not be detached: pass what it needs as arguments, or use a TaskGroup");
  return TaskMaker{get_running_loop(), std::source_location(), &options}.from_call(std::forward<F>(function),
                                                                                   std::forward<Args>(args)...);
}

template <class C, class... Args>
auto EventLoop::create_task(C&& coro_or_function, Args&&... args) {
  if (!running_) take_posts();
  if constexpr (PlainAwaitable<C>) {
    return create_task(as_coro(std::forward<C>(coro_or_function)), std::forward<Args>(args)...);
  } else if constexpr (AnyCoro<C>) {
    static_assert(sizeof...(Args) <= 1, "a Coro is followed by TaskOptions at most");
    const TaskOptions* options = nullptr;
    if constexpr (sizeof...(Args) == 1) options = (&args, ...);
    return TaskMaker{*this, std::source_location(), options}.from(std::forward<C>(coro_or_function));
  } else {
    const TaskMaker maker{*this, std::source_location()};
    return maker.from_call(std::forward<C>(coro_or_function), std::forward<Args>(args)...);
  }
}

/// The task that runs; an empty handle in a callback. RuntimeError without a running loop.
[[nodiscard]] COROLLA_API Task<> current_task();
/// The task that `loop` runs; an empty handle in a callback and when it does not run.
[[nodiscard]] COROLLA_API Task<> current_task(EventLoop& loop);

/// The tasks of a loop that are not done, in the order of their creation. In the loop's thread.
[[nodiscard]] COROLLA_API std::vector<Task<>> all_tasks(EventLoop& loop);
[[nodiscard]] inline std::vector<Task<>> all_tasks() { return all_tasks(get_running_loop()); }

/// ValueError unless `future` belongs to `loop`.
inline void require_same_loop(EventLoop& loop, const FutureBase& future) {
  if (&future.core() != &loop.core()) [[unlikely]]
    throw ValueError("the future belongs to a different loop");
}

/// A future or task as it is, a Coro or another awaitable as a new task of the loop. ValueError for another loop's future.
template <class A>
auto ensure_future(EventLoop& loop, A&& awaitable, std::source_location where = std::source_location::current()) {
  if constexpr (AnyCoro<A>) {
    static_assert(!std::is_lvalue_reference_v<A>, "a Coro is consumed: pass it with std::move");
    return TaskMaker{loop, where}.from(std::forward<A>(awaitable));
  } else if constexpr (PlainAwaitable<A>) {
    return TaskMaker{loop, where}.from(as_coro(std::forward<A>(awaitable)));
  } else {
    static_assert(AnyFuture<A>, "a Coro, Task, Future or another awaitable is expected");
    require_same_loop(loop, *awaitable.state());
    return std::remove_cvref_t<A>(std::forward<A>(awaitable));
  }
}
/// As above: a future or task of any loop as it is, anything else as a new task of the running loop.
template <class A>
auto ensure_future(A&& awaitable, std::source_location where = std::source_location::current()) {
  if constexpr (AnyFuture<A>) return std::remove_cvref_t<A>(std::forward<A>(awaitable));
  else return ensure_future(get_running_loop(), std::forward<A>(awaitable), where);
}

template <class A>
auto EventLoop::run_until_complete(A&& awaitable) {
  require_runnable();  // before a task is made, which would run all the same
  take_posts();
  auto future = ensure_future(*this, std::forward<A>(awaitable));
  run_until_done(*future.state());
  using T = value_type_of<decltype(future)>;
  if constexpr (!std::is_void_v<T>) {
    T& value = future_value<T>(*future.state());
    if constexpr (!AnyFuture<A>) return T(std::move(value));
    else return T(value);
  }
}

}  // namespace v0
}  // namespace corolla
