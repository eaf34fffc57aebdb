// SPDX-License-Identifier: Apache-2.0
/// \file
/// timeout and timeout_at: a deadline around a body of code.
///
/// Source: asyncio's timeout. When the deadline passes the task is cancelled, once, and the CancelledError that comes out
/// of the body becomes TimeoutError, unless somebody else asked for a cancellation, too: then that one goes on. Other
/// exceptions and values pass. A deadline in the past fires in the next iteration. Scopes nest.
#pragma once

#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/outcome.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// The scope that the body of timeout() is given; it belongs to the task that enters it. Make one yourself to ask it
/// afterwards whether it expired; it is entered once.
class COROLLA_API Timeout {
 public:
  using time_point = EventLoop::time_point;

  /// With a deadline; nullopt: none.
  explicit Timeout(std::optional<time_point> when) noexcept : when_(when) {}
  /// With a deadline so long from now. RuntimeError without a running loop.
  static Timeout after(EventLoop::duration delay) { return Timeout(get_running_loop().time_after(delay)); }
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;
  ~Timeout() { handle_.cancel(); }

  /// The deadline; nullopt: never.
  [[nodiscard]] std::optional<time_point> when() const noexcept { return when_; }
  /// Moves the deadline; RuntimeError before the scope is entered, once it has fired, and when the scope was left.
  void reschedule(std::optional<time_point> when);
  /// True from the moment it fired, also when the scope was left.
  [[nodiscard]] bool expired() const noexcept { return state_ == State::kExpiring || state_ == State::kExpired; }

  // -- for timeout() ------------------------------------------------------------------------------------------------
  /// The running task enters it. RuntimeError outside of a task, or when it was entered before.
  void enter();
  /// The body ended with an exception, or null. Throws what goes on.
  void leave(std::exception_ptr error);
  /// The task is gone from it, in whatever way.
  void abandon() noexcept;

 private:
  enum class State { kCreated, kActive, kExpiring, kExpired, kFinished };
  void arm();
  void fire();

  TaskBase* task_ = nullptr;  // while it is entered
  unsigned cancelling_ = 0;   // requests when it was entered
  State state_ = State::kCreated;
  std::optional<time_point> when_;
  Handle handle_;
};

/// Entered from here to its end.
class EnteredTimeout {
 public:
  explicit EnteredTimeout(Timeout& scope) : scope_(scope) { scope.enter(); }
  EnteredTimeout(const EnteredTimeout&) = delete;
  EnteredTimeout& operator=(const EnteredTimeout&) = delete;
  ~EnteredTimeout() { scope_.abandon(); }

 private:
  Timeout& scope_;
};

/// The coroutine behind timeout() and timeout_at(). F is the body or a reference to it.
template <class T, class F>
Coro<T> run_with_timeout(Timeout* given, std::optional<EventLoop::duration> delay,
                         std::optional<EventLoop::time_point> when, F body) {
  if (delay) when = get_running_loop().time_after(*delay);
  std::optional<Timeout> own;
  Timeout& scope = given ? *given : own.emplace(when);
  const EnteredTimeout entered(scope);
  std::optional<NonVoid<T>> value;
  std::exception_ptr error;
  try {
    auto coro = [&] {
      if constexpr (std::invocable<F&, Timeout&>) return std::invoke(body, scope);
      else return std::invoke(body);
    }();
    if constexpr (std::is_void_v<T>) co_await std::move(coro);
    else value.emplace(co_await std::move(coro));
  } catch (...) {
    error = std::current_exception();
  }
  scope.leave(std::move(error));
  if constexpr (!std::is_void_v<T>) co_return std::move(*value);
}

/// What a body called with a Timeout& or with nothing returns.
template <class F>
using timeout_body_result = typename std::conditional_t<std::invocable<F&, Timeout&>, std::invoke_result<F&, Timeout&>,
                                                        std::invoke_result<F&>>::type;

/// `co_await timeout(5s, [&](Timeout& scope) -> Coro<T> {…})`; the body may also take nothing. nullopt: no deadline.
/// TimeoutError when the delay passed first.
template <class F>
auto timeout(std::optional<EventLoop::duration> delay, F&& body) {
  require_safe_closure<F>();
  using T = value_type_of<timeout_body_result<std::remove_reference_t<F>>>;
  return run_with_timeout<T, stored_closure<F>>(nullptr, delay, std::nullopt, std::forward<F>(body));
}

/// As timeout, until a point of the loop's time.
template <class F>
auto timeout_at(std::optional<EventLoop::time_point> when, F&& body) {
  require_safe_closure<F>();
  using T = value_type_of<timeout_body_result<std::remove_reference_t<F>>>;
  return run_with_timeout<T, stored_closure<F>>(nullptr, std::nullopt, when, std::forward<F>(body));
}
/// As above with a scope of the caller's, which must live until the end of the await.
template <class F>
auto timeout(Timeout& scope, F&& body) {
  require_safe_closure<F>();
  using T = value_type_of<timeout_body_result<std::remove_reference_t<F>>>;
  return run_with_timeout<T, stored_closure<F>>(&scope, std::nullopt, std::nullopt, std::forward<F>(body));
}

}  // namespace v0
}  // namespace corolla
