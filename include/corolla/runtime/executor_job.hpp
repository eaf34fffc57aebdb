// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a pool of threads runs: an ExecutorJob, and the one behind run_in_executor, which goes back to its loop.
#pragma once

#include <corolla/runtime/context_state.hpp>
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
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// A unit of work in the queue of a pool.
class COROLLA_API ExecutorJob : public Schedulable, public FromBlockCache {
 public:
  /// Called once, in a thread of the pool. From then on the job looks after its own life.
  virtual void run_job() noexcept = 0;

 protected:
  ExecutorJob() = default;
  virtual ~ExecutorJob() = default;
};

/// A callable and its arguments, both owned; called once, then gone.
template <class T, class F, class... Args>
class FunctionCall {
 public:
  template <class G, class... As>
  explicit FunctionCall(G&& function, As&&... args)
      : call_(std::in_place, std::forward<G>(function), std::forward<As>(args)...) {}

  /// What it returned or threw.
  [[nodiscard]] Outcome<T> run() noexcept {
    const DropAtEnd drop{call_};
    try {
      auto call = [](F& function, Args&... args) -> T { return std::invoke(function, std::move(args)...); };
      if constexpr (std::is_void_v<T>) {
        std::apply(call, *call_);
        return Outcome<T>(std::monostate{});
      } else {
        return Outcome<T>(std::apply(call, *call_));
      }
    } catch (...) {
      return Outcome<T>(std::current_exception());
    }
  }

 private:
  using Stored = std::optional<std::tuple<F, Args...>>;
  struct DropAtEnd {
    Stored& call;
    ~DropAtEnd() { call.reset(); }
  };
  Stored call_;
};

/// What to_thread gives a job beside the function.
struct JobEnvironment {
  JobEnvironment() = default;
  std::stop_source stop{std::nostopstate};
  std::optional<ContextRef> context;  ///< to run in; none: the thread's own
};

/// A job on its way through a pool: waiting, claimed by a thread, then posted to its loop.
///
/// The claim is one atomic flag, taken either by the thread that begins the job or by who withdraws it. One reference
/// belongs to the way, which ends in the loop or, when that is closed, in the pool's thread; the other one to the watch
/// in the job's future. The job never touches the future off the loop's thread: the loop holds that meanwhile.
class COROLLA_API LoopJobBase : public ExecutorJob {
 public:
  /// Enqueues it, with one more reference; throws what the executor's enqueue throws. Called by its only holder.
  void send(EventLoop& loop, ThreadPoolExecutor& executor, const FutureRef<FutureBase>& future);
  void run_job() noexcept final;
  void drop() noexcept final { release(); }
  /// The future was cancelled: it will not begin, or is asked to stop.
  void withdraw() noexcept;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // The last holder needs no atomic write: nobody else is left to write.
    if (references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

 protected:
  LoopJobBase(EventLoop& loop, JobEnvironment&& environment) noexcept
      : door_(loop.door()), environment_(std::move(environment)) {}
  /// In a thread of the pool: runs the work and keeps its outcome.
  virtual void work() noexcept = 0;
  /// In the loop: the future to complete.
  [[nodiscard]] FutureRef<FutureBase> take_future() noexcept { return get_running_loop().take_held(ticket_); }

 private:
  [[nodiscard]] bool claim() noexcept { return !claimed_.exchange(true, std::memory_order_acq_rel); }

  std::shared_ptr<ThreadDoor> door_;
  JobEnvironment environment_;
  std::size_t ticket_ = 0;
  std::atomic<std::uint32_t> references_{1};
  std::atomic<bool> claimed_{false};
};

/// The job behind run_in_executor.
template <class T, class F, class... Args>
class LoopJob final : public LoopJobBase {
 public:
  template <class... As>
  LoopJob(EventLoop& loop, JobEnvironment&& environment, As&&... function_and_args)
      : LoopJobBase(loop, std::move(environment)), call_(std::forward<As>(function_and_args)...) {}

  void run() noexcept override {
    const FutureRef<FutureBase> future = take_future();
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
    outcome_.reset();  // value and exception die in the loop
    release();
  }

 private:
  void work() noexcept override {
    try {
      outcome_.emplace(call_.run());
    } catch (...) {  // the value could not be moved
      outcome_.emplace(std::current_exception());
    }
  }

  FunctionCall<T, F, Args...> call_;
  std::optional<Outcome<T>> outcome_;
};

/// Tells a job that its future was cancelled. It is the first to be called when the future is done.
class COROLLA_API ExecutorWatch final : public Waiter {
 public:
  ExecutorWatch(FutureBase& future, FutureRef<LoopJobBase> job) noexcept : future_(future), job_(std::move(job)) {
    future.announce_completion();
    future.add_waiter(*this);
  }
  ~ExecutorWatch() {
    if (linked()) future_.remove_waiter(*this);
  }
  void future_done() noexcept override;
  void run() noexcept override { future_.release(); }
  void drop() noexcept override { future_.release(); }

 private:
  FutureBase& future_;
  FutureRef<LoopJobBase> job_;
};

/// The future of a job: cancelling it withdraws the job.
template <class T>
class ExecutorFuture final : public FutureState<T> {
 public:
  ExecutorFuture(LoopCore& core, FutureRef<LoopJobBase> job) noexcept
      : FutureState<T>(core), watch_(*this, std::move(job)) {}

 private:
  ExecutorWatch watch_;
};

}  // namespace v0
}  // namespace corolla
