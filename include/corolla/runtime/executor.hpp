// SPDX-License-Identifier: Apache-2.0
/// \file
/// ThreadPoolExecutor, run_in_executor and to_thread: blocking work off the loop's thread.
///
/// Source: asyncio's run_in_executor and to_thread, concurrent.futures' ThreadPoolExecutor. The job runs in a thread of
/// the pool, the Future it returns completes in the loop. Cancelling the Future before the job began withdraws the job;
/// after that the thread runs on and its result is dropped. A function whose first parameter is a std::stop_token, given
/// to to_thread without one, gets one that is asked to stop when the Future is cancelled. to_thread copies the context
/// variables into the thread, the others do not. Closing a loop does not wait for jobs, so a job owns what it uses, or
/// what it uses outlives the pool.
#pragma once

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/executor_job.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/thread_future.hpp>

#include <cstddef>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// A fixed number of threads that take jobs in order. All members are thread safe.
class COROLLA_API ThreadPoolExecutor {
 public:
  /// 0: min(32, cores + 4). Threads are started as jobs come and no thread is idle, up to that many.
  explicit ThreadPoolExecutor(std::size_t max_workers = 0);
  /// shutdown(), unless that was called before.
  ~ThreadPoolExecutor();
  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

  /// Runs function(args...) in a thread; the counterpart of concurrent.futures' submit, for callers without a loop.
  /// RuntimeError after shutdown.
  template <class F, class... Args>
  auto submit(F&& function, Args&&... args) {
    using T = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&&...>;
    using Job = ThreadFutureJob<T, std::decay_t<F>, std::decay_t<Args>...>;
    auto job = std::make_unique<Job>(std::forward<F>(function), std::forward<Args>(args)...);
    ThreadFuture<T> future = job->future();
    enqueue(*job);
    static_cast<void>(job.release());
    return future;
  }
  /// Takes no more jobs. With `wait` it returns when those it has are done and its threads have ended; without, they
  /// go on by themselves. Idempotent; a call with `wait` after one without still waits.
  void shutdown(bool wait = true) noexcept;
  [[nodiscard]] std::size_t max_workers() const noexcept;

  /// Hands over a job, which the pool calls once: run_job(), in a thread. RuntimeError after shutdown; the job is the
  /// caller's then.
  void enqueue(ExecutorJob& job);

 private:
  struct Private;
  std::shared_ptr<Private> private_;  // the threads have a share
};

/// Runs function(args...) in `executor`; the Future of `loop` completes with its value or exception. In the loop's
/// thread. RuntimeError after the executor's shutdown.
template <class F, class... Args>
auto start_in_executor(EventLoop& loop, ThreadPoolExecutor& executor, JobEnvironment environment, F&& function,
                       Args&&... args) {
  using T = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&&...>;
  static_assert(!AnyCoro<T>, "a coroutine cannot run in a thread: use create_task");
  using Job = LoopJob<T, std::decay_t<F>, std::decay_t<Args>...>;
  auto* job = new Job(loop, std::move(environment), std::forward<F>(function), std::forward<Args>(args)...);
  auto watched = FutureRef<LoopJobBase>::adopt(job);
  Future<T> future(FutureRef<FutureBase>::adopt(new ExecutorFuture<T>(loop.core(), std::move(watched))));
  job->send(loop, executor, future.state());
  return future;
}

/// As asyncio's loop.run_in_executor, in the running loop: RuntimeError without one or after the executor's shutdown.
template <class F, class... Args>
auto run_in_executor(ThreadPoolExecutor& executor, F&& function, Args&&... args) {
  return start_in_executor(get_running_loop(), executor, JobEnvironment(), std::forward<F>(function),
                           std::forward<Args>(args)...);
}

/// In the loop's default executor: `co_await to_thread(sha256_file, path)`. See the file's comment for stop tokens.
template <class F, class... Args>
auto to_thread(F&& function, Args&&... args) {
  EventLoop& loop = get_running_loop();
  ThreadPoolExecutor& executor = loop.default_executor();
  JobEnvironment environment;
  environment.context = copy_current_context();
  if constexpr (std::is_invocable_v<std::decay_t<F>&, std::stop_token, std::decay_t<Args>&&...>) {
    environment.stop = std::stop_source();
    std::stop_token token = environment.stop.get_token();
    return start_in_executor(loop, executor, std::move(environment), std::forward<F>(function), std::move(token),
                             std::forward<Args>(args)...);
  } else {
    return start_in_executor(loop, executor, std::move(environment), std::forward<F>(function),
                             std::forward<Args>(args)...);
  }
}

template <class F, class... Args>
auto EventLoop::run_in_executor(ThreadPoolExecutor& executor, F&& function, Args&&... args) {
  return start_in_executor(*this, executor, JobEnvironment(), std::forward<F>(function), std::forward<Args>(args)...);
}
template <class F, class... Args>
auto EventLoop::run_in_executor(std::nullptr_t, F&& function, Args&&... args) {
  return start_in_executor(*this, default_executor(), JobEnvironment(), std::forward<F>(function),
                           std::forward<Args>(args)...);
}

}  // namespace v0
}  // namespace corolla
