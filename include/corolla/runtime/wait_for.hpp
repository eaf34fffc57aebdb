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

/// Takes a done callback back at the end of a scope, if it was not called yet.
class ScopedDoneCallback {
 public:
  ScopedDoneCallback(FutureRef<FutureBase> future, CallbackId id) noexcept : future_(std::move(future)), id_(id) {}
  ScopedDoneCallback(const ScopedDoneCallback&) = delete;
  ScopedDoneCallback& operator=(const ScopedDoneCallback&) = delete;
  ~ScopedDoneCallback() { remove_done_callback_from(*future_, id_); }

 private:
  FutureRef<FutureBase> future_;
  CallbackId id_;
};

/// What wait_for awaits: a Coro or a handle it was given for good is used up, the caller's handle keeps its value.
template <bool kUseUp, class A>
decltype(auto) awaited(A& awaitable) noexcept {
  if constexpr (kUseUp) return std::move(awaitable);
  else return std::as_const(awaitable);
}

/// The coroutine behind wait_for. A is a Coro or a Future.
template <bool kUseUp, class A>
Coro<value_type_of<A>> run_wait_for(A awaitable, std::optional<EventLoop::duration> limit) {
  using T = value_type_of<A>;
  if (limit && limit->count() <= 0) {
    auto future = ensure_future(get_running_loop(), std::move(awaitable));
    if (!future.done()) {
      // A waiter between, which the callback owns a share of: cancelling this task must end the wait without asking
      // `future` again, and a callback that is queued by then outlives the wait.
      const Future<> done = get_running_loop().create_future();
      const CallbackId id = future.add_done_callback([done](const auto&) {
        if (!done.done()) done.set_result();
      });
      const ScopedDoneCallback registered(future.state(), id);
      future.cancel();
      co_await done;
      if (is_cancelled_error(future.state()->failure())) throw TimeoutError();  // a gather fails with it
    }
    if constexpr (std::is_void_v<T>) {
      future.result();
      co_return;
    } else {
      co_return co_await awaited<kUseUp>(future);
    }
  }
  auto body = [&]() -> Coro<T> {
    if constexpr (std::is_void_v<T>) co_await awaited<kUseUp>(awaitable);
    else co_return co_await awaited<kUseUp>(awaitable);
  };
  auto scoped = run_with_timeout<T, decltype(body)&>(nullptr, limit, std::nullopt, body);
  if constexpr (std::is_void_v<T>) co_await std::move(scoped);
  else co_return co_await std::move(scoped);
}

/// `co_await wait_for(query(db), 250ms)`: its value, or TimeoutError; nullopt: no limit.
template <class T>
Coro<T> wait_for(Coro<T> coro, std::optional<EventLoop::duration> limit) {
  return run_wait_for<true>(std::move(coro), limit);
}
/// As above for what sleep(), queue.get() and their like return.
template <PlainAwaitable A>
auto wait_for(A&& awaitable, std::optional<EventLoop::duration> limit) {
  return run_wait_for<true>(as_coro(std::forward<A>(awaitable)), limit);
}
template <AnyFuture F>
auto wait_for(F&& future, std::optional<EventLoop::duration> limit) {
  return run_wait_for<!std::is_lvalue_reference_v<F>>(std::remove_cvref_t<F>(std::forward<F>(future)), limit);
}

}  // namespace v0
}  // namespace corolla
