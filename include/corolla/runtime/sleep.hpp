// SPDX-License-Identifier: Apache-2.0
/// \file
/// sleep: waits for a while.
///
/// Source: asyncio's sleep. Zero and less yields exactly once: the task goes on in the next iteration. Cancelling the
/// task disarms the timer. Its resolution is the clock's; where many timers expire within a millisecond they share a
/// wake-up and are up to a millisecond late, as all are on asyncio's epoll.
#pragma once

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/promise.hpp>

#include <chrono>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Suspends the task; see the file's comment.
class [[nodiscard]] Sleep {
 public:
  explicit Sleep(std::chrono::nanoseconds delay) noexcept : delay_(delay) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    if (delay_.count() <= 0) task.yield();
    else task.sleep(delay_);
  }
  void await_resume() const { PromiseBase::task().resumed(); }

 private:
  std::chrono::nanoseconds delay_;
};

/// `co_await sleep(100ms)`. What is longer than the clock reaches (292 years) is for ever; ValueError for a NaN.
template <class Rep, class Period>
Sleep sleep(std::chrono::duration<Rep, Period> delay) {
  using std::chrono::nanoseconds;
  using Delay = std::chrono::duration<Rep, Period>;
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
    if (delay != delay) throw ValueError("sleep: the delay is not a number");
  }
  if constexpr (!std::is_same_v<Delay, nanoseconds>) {
    if (delay >= std::chrono::duration_cast<Delay>(nanoseconds::max())) return Sleep(nanoseconds::max());
    if (delay <= Delay::zero()) return Sleep(nanoseconds::zero());
  }
  return Sleep(std::chrono::ceil<nanoseconds>(delay));
}

/// What sleep(delay, result) returns.
template <class T>
class [[nodiscard]] SleepResult {
 public:
  SleepResult(Sleep sleep, T result) : sleep_(sleep), result_(std::move(result)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    sleep_.await_suspend(self);
  }
  T await_resume() {
    sleep_.await_resume();
    return std::move(result_);
  }

 private:
  Sleep sleep_;
  T result_;
};

/// `co_await sleep(100ms, result)`: as above, and gives `result`.
template <class Rep, class Period, class T>
SleepResult<std::decay_t<T>> sleep(std::chrono::duration<Rep, Period> delay, T&& result) {
  return SleepResult<std::decay_t<T>>(sleep(delay), std::forward<T>(result));
}

}  // namespace v0
}  // namespace corolla
