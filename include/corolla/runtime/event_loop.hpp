// SPDX-License-Identifier: Apache-2.0
/// \file
/// EventLoop: one FIFO of what is ready, one heap of timers, one backend that waits for the kernel.
///
/// Source: asyncio's event loop. One iteration waits for I/O (not at all when something is ready), queues expired
/// timers behind what is ready, and runs exactly what was ready then; what is scheduled meanwhile runs in the next
/// iteration. Timers with equal deadlines run in the order in which they were armed. A loop belongs to the thread that
/// runs it; only call_soon_threadsafe may be called from others.
#pragma once

#include <corolla/runtime/callback.hpp>
#include <corolla/runtime/clock.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/task_options.hpp>
#include <corolla/runtime/thread_door.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

class Backend;
template <class T>
class Coro;
template <class T>
class Task;
class ThreadPoolExecutor;

/// What the exception handler is told.
struct ErrorContext {
  ErrorContext(std::string what, std::exception_ptr error) : message(std::move(what)), exception(std::move(error)) {}
  std::string message;           ///< what happened, one line
  std::exception_ptr exception;  ///< may be null
  std::string task;              ///< name of the task concerned, if any
  std::source_location where;    ///< where that task was created
};

/// How to make a loop.
struct EventLoopOptions {
  EventLoopOptions() {}
  /// "epoll", "io_uring", or empty: what COROLLA_BACKEND names, else epoll. An io_uring that cannot be set up falls back
  /// to epoll silently; EventLoop::backend() names the one in use.
  std::string backend;
  /// Null: the steady clock. Tests give a virtual one.
  std::shared_ptr<Clock> clock;
  /// Debug mode; unset: what COROLLA_DEBUG says ("1" switches it on).
  std::optional<bool> debug;
};

/// See the file's comment.
class COROLLA_API EventLoop {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;
  using ExceptionHandler = std::function<void(EventLoop&, const ErrorContext&)>;

  EventLoop() : EventLoop(EventLoopOptions()) {}
  explicit EventLoop(const EventLoopOptions& options);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// Closes it; tasks that are not done are destroyed, newest first.
  ~EventLoop();

