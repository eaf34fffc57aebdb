// SPDX-License-Identifier: Apache-2.0
/// \file
/// ThreadFuture<T>: a result that threads wait for.
///
/// Source: concurrent.futures' Future. It is what run_coroutine_threadsafe and ThreadPoolExecutor::submit return; a task
/// awaits it through wrap_future. A handle is a counted pointer: copies share the state. All members are thread safe.
/// The states: pending becomes running, then finished; cancel() turns pending, and nothing else, into cancelled.
#pragma once

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/executor_job.hpp>
#include <corolla/runtime/outcome.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// What a ThreadFuture is whatever its type.
class COROLLA_API ThreadFutureBase {
 public:
  /// A done-callback.
  class COROLLA_API Callback {
   public:
    virtual ~Callback() = default;
    virtual void call(ThreadFutureBase& done) = 0;
  };

  ThreadFutureBase(const ThreadFutureBase&) = delete;
  ThreadFutureBase& operator=(const ThreadFutureBase&) = delete;

  bool cancel() noexcept;
  [[nodiscard]] bool cancelled() const noexcept;
  [[nodiscard]] bool running() const noexcept;
  [[nodiscard]] bool done() const noexcept;
  /// Pending becomes running; false when it was cancelled.
  bool set_running() noexcept;
  /// Returns when it is done, without an error. TimeoutError, or RuntimeError where a loop runs.
  void wait(std::optional<std::chrono::nanoseconds> timeout) const;
  /// Null for a result, a CancelledError when cancelled. Only when done.
  [[nodiscard]] std::exception_ptr failure() const noexcept { return error_; }
  void add_callback(std::unique_ptr<Callback> callback) noexcept;
  void set_exception(std::exception_ptr error);

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  enum class State : std::uint8_t { kPending, kRunning, kCancelled, kFinished };

  ThreadFutureBase() = default;
  virtual ~ThreadFutureBase() = default;
  /// InvalidStateError when done. Otherwise it is locked for finish(), before which the value is stored.
  [[nodiscard]] std::unique_lock<std::mutex> begin_completion();
  void finish(std::unique_lock<std::mutex> lock, State state) noexcept;

 private:
  [[nodiscard]] bool is_done() const noexcept { return state_ == State::kCancelled || state_ == State::kFinished; }
  void call(Callback& callback) noexcept;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::atomic<std::uint32_t> references_{1};
  State state_ = State::kPending;
  std::exception_ptr error_;  // never written again once it is done, so read without the lock then
  std::vector<std::unique_ptr<Callback>> callbacks_;
};

/// The state of a ThreadFuture<T>.
template <class T>
class ThreadFutureState final : public ThreadFutureBase {
 public:
  /// InvalidStateError when done.
  template <class... U>
  void set_result(U&&... value) {
    std::unique_lock lock = begin_completion();
    value_.emplace(std::forward<U>(value)...);
    finish(std::move(lock), State::kFinished);
  }
  /// Only when done with a result.
  [[nodiscard]] NonVoid<T>& value() noexcept { return *value_; }

 private:
  std::optional<NonVoid<T>> value_;
};

/// See the file's comment.
template <class T = void>
class ThreadFuture {
 public:
  using value_type = T;
  using duration = std::chrono::nanoseconds;

  /// An empty handle; valid() is false and nothing else may be called.
  ThreadFuture() noexcept = default;
  explicit ThreadFuture(FutureRef<ThreadFutureState<T>> state) noexcept : state_(std::move(state)) {}
  /// A pending one, for who completes it.
  [[nodiscard]] static ThreadFuture make() {
    return ThreadFuture(FutureRef<ThreadFutureState<T>>::adopt(new ThreadFutureState<T>));
  }

