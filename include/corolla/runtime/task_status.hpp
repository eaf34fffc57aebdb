// SPDX-License-Identifier: Apache-2.0
/// \file
/// TaskStatus: with what a child of a TaskGroup says that it is ready; see TaskGroup::start().
///
/// Source: trio's Nursery.start and its task_status. Copies speak for the same child. Not thread safe.
#pragma once

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/future.hpp>

#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// The first parameter of a function that is given to TaskGroup::start(), which returns what started() was given.
template <class T = void>
class TaskStatus {
 public:
  /// For TaskGroup::start().
  explicit TaskStatus(Future<T> ready) noexcept : ready_(std::move(ready)) {}

  /// Lets start() return; from then on the caller is an ordinary child of the group. Without effect when start() was
  /// cancelled meanwhile; RuntimeError when it was called before.
  template <class... U>
    requires(std::is_void_v<T> ? sizeof...(U) == 0 : sizeof...(U) == 1)
  void started(U&&... value) const {
    if (!ready_.done()) {
      ready_.set_result(std::forward<U>(value)...);
    } else if (!ready_.cancelled()) {
      throw RuntimeError("started() was called twice");
    }
  }

 private:
  Future<T> ready_;
};

/// The T of a function whose first parameter is a TaskStatus<T>; for decltype only.
template <class R, class T, class... A>
std::type_identity<T> status_value_of(R (*function)(TaskStatus<T>, A...));
template <class C, class R, class T, class... A>
std::type_identity<T> status_value_of(R (C::*operator_call)(TaskStatus<T>, A...));
template <class C, class R, class T, class... A>
std::type_identity<T> status_value_of(R (C::*operator_call)(TaskStatus<T>, A...) const);

/// What start() returns for the function F.
template <class F>
struct StatusValue {
  using type = typename decltype(status_value_of(&F::operator()))::type;
};
template <class F>
  requires std::is_pointer_v<F>
struct StatusValue<F> {
  using type = typename decltype(status_value_of(std::declval<F>()))::type;
};

}  // namespace v0
}  // namespace corolla
