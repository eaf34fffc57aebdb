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

/// How a coroutine keeps such a callable: a named one by reference, a temporary one by value.
template <class F>
using stored_closure = std::conditional_t<std::is_lvalue_reference_v<F>, F, std::remove_reference_t<F>>;

}  // namespace v0
}  // namespace corolla
