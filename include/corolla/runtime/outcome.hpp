// SPDX-License-Identifier: Apache-2.0
/// \file
/// Outcome<T>: how something ended, a value or an error, without throwing.
///
/// C++ cannot co_await in a catch block. `auto result = co_await outcome(x);` stands where Python would catch and await.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task.hpp>

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace corolla {
inline namespace v0 {

/// std::monostate for void, T else: what stands for a value in a tuple or a vector.
template <class T>
using NonVoid = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// A value or an exception.
template <class T = void>
class Outcome {
 public:
  /// A value.
  template <class U = NonVoid<T>>
    requires(!std::same_as<std::remove_cvref_t<U>, Outcome> &&
             !std::same_as<std::remove_cvref_t<U>, std::exception_ptr> && std::is_constructible_v<NonVoid<T>, U &&>)
  Outcome(U&& value) : value_(std::forward<U>(value)) {}  // NOLINT(google-explicit-constructor)
  /// An error; not null.
  Outcome(std::exception_ptr error) noexcept : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  /// True when it ended with CancelledError.
  [[nodiscard]] bool cancelled() const noexcept { return is_cancelled_error(error_); }
  /// Null when there is a value.
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
  /// describe(error()); empty when there is a value.
  [[nodiscard]] std::string error_message() const { return error_ ? describe(error_) : std::string(); }

  /// The value, or throws the error.
  [[nodiscard]] const NonVoid<T>& value() const& {
    if (error_) std::rethrow_exception(error_);
    return *value_;
  }
  [[nodiscard]] NonVoid<T>&& value() && {
    if (error_) std::rethrow_exception(error_);
    return std::move(*value_);
  }
  /// Precondition: has_value().
  [[nodiscard]] const NonVoid<T>& operator*() const& noexcept { return *value_; }
  [[nodiscard]] NonVoid<T>& operator*() & noexcept { return *value_; }
  [[nodiscard]] NonVoid<T>&& operator*() && noexcept { return std::move(*value_); }
  [[nodiscard]] const NonVoid<T>* operator->() const noexcept { return &*value_; }
  [[nodiscard]] NonVoid<T>* operator->() noexcept { return &*value_; }

 private:
  std::optional<NonVoid<T>> value_;
  std::exception_ptr error_;
};

/// Awaits a Coro and captures how it ended.
template <class T>
class [[nodiscard]] CoroOutcomeAwaiter : private CoroLink {
 public:
  explicit CoroOutcomeAwaiter(CoroPromise<T>& child_promise) noexcept { child = &child_promise; }
  CoroOutcomeAwaiter(const CoroOutcomeAwaiter&) = delete;
  CoroOutcomeAwaiter& operator=(const CoroOutcomeAwaiter&) = delete;
  ~CoroOutcomeAwaiter() {
    if (child) child->handle().destroy();
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    run_child(self.promise());
  }
  Outcome<T> await_resume() {
    TaskBase& task = PromiseBase::task();
    if (std::exception_ptr error = task.take_thrown()) {
      // A cancellation of the awaiting task is never captured.
      if (task.cancelling() > 0 && is_cancelled_error(error)) std::rethrow_exception(error);
      return Outcome<T>(std::move(error));
    }
    if constexpr (std::is_void_v<T>) return Outcome<T>(std::monostate{});
    else return Outcome<T>(static_cast<CoroPromise<T>&>(*child).take_value());
  }
};

/// Awaits a Future or Task and captures how it ended.
template <class T, bool kMove>
class [[nodiscard]] FutureOutcomeAwaiter {
 public:
  explicit FutureOutcomeAwaiter(FutureRef<FutureBase> state) noexcept : state_(std::move(state)) {}
  [[nodiscard]] bool await_ready() const noexcept { return state_->done(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    task_ = &self.promise().task();
    task_->wait_for_future(*state_);
  }
  Outcome<T> await_resume() {
    if (task_) {
      task_->resumed();
      if (state_->cancelled() && task_->cancelling() > 0) state_->throw_if_failed();
    }
    if (std::exception_ptr error = state_->failure()) return Outcome<T>(std::move(error));
    if constexpr (std::is_void_v<T>) return Outcome<T>(std::monostate{});
    else if constexpr (kMove) return Outcome<T>(std::move(future_value<T>(*state_)));
    else return Outcome<T>(future_value<T>(*state_));
  }

 private:
  FutureRef<FutureBase> state_;
  TaskBase* task_ = nullptr;
};

/// What outcome() returns; awaiting it gives an Outcome<T>.
template <class Awaiter, class Source>
class [[nodiscard]] OutcomeOf {
 public:
  explicit OutcomeOf(Source source) noexcept : source_(std::move(source)) {}
  Awaiter operator co_await() && {
    if constexpr (AnyCoro<Source>) return Awaiter(source_.release());
    else return Awaiter(source_.state());
  }

 private:
  Source source_;
};

/// `co_await outcome(x)`: how the Coro, Task or Future x ended, nothing thrown. Only a cancellation of the awaiting task
/// itself is not captured: it goes on as CancelledError.
template <class T>
auto outcome(Coro<T> coro) {
  return OutcomeOf<CoroOutcomeAwaiter<T>, Coro<T>>(std::move(coro));
}
template <class T>
auto outcome(Future<T>&& future) {
  return OutcomeOf<FutureOutcomeAwaiter<T, true>, Future<T>>(std::move(future));
}
template <class T>
auto outcome(const Future<T>& future) {
  return OutcomeOf<FutureOutcomeAwaiter<T, false>, Future<T>>(future);
}
template <class T>
auto outcome(Task<T>&& task) {
  return outcome(static_cast<Future<T>&&>(task));
}
template <class T>
auto outcome(const Task<T>& task) {
  return outcome(static_cast<const Future<T>&>(task));
}

/// As above for what sleep(), queue.get() and their like return.
template <PlainAwaitable A>
auto outcome(A&& awaitable) {
  return outcome(as_coro(std::forward<A>(awaitable)));
}

}  // namespace v0
}  // namespace corolla
