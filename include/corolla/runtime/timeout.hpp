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

/// The scope that the body of timeout() is given. Belongs to the task that entered it.
class COROLLA_API Timeout {
 public:
  using time_point = EventLoop::time_point;

  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;

  /// The deadline; nullopt: never.
  [[nodiscard]] std::optional<time_point> when() const noexcept { return when_; }
  /// Moves the deadline; RuntimeError once it has fired or the scope was left.
  void reschedule(std::optional<time_point> when);
  /// True from the moment it fired.
  [[nodiscard]] bool expired() const noexcept { return state_ == State::kExpiring || state_ == State::kExpired; }

  /// For timeout(): the scope is entered by the running task.
  explicit Timeout(std::optional<time_point> when);
  ~Timeout();
  /// For timeout(): leaves with the body's exception, or null, and throws what goes on.
  void leave(std::exception_ptr error);

 private:
  enum class State { kActive, kExpiring, kExpired, kLeft };
  void fire();

  TaskBase& task_;
  unsigned cancelling_;  // requests when it was entered
  std::optional<time_point> when_;
  Handle handle_;
  State state_ = State::kActive;
};

/// The coroutine behind timeout() and timeout_at(). F is the body or a reference to it.
template <class T, class F>
Coro<T> run_with_timeout(std::optional<EventLoop::duration> delay, std::optional<EventLoop::time_point> when, F body) {
  if (delay) when = get_running_loop().time_after(*delay);
  Timeout scope(when);
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
  return run_with_timeout<T, stored_closure<F>>(delay, std::nullopt, std::forward<F>(body));
}

/// As timeout, until a point of the loop's time.
template <class F>
auto timeout_at(std::optional<EventLoop::time_point> when, F&& body) {
  require_safe_closure<F>();
  using T = value_type_of<timeout_body_result<std::remove_reference_t<F>>>;
  return run_with_timeout<T, stored_closure<F>>(std::nullopt, when, std::forward<F>(body));
}

}  // namespace v0
}  // namespace corolla
