// SPDX-License-Identifier: Apache-2.0
/// \file
/// How callables are taken by functions that return awaitables.
#pragma once

#include <type_traits>

namespace corolla {
inline namespace v0 {

/// Rejects what g++ 12 destroys twice when it stands in the same full-expression as a co_await: a temporary closure
/// that owns something. One with reference captures, or a named one, is safe.
template <class F>
constexpr void require_safe_closure() {
  static_assert(std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<std::remove_reference_t<F>>,
                "name this lambda and pass the name: a temporary closure that owns something is not safe here");
}

template <class T>
class Coro;
template <class T>
inline constexpr bool returns_coro = false;
template <class T>
inline constexpr bool returns_coro<Coro<T>> = true;

/// Rejects a coroutine function where a plain one is called and its result dropped: its body would never run.
template <class F, class... Args>
constexpr void require_no_coroutine() {
  static_assert(!returns_coro<std::invoke_result_t<F&, Args...>>, "a callback cannot be a coroutine: use create_task");
}

/// How a coroutine keeps such a callable: a named one by reference, a temporary one by value.
template <class F>
using stored_closure = std::conditional_t<std::is_lvalue_reference_v<F>, F, std::remove_reference_t<F>>;

}  // namespace v0
}  // namespace corolla