  [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(state_); }
  /// Waits, at most for `timeout`, and gives the value: a reference from an lvalue, moved out from an rvalue. Throws what
  /// it failed with, CancelledError, or TimeoutError. RuntimeError in a thread that runs a loop, unless it is done: the
  /// loop would stand still; await wrap_future() there.
  template <class U = T>
    requires(!std::is_void_v<U>)
  const U& result(std::optional<duration> timeout = std::nullopt) const& {
    wait(timeout);
    return state_->value();
  }
  template <class U = T>
    requires(!std::is_void_v<U>)
  U result(std::optional<duration> timeout = std::nullopt) && {
    wait(timeout);
    return std::move(state_->value());
  }
  void result(std::optional<duration> timeout = std::nullopt) const
    requires std::is_void_v<T>
  {
    wait(timeout);
  }
  /// Waits as result() does; null for a result. Throws CancelledError and TimeoutError.
  [[nodiscard]] std::exception_ptr exception(std::optional<duration> timeout = std::nullopt) const {
    state_->wait(timeout);
    if (state_->cancelled()) std::rethrow_exception(state_->failure());
    return state_->failure();
  }
  /// Asks it not to begin, or what run_coroutine_threadsafe runs to stop: false when it is running or finished.
  bool cancel() const noexcept { return state_->cancel(); }
  [[nodiscard]] bool cancelled() const noexcept { return state_->cancelled(); }
  /// True while a thread of a pool works on it.
  [[nodiscard]] bool running() const noexcept { return state_->running(); }
  [[nodiscard]] bool done() const noexcept { return state_->done(); }
  /// `callback(ThreadFuture<T>)` is called once this is done, in the thread that completes or cancels it; at once when
  /// it is done. What it throws is logged.
  template <class F>
  void add_done_callback(F callback) const {
    class Node final : public ThreadFutureBase::Callback {
     public:
      explicit Node(F&& function) : function_(std::move(function)) {}
      void call(ThreadFutureBase& done) override {
        function_(ThreadFuture(FutureRef<ThreadFutureState<T>>::share(&static_cast<ThreadFutureState<T>&>(done))));
      }

     private:
      F function_;
    };
    state_->add_callback(std::make_unique<Node>(std::move(callback)));
  }

  /// For who completes it: pending becomes running; false when it was cancelled.
  bool set_running_or_notify_cancel() const noexcept { return state_->set_running(); }
  /// Completes it; InvalidStateError when done.
  template <class... U>
  void set_result(U&&... value) const {
    state_->set_result(std::forward<U>(value)...);
  }
  void set_exception(std::exception_ptr error) const { state_->set_exception(std::move(error)); }

  [[nodiscard]] const FutureRef<ThreadFutureState<T>>& state() const noexcept { return state_; }
  friend bool operator==(const ThreadFuture& a, const ThreadFuture& b) noexcept {
    return a.state_.get() == b.state_.get();
  }

 private:
  void wait(std::optional<duration> timeout) const {
    state_->wait(timeout);
    if (std::exception_ptr error = state_->failure()) std::rethrow_exception(error);
  }

  FutureRef<ThreadFutureState<T>> state_;
};

/// The job behind ThreadPoolExecutor::submit.
template <class T, class F, class... Args>
class ThreadFutureJob final : public ExecutorJob {
 public:
  template <class... As>
  explicit ThreadFutureJob(As&&... function_and_args)
      : future_(ThreadFuture<T>::make()), call_(std::forward<As>(function_and_args)...) {}
  [[nodiscard]] const ThreadFuture<T>& future() const noexcept { return future_; }

  void run_job() noexcept override {
    if (future_.set_running_or_notify_cancel()) {
      Outcome<T> outcome = call_.run();
      try {
        if (outcome.error()) future_.set_exception(outcome.error());
        else future_.set_result(std::move(*outcome));
      } catch (...) {  // the value could not be moved
        future_.set_exception(std::current_exception());
      }
    }
    delete this;
  }
  void run() noexcept override {}  // it never meets a loop
  void drop() noexcept override { delete this; }
  ~ThreadFutureJob() override = default;

 private:
  ThreadFuture<T> future_;
  FunctionCall<T, F, Args...> call_;
};

}  // namespace v0
}  // namespace corolla
