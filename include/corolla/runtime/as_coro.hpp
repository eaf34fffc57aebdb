// SPDX-License-Identifier: Apache-2.0
/// \file
/// as_coro: whatever can be awaited, as a Coro.
///
/// Source: Python, where sleep(), queue.get() and lock.acquire() are coroutines. Here they return small awaiters, which cost
/// no frame when they are awaited at once. What takes a Coro (create_task, gather, wait_for, outcome …) takes them, too, by
/// way of this.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future.hpp>

#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// The object that is suspended on when an A is awaited.
template <class A>
struct AwaiterOf {
  using type = std::remove_cvref_t<A>;
};
template <HasOperatorCoAwait A>
struct AwaiterOf<A> {
  using type = decltype(std::declval<A>().operator co_await());
};

/// What sleep(), queue.get(), lock.acquire() return: awaited once, as an rvalue, and neither a Coro nor a Future.
template <class A>
concept PlainAwaitable =
    !AnyCoro<A> && !AnyFuture<A> && !std::is_lvalue_reference_v<A> && requires(typename AwaiterOf<A>::type& awaiter) {
      awaiter.await_ready();
      awaiter.await_resume();
    };

/// What awaiting it gives.
template <class A>
using await_result = decltype(std::declval<typename AwaiterOf<A>::type&>().await_resume());

/// Awaits `awaitable` when it is awaited itself; what that refers to outlives the Coro.
template <PlainAwaitable A>
Coro<await_result<A>> as_coro(A awaitable) {
  if constexpr (std::is_void_v<await_result<A>>) co_await std::move(awaitable);
  else co_return co_await std::move(awaitable);
}

/// A Coro or Future as it is, anything else as a Coro.
template <class A>
decltype(auto) coro_or_future(A&& awaitable) {
  if constexpr (PlainAwaitable<A>) return as_coro(std::forward<A>(awaitable));
  else return std::forward<A>(awaitable);
}

}  // namespace v0
}  // namespace corolla
