// SPDX-License-Identifier: Apache-2.0
/// \file
/// ThreadPoolExecutor, run_in_executor and to_thread: blocking work off the loop's thread.
///
/// Source: asyncio's run_in_executor and to_thread, concurrent.futures' ThreadPoolExecutor. The job runs in a thread of
/// the pool, the Future it returns completes in the loop. Cancelling the Future before the job began withdraws the job;
/// after that the thread runs on and its result is dropped. Only submit-side calls named thread safe may come from
/// other threads.
#pragma once

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// A unit of work on its way through a pool: waiting, claimed by a thread, then posted to its loop. The claim is one
/// atomic flag, taken either by a thread that begins the job or by who withdraws it. It is counted by its way and by the
/// callback that withdraws it. It never touches a future off the loop's thread: the loop holds the future meanwhile.
class COROLLA_API ExecutorJob : public Schedulable {
 public:
  /// In a thread of the pool: runs the work and keeps its outcome.
  virtual void work() noexcept = 0;
  /// True for the one caller that gets the job.
  [[nodiscard]] bool claim() noexcept { return !claimed_.exchange(true, std::memory_order_acq_rel); }
  [[nodiscard]] const std::shared_ptr<ThreadDoor>& door() const noexcept { return door_; }
  void drop() noexcept final { release(); }
  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  explicit ExecutorJob(std::shared_ptr<ThreadDoor> door) noexcept : door_(std::move(door)) {}
  virtual ~ExecutorJob() = default;

 private:
  std::shared_ptr<ThreadDoor> door_;
  std::atomic<std::uint32_t> references_{1};
  std::atomic<bool> claimed_{false};
};

/// A fixed number of threads that take jobs in order. All members are thread safe.
class COROLLA_API ThreadPoolExecutor {
 public:
  /// 0: min(32, cores + 4). Threads are started as jobs come, up to that many.
  explicit ThreadPoolExecutor(std::size_t max_workers = 0);
  /// shutdown().
  ~ThreadPoolExecutor();
  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

  /// Takes no more jobs and waits until those it has are done. Idempotent.
  void shutdown() noexcept;
  [[nodiscard]] std::size_t max_workers() const noexcept;

  /// RuntimeError after shutdown. The job posts itself to its loop's door when done.
  void submit(FutureRef<ExecutorJob> job);

 private:
  struct Private;
  std::unique_ptr<Private> private_;
};

/// The job behind run_in_executor.
template <class T, class F, class... Args>
class FunctionJob final : public ExecutorJob {
 public:
  template <class G, class... As>
  FunctionJob(EventLoop& loop, std::size_t ticket, G&& function, As&&... args)
      : ExecutorJob(loop.door()),
        ticket_(ticket),
        call_(std::in_place, std::forward<G>(function), std::forward<As>(args)...) {}

  void work() noexcept override {
    try {
      auto call = [](F& function, Args&... args) -> T { return std::invoke(function, std::move(args)...); };
      if constexpr (std::is_void_v<T>) {
        std::apply(call, *call_);
        outcome_.emplace(std::monostate{});
      } else {
        outcome_.emplace(std::apply(call, *call_));
      }
    } catch (...) {
      outcome_.emplace(std::current_exception());
    }
    call_.reset();
  }
  /// In the loop.
  void run() noexcept override {
    const FutureRef<FutureBase> future = get_running_loop().take_held(ticket_);
    if (!future->done()) {  // then it was not withdrawn, and there is an outcome
      auto& state = static_cast<FutureState<T>&>(*future);
      try {
        if (outcome_->error()) state.set_exception(outcome_->error());
        else if constexpr (std::is_void_v<T>) state.set_result();
        else state.set_result(std::move(**outcome_));
      } catch (...) {  // the value could not be moved
        state.set_exception(std::current_exception());
      }
    }
    outcome_.reset();  // value and exception die in the loop, whoever lets go of the job last
    release();
  }

 private:
  std::size_t ticket_;
  std::optional<std::tuple<F, Args...>> call_;
  std::optional<Outcome<T>> outcome_;
};

/// Runs function(args...) in `executor`; the Future completes with its value or exception. RuntimeError without a
/// running loop or after the executor's shutdown.
template <class F, class... Args>
auto run_in_executor(ThreadPoolExecutor& executor, F&& function, Args&&... args) {
  using T = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&&...>;
  static_assert(!AnyCoro<T>, "a coroutine cannot run in a thread: use create_task");
  using Job = FunctionJob<T, std::decay_t<F>, std::decay_t<Args>...>;
  EventLoop& loop = get_running_loop();
  Future<T> future = loop.create_future<T>();
  const std::size_t ticket = loop.hold(future.state());
  try {
    auto job =
        FutureRef<ExecutorJob>::adopt(new Job(loop, ticket, std::forward<F>(function), std::forward<Args>(args)...));
    future.add_done_callback([job](const Future<T>& done) {
      if (done.cancelled()) static_cast<void>(job->claim());
    });
    executor.submit(std::move(job));
  } catch (...) {
    static_cast<void>(loop.take_held(ticket));
    throw;
  }
  return future;
}

/// As run_in_executor, in the loop's default executor: `co_await to_thread(sha256_file, path)`.
template <class F, class... Args>
auto to_thread(F&& function, Args&&... args) {
  return run_in_executor(get_running_loop().default_executor(), std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace v0
}  // namespace corolla
