// SPDX-License-Identifier: Apache-2.0
/// \file
/// wait_for: awaits one thing with a time limit.
///
/// Source: asyncio's wait_for as of 3.12, which is timeout() around an await: a Coro runs inline in the same task. On
/// timeout the awaitable is cancelled and waited for until it has really ended; if it then has a value, that is returned.
/// A limit of zero or less never starts a Coro: a done future gives its outcome, anything else is cancelled, waited for
/// and TimeoutError. Cancelling the task cancels the awaitable and is never lost.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/timeout.hpp>

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Tells a task that `future` is done, whatever its outcome; the task's cancellation does not touch it.
class COROLLA_API DoneSignal {
 public:
  explicit DoneSignal(FutureRef<FutureBase> future) noexcept : future_(std::move(future)) {}
  DoneSignal(const DoneSignal&) = delete;
  DoneSignal& operator=(const DoneSignal&) = delete;
  ~DoneSignal();
  void wait(TaskBase& task);
  void resumed();

 private:
  FutureRef<FutureBase> future_;
  TaskBase* task_ = nullptr;
  std::optional<CallbackId> callback_;
};

/// `co_await DoneSignalAwaiter(signal)`.
class [[nodiscard]] DoneSignalAwaiter {
 public:
  explicit DoneSignalAwaiter(DoneSignal& signal) noexcept : signal_(signal) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) const {
    signal_.wait(self.promise().task());
  }
  void await_resume() const { signal_.resumed(); }

 private:
  DoneSignal& signal_;
};

/// The coroutine behind wait_for. A is a Coro or a Future.
template <class A>
Coro<value_type_of<A>> run_wait_for(A awaitable, std::optional<EventLoop::duration> limit) {
  using T = value_type_of<A>;
  if (limit && limit->count() <= 0) {
    auto future = ensure_future(get_running_loop(), std::move(awaitable));
    if (!future.done()) {
      DoneSignal done(future.state());
      future.cancel();
      co_await DoneSignalAwaiter(done);
      if (future.cancelled()) throw TimeoutError();
    }
    if constexpr (std::is_void_v<T>) {
      future.result();
      co_return;
    } else {
      co_return co_await std::move(future);
    }
  }
  auto body = [&]() -> Coro<T> {
    if constexpr (std::is_void_v<T>)
      co_await std::move(awaitable);
    else
      co_return co_await std::move(awaitable);
  };
  auto scoped = run_with_timeout<T, decltype(body)&>(limit, std::nullopt, body);
  if constexpr (std::is_void_v<T>)
    co_await std::move(scoped);
  else
    co_return co_await std::move(scoped);
}

/// `co_await wait_for(query(db), 250ms)`: its value, or TimeoutError; nullopt: no limit.
template <class T>
Coro<T> wait_for(Coro<T> coro, std::optional<EventLoop::duration> limit) {
  return run_wait_for<Coro<T>>(std::move(coro), limit);
}
template <AnyFuture F>
auto wait_for(F&& future, std::optional<EventLoop::duration> limit) {
  return run_wait_for<std::remove_cvref_t<F>>(std::forward<F>(future), limit);
}

}  // namespace v0
}  // namespace corolla
