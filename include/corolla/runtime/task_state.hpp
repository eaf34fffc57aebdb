// SPDX-License-Identifier: Apache-2.0
/// \file
/// The states behind Future<T> and Task<T>: FutureBase or TaskBase with room for a value.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/task_base.hpp>

#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Room for a T whose life its owner manages; empty for void, a pointer for a reference.
template <class T>
class ValueSlot {
 public:
  ValueSlot() noexcept {}
  ~ValueSlot() {}
  ValueSlot(const ValueSlot&) = delete;
  ValueSlot& operator=(const ValueSlot&) = delete;
  template <class U>
  void emplace(U&& value) {
    ::new (static_cast<void*>(std::addressof(value_))) T(std::forward<U>(value));
  }
  void destroy() noexcept { value_.~T(); }
  [[nodiscard]] T& get() noexcept { return value_; }

 private:
  union {
    T value_;
  };
};
template <>
class ValueSlot<void> {
 public:
  void destroy() noexcept {}
};

/// The state of a plain Future<T>.
template <class T>
class FutureState : public FutureBase {
 public:
  explicit FutureState(LoopCore& core, Kind kind = Kind::kPlain) noexcept : FutureBase(core, kind) {}

  /// InvalidStateError when done.
  template <class... U>
  void set_result(U&&... value) {
    require_pending();
    if constexpr (!std::is_void_v<T>) slot_.emplace(std::forward<U>(value)...);
    complete(State::kResult);
  }
  [[nodiscard]] ValueSlot<T>& slot() noexcept { return slot_; }

 protected:
  ~FutureState() override {
    if (state_ == State::kResult) slot_.destroy();
  }

 private:
  [[no_unique_address]] ValueSlot<T> slot_;
};

/// The state of a Task<T>.
template <class T>
class TaskState : public TaskBase {
  static_assert(!std::is_reference_v<T>, "a task cannot return a reference: it would outlive the task's frame");

 public:
  TaskState(LoopCore& core, Coro<T>&& coro, const std::source_location& where) noexcept : TaskBase(core, where) {
    set_root(coro.release());
  }
  [[nodiscard]] ValueSlot<T>& slot() noexcept { return slot_; }

 protected:
  /// The root comes later, from a derived class that owns the callable which makes it.
  TaskState(LoopCore& core, const std::source_location& where) noexcept : TaskBase(core, where) {}
  ~TaskState() override {
    if (state_ == State::kResult) slot_.destroy();
  }

 private:
  void take_value(PromiseBase& root) noexcept final {
    if constexpr (!std::is_void_v<T>) {
      try {
        slot_.emplace(static_cast<CoroPromise<T>&>(root).take_value());
      } catch (...) {
        set_thrown(std::current_exception());
      }
    }
  }

  [[no_unique_address]] ValueSlot<T> slot_;
};

/// The value of a future or task that has a result.
template <class T>
[[nodiscard]] T& future_value(FutureBase& state) noexcept {
  if (state.kind() == FutureBase::Kind::kTask) return static_cast<TaskState<T>&>(state).slot().get();
  return static_cast<FutureState<T>&>(state).slot().get();
}

}  // namespace v0
}  // namespace corolla