  /// Runs until stop(). RuntimeError when this or another loop runs in this thread, or when it is closed.
  void run_forever();
  /// Runs until `awaitable` (a Coro, Task or Future) is done; its value, or throws what it failed with.
  template <class A>
  auto run_until_complete(A&& awaitable);
  /// As above for a future of unknown type; throws what it failed with.
  void run_until_done(FutureBase& future);
  /// The current iteration is the last.
  void stop() noexcept { stopping_ = true; }
  [[nodiscard]] bool is_running() const noexcept { return running_; }
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }
  /// Idempotent; RuntimeError while it runs. Cancels and reaps I/O, then drops callbacks and destroys tasks.
  void close();
  /// One iteration, for harnesses that stop after each; waits for I/O when nothing is ready. Not while it runs.
  void run_once();

  /// The loop's clock.
  [[nodiscard]] time_point time() const noexcept { return clock_ ? clock_->now() : std::chrono::steady_clock::now(); }

  /// The time `delay` from now, or the end of time when there is no such time.
  [[nodiscard]] time_point time_after(duration delay) const noexcept {
    const time_point now = time();
    return delay < time_point::max() - now ? now + delay : time_point::max();
  }

  /// Schedules function(args...) for the next iteration, in a copy of the current context. A copy of each argument is
  /// kept. What has no arguments also keeps the place of the call, for the debug mode.
  template <std::invocable F>
  Handle call_soon(F&& function, std::source_location where = std::source_location::current()) {
    return soon(CallbackOrigin(where), std::forward<F>(function));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 0 && std::invocable<F, Args...>)
  Handle call_soon(F&& function, Args&&... args) {
    return soon(CallbackOrigin(), std::forward<F>(function), std::forward<Args>(args)...);
  }
  /// As above, in `context` itself.
  template <class F, class... Args>
  Handle call_soon(const Context& context, F&& function, Args&&... args) {
    return soon(CallbackOrigin(context.state()), std::forward<F>(function), std::forward<Args>(args)...);
  }
  /// Schedules function(args...) `delay` from now; zero and less go through the timers, too.
  template <std::invocable F>
  TimerHandle call_later(duration delay, F&& function, std::source_location where = std::source_location::current()) {
    return at(time_after(delay), CallbackOrigin(where), std::forward<F>(function));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 0 && std::invocable<F, Args...>)
  TimerHandle call_later(duration delay, F&& function, Args&&... args) {
    return at(time_after(delay), CallbackOrigin(), std::forward<F>(function), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  TimerHandle call_later(duration delay, const Context& context, F&& function, Args&&... args) {
    return at(time_after(delay), CallbackOrigin(context.state()), std::forward<F>(function),
              std::forward<Args>(args)...);
  }
  /// Schedules function(args...) for a point of the loop's time.
  template <std::invocable F>
  TimerHandle call_at(time_point when, F&& function, std::source_location where = std::source_location::current()) {
    return at(when, CallbackOrigin(where), std::forward<F>(function));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 0 && std::invocable<F, Args...>)
  TimerHandle call_at(time_point when, F&& function, Args&&... args) {
    return at(when, CallbackOrigin(), std::forward<F>(function), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  TimerHandle call_at(time_point when, const Context& context, F&& function, Args&&... args) {
    return at(when, CallbackOrigin(context.state()), std::forward<F>(function), std::forward<Args>(args)...);
  }
  /// As call_soon, from any thread; RuntimeError once the loop is closed. Wakes the loop. The handle is thread safe,
  /// too.
  template <class F, class... Args>
  ThreadHandle call_soon_threadsafe(F&& function, Args&&... args) {
    ThreadCall& call = make_thread_call(std::forward<F>(function), std::forward<Args>(args)...);
    ThreadHandle handle = call.make_handle();
    send(call);
    return handle;
  }
  /// The way into this loop from other threads; it may outlive the loop.
  [[nodiscard]] const std::shared_ptr<ThreadDoor>& door() const noexcept { return door_; }

  template <class T = void>
  [[nodiscard]] Future<T> create_future() {
    return Future<T>(FutureRef<FutureBase>::adopt(new FutureState<T>(*core_)));
  }
  /// See create_task.hpp, whose function of the same name this is.
  template <class C, class... Args>
  auto create_task(C&& coro_or_function, Args&&... args);

  /// How tasks begin from now on; null restores the default, which queues their first step.
  void set_task_factory(TaskFactory factory);
  [[nodiscard]] const TaskFactory& get_task_factory() const noexcept { return task_factory_; }

  /// Debug mode: callbacks and steps that take long are logged with their place, and so are coroutines that are dropped
  /// without having been awaited; calls from a wrong thread are a RuntimeError.
  void set_debug(bool debug) noexcept { core_->debug_ = debug; }
  [[nodiscard]] bool get_debug() const noexcept { return core_->debug(); }
  /// What "long" is; 100 ms unless set.
  void set_slow_callback_duration(duration limit) noexcept { slow_callback_duration_ = limit; }
  [[nodiscard]] duration slow_callback_duration() const noexcept { return slow_callback_duration_; }

  /// Null restores the default, which writes one line to standard error.
  void set_exception_handler(ExceptionHandler handler);
  /// Never throws; errors of the handler go to the default one.
  void call_exception_handler(const ErrorContext& context) noexcept;
  /// What the default handler does: one line on standard error.
  void default_exception_handler(const ErrorContext& context) noexcept;
  [[nodiscard]] ExceptionHandler get_exception_handler() const;

  /// Runs function(args...) in a thread of `executor`, or of the default one for nullptr; see executor.hpp. Unlike the
  /// function of that name it needs no running loop. Context variables are not copied into the thread.
  template <class F, class... Args>
  auto run_in_executor(ThreadPoolExecutor& executor, F&& function, Args&&... args);
  template <class F, class... Args>
  auto run_in_executor(std::nullptr_t, F&& function, Args&&... args);
  /// The default executor, made on first use: min(32, cores + 4) threads. RuntimeError once it was shut down.
  [[nodiscard]] ThreadPoolExecutor& default_executor();
  [[nodiscard]] bool has_default_executor() const noexcept;
  /// Null: a new one is made on next use. The one it replaces goes on as long as somebody shares it.
  void set_default_executor(std::shared_ptr<ThreadPoolExecutor> executor);
  /// Shuts the default executor down and waits, in a thread of its own, until its threads have ended; from the call on
  /// default_executor() refuses. When `timeout` passes first, that is reported to the exception handler and nobody waits
  /// any more. Cancelling it ends the waiting alone.
  [[nodiscard]] Coro<void> shutdown_default_executor(std::optional<duration> timeout = std::nullopt);

  /// Awaited, closes all generators that were iterated in this loop and are alive, newest first; one that runs is
  /// reported to the exception handler, and so is one that is first iterated afterwards.
  Coro<void> shutdown_asyncgens();

  /// The backend in use: "epoll" or "io_uring"; empty once closed.
  [[nodiscard]] std::string_view backend() const noexcept;

  /// For the library's own awaiters: arms and disarms a timer node.
  void arm(Schedulable& timer, time_point when);
  void disarm(Schedulable& timer) noexcept;
  /// Timers that are armed, for tests that look for leaks.
  [[nodiscard]] std::size_t timer_count() const noexcept;
  [[nodiscard]] Backend& io() noexcept { return *backend_; }
  [[nodiscard]] LoopCore& core() noexcept { return *core_; }

  /// Keeps a future that another thread's work will complete; the ticket gives it back, in this thread. While one is
  /// held the loop knows that it is waited for from outside.
  [[nodiscard]] std::size_t hold(FutureRef<FutureBase> future);
  [[nodiscard]] FutureRef<FutureBase> take_held(std::size_t ticket) noexcept;

  /// First and further Ctrl-C, as counted by the process's handler, are handed to this; see Runner.
  void set_interrupt_handler(std::function<void()> handler);

 private:
  friend class LoopSideTable;
  struct Private;

  template <class F, class... Args>
  FutureRef<ScheduledCallback> make_callback(CallbackOrigin&& origin, F&& function, Args&&... args) {
    using Node = CallableCallback<std::decay_t<F>, std::decay_t<Args>...>;
    return FutureRef<ScheduledCallback>::adopt(
        new Node(*core_, std::move(origin), std::forward<F>(function), std::forward<Args>(args)...));
  }
  template <class F, class... Args>
  Handle soon(CallbackOrigin&& origin, F&& function, Args&&... args) {
    auto callback = make_callback(std::move(origin), std::forward<F>(function), std::forward<Args>(args)...);
    queue(*callback.get());
    return Handle(std::move(callback));
  }
  template <class F, class... Args>
  TimerHandle at(time_point when, CallbackOrigin&& origin, F&& function, Args&&... args) {
    auto callback = make_callback(std::move(origin), std::forward<F>(function), std::forward<Args>(args)...);
    arm_callback(*callback.get(), when);
    return TimerHandle(std::move(callback));
  }
  /// Takes what other threads have sent, so that what is queued now comes behind it; a run does so by itself.
  void take_posts() noexcept;
  void queue(ScheduledCallback& callback);
  void send(ThreadCall& call);
  /// No more jobs for the default executor, which is returned; null when there is none.
  [[nodiscard]] std::shared_ptr<ThreadPoolExecutor> close_default_executor() noexcept;
  void arm_callback(ScheduledCallback& callback, time_point when);
  void require_open() const;
  void require_runnable() const;
  void run(bool once);
  [[nodiscard]] bool must_look_around() const noexcept;
  void wait_for_events();
  void run_ready() noexcept;
  void run_watched(Schedulable& entry) noexcept;
  void report_pending_tasks() noexcept;

  LoopCore* core_;
  std::shared_ptr<Clock> clock_;
  std::unique_ptr<Backend> backend_;
  std::shared_ptr<ThreadDoor> door_;
  std::unique_ptr<Private> private_;
  std::shared_ptr<ExceptionHandler> exception_handler_;  // shared, so that a handler may replace itself
  std::function<void()> interrupt_handler_;
  TaskFactory task_factory_;
  duration slow_callback_duration_ = std::chrono::milliseconds(100);
  bool running_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  unsigned since_poll_ = 0;
};

[[noreturn]] COROLLA_API void throw_no_running_loop();
/// The loop that runs in this thread; RuntimeError when none does.
[[nodiscard]] inline EventLoop& get_running_loop() {
  if (!running_now.loop) [[unlikely]]
    throw_no_running_loop();
  return *running_now.loop;
}
/// As above, but null when none runs.
[[nodiscard]] inline EventLoop* running_loop_or_null() noexcept { return running_now.loop; }

}  // namespace v0
}  // namespace corolla
