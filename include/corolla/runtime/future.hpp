// SPDX-License-Identifier: Apache-2.0
/// \file
/// Future<T>: a value that somebody will set.
///
/// Source: asyncio's Future. A handle is a counted pointer: copies share the state. Any number of tasks may await it and
/// are woken in the order in which they began to. Cancelling a task that awaits a Future cancels the Future, and so all
/// its other waiters too; use shield to prevent that. An exception that nobody retrieves is reported to the loop's
/// exception handler when the last handle goes. Not thread safe.
#pragma once

#include <corolla/runtime/callback.hpp>
#include <corolla/runtime/context.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/promise.hpp>
#include <corolla/runtime/task_state.hpp>

#include <concepts>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Suspends until a future is done. With kMove the value is moved out, else copied.
template <class T, bool kMove>
class [[nodiscard]] FutureAwaiter {
 public:
  explicit FutureAwaiter(FutureRef<FutureBase> state) noexcept : state_(std::move(state)) {}

  [[nodiscard]] bool await_ready() const noexcept { return state_->done(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    task_ = &self.promise().task();
    task_->wait_for_future(*state_);
  }
  T await_resume() {
    if (task_) task_->resumed();
    state_->throw_if_failed();
    if constexpr (!std::is_void_v<T>) {
      if constexpr (kMove) return std::move(future_value<T>(*state_));
      else return future_value<T>(*state_);
    }
  }

 private:
  FutureRef<FutureBase> state_;
  TaskBase* task_ = nullptr;
};

/// See the file's comment.
template <class T = void>
class Future {
 public:
  using value_type = T;

  /// An empty handle; valid() is false and nothing else may be called.
  Future() noexcept = default;
  explicit Future(FutureRef<FutureBase> state) noexcept : state_(std::move(state)) {}

  [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(state_); }
  [[nodiscard]] bool done() const noexcept { return state_->done(); }
  [[nodiscard]] bool cancelled() const noexcept { return state_->cancelled(); }
  /// False when done; otherwise true, and it will end with CancelledError(message) unless what it runs prevents that.
  bool cancel(const std::string& message = {}) const { return state_->cancel(message); }

  /// The value; throws what it failed with, CancelledError, or InvalidStateError while it is pending.
  template <class U = T>
    requires(!std::is_void_v<U>)
  const U& result() const {
    require_done();
    state_->throw_if_failed();
    return future_value<T>(*state_);
  }
  void result() const
    requires std::is_void_v<T>
  {
    require_done();
    state_->throw_if_failed();
  }
  /// The exception, null for a result. Throws CancelledError or InvalidStateError as result() does.
  [[nodiscard]] std::exception_ptr exception() const { return state_->exception(); }

  /// Completes it. InvalidStateError when done; RuntimeError for a Task, which completes itself.
  template <class U = T>
    requires(!std::is_void_v<T> && std::is_constructible_v<T, U &&>)
  void set_result(U&& value) const {
    settable().set_result(std::forward<U>(value));
  }
  void set_result() const
    requires std::is_void_v<T>
  {
    settable().set_result();
  }
  void set_exception(std::exception_ptr error) const { settable().set_exception(std::move(error)); }
  /// As above, for an exception object.
  template <class E>
    requires(!std::same_as<std::remove_cvref_t<E>, std::exception_ptr>)
  void set_exception(E&& error) const {
    set_exception(std::make_exception_ptr(std::forward<E>(error)));
  }

  /// `callback(Future<T>)` is called by the loop once this is done, in order of registration, never inline; it runs in a
  /// copy of the current context.
  template <class F>
  CallbackId add_done_callback(F callback) const {
    return add_done_callback_to(*state_, wrapped(std::move(callback)));
  }
  /// As above, but it runs in `context`.
  template <class F>
  CallbackId add_done_callback(F callback, const Context& context) const {
    return add_done_callback_to(*state_, wrapped(std::move(callback)), context.state());
  }
  /// Removes a callback; false when it is not registered any more.
  bool remove_done_callback(CallbackId id) const { return remove_done_callback_from(*state_, id); }

  /// Awaits it. From an lvalue the value is copied, from an rvalue handle it is moved out.
  FutureAwaiter<T, false> operator co_await() const& noexcept { return FutureAwaiter<T, false>(state_); }
  FutureAwaiter<T, true> operator co_await() && noexcept { return FutureAwaiter<T, true>(std::move(state_)); }

  /// The loop it belongs to; RuntimeError once that is closed.
  [[nodiscard]] EventLoop& get_loop() const {
    if (EventLoop* loop = state_->core().loop()) return *loop;
    throw RuntimeError("the future's event loop is closed");
  }

  [[nodiscard]] const FutureRef<FutureBase>& state() const noexcept { return state_; }
  friend bool operator==(const Future& a, const Future& b) noexcept { return a.state_.get() == b.state_.get(); }

 private:
  template <class F>
  static auto wrapped(F callback) {
    return [callback = std::move(callback)](FutureBase& done) mutable {
      callback(Future<T>(FutureRef<FutureBase>::share(&done)));
    };
  }
  void require_done() const {
    if (!state_->done()) throw InvalidStateError("the result is not ready");
  }
  [[nodiscard]] FutureState<T>& settable() const {
    if (state_->kind() == FutureBase::Kind::kTask) throw RuntimeError("a Task does not take a result from outside");
    return static_cast<FutureState<T>&>(*state_);
  }

  FutureRef<FutureBase> state_;
};

/// Future<T>, Task<T> and whatever derives from them.
template <class A>
concept AnyFuture = requires(const std::remove_cvref_t<A>& a) { []<class T>(const Future<T>&) {}(a); };

}  // namespace v0
}  // namespace corolla
