// SPDX-License-Identifier: Apache-2.0
/// \file
/// Coro<T>: what an async function returns.
///
/// Source: asyncio's coroutines. A Coro does nothing until it is awaited, or handed to create_task, run or gather.
/// Awaiting it runs it inline, in the same task, without a trip through the ready queue. It is move-only and awaited
/// once. Destroying one that was never awaited destroys its arguments and runs nothing. Cancelling the task throws
/// CancelledError at the innermost co_await. Not thread safe.
#pragma once

#include <corolla/runtime/promise.hpp>

#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Destroys a coroutine that nobody awaited; in debug mode that is reported.
COROLLA_API void destroy_unawaited(PromiseBase& coroutine) noexcept;

/// Storage for what a coroutine returns; T may be a reference.
template <class T>
class ReturnSlot {
  using Stored = std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<std::remove_reference_t<T>>, T>;

 public:
  ReturnSlot() noexcept {}
  ReturnSlot(const ReturnSlot&) = delete;
  ReturnSlot& operator=(const ReturnSlot&) = delete;
  ~ReturnSlot() {
    if constexpr (!std::is_trivially_destructible_v<Stored>) {
      if (full_) value_.~Stored();
    }
  }

  template <class U>
  void emplace(U&& value) {
    if constexpr (std::is_reference_v<T>)
      ::new (static_cast<void*>(std::addressof(value_))) Stored(std::addressof(value));
    else ::new (static_cast<void*>(std::addressof(value_))) Stored(std::forward<U>(value));
    full_ = true;
  }
  /// Precondition: emplaced.
  T take() {
    if constexpr (std::is_reference_v<T>) return static_cast<T>(*value_);
    else return std::move(value_);
  }

 private:
  union {
    Stored value_;
  };
  bool full_ = false;
};

/// Common to CoroPromise<T> and CoroPromise<void>.
template <class Derived>
class CoroPromiseBase : public Awaits<Derived> {
 public:
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return FinalAwaiter(); }
};

template <class T>
class CoroPromise final : public CoroPromiseBase<CoroPromise<T>> {
 public:
  static_assert(std::is_reference_v<T> || alignof(std::conditional_t<std::is_reference_v<T>, int, T>) <= 16,
                "no over-aligned value in a coroutine frame");
  Coro<T> get_return_object(std::source_location where = std::source_location::current()) noexcept {
    this->set_where(where);
    return Coro<T>(*this);
  }

  template <class U = T>
    requires std::is_constructible_v<T, U&&>
  void return_value(U&& value) {
    slot_.emplace(std::forward<U>(value));
  }
  /// What the body ended with, just now.
  T take() {
    PromiseBase::task().rethrow_thrown();
    return slot_.take();
  }
  /// Precondition: it ended with a value.
  T take_value() { return slot_.take(); }

 private:
  ReturnSlot<T> slot_;
};

template <>
class CoroPromise<void> final : public CoroPromiseBase<CoroPromise<void>> {
 public:
  inline Coro<void> get_return_object(std::source_location where = std::source_location::current()) noexcept;
  void return_void() const noexcept {}
  void take() { PromiseBase::task().rethrow_thrown(); }
};

/// Runs a Coro inside the awaiting task and owns its frame meanwhile.
template <class T>
class [[nodiscard]] CoroAwaiter : private CoroLink {
 public:
  explicit CoroAwaiter(CoroPromise<T>& child) noexcept { this->child = &child; }
  CoroAwaiter(const CoroAwaiter&) = delete;
  CoroAwaiter& operator=(const CoroAwaiter&) = delete;
  ~CoroAwaiter() {
    if (child) child->handle().destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    run_child(self.promise());
  }
  T await_resume() { return static_cast<CoroPromise<T>&>(*child).take(); }
};

/// See the file's comment.
template <class T = void>
class [[nodiscard("a Coro does nothing until it is awaited")]] Coro {
 public:
  using promise_type = CoroPromise<T>;
  using value_type = T;

  Coro(Coro&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
  Coro& operator=(Coro&& other) noexcept {
    std::swap(promise_, other.promise_);
    return *this;
  }
  /// In debug mode one that was never awaited is reported.
  ~Coro() {
    if (promise_) destroy_unawaited(*promise_);
  }

  /// Awaits it; the value, or the exception it ended with. RuntimeError when it was awaited or moved from.
  CoroAwaiter<T> operator co_await() && { return CoroAwaiter<T>(release()); }

  /// False once moved from or awaited.
  [[nodiscard]] bool valid() const noexcept { return promise_ != nullptr; }
  /// Hands the suspended coroutine over; for those that make a task of it.
  /// RuntimeError as above.
  [[nodiscard]] promise_type& release() {
    if (!promise_) [[unlikely]]
      throw RuntimeError("cannot reuse already awaited coroutine");
    return *std::exchange(promise_, nullptr);
  }

 private:
  friend promise_type;
  explicit Coro(promise_type& promise) noexcept : promise_(&promise) {}
  promise_type* promise_;
};

inline Coro<void> CoroPromise<void>::get_return_object(std::source_location where) noexcept {
  set_where(where);
  return Coro<void>(*this);
}

/// Coro<T> for some T.
template <class A>
inline constexpr bool is_coro = false;
template <class T>
inline constexpr bool is_coro<Coro<T>> = true;
template <class A>
concept AnyCoro = is_coro<std::remove_cvref_t<A>>;

}  // namespace v0
}  // namespace corolla
