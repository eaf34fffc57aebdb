// SPDX-License-Identifier: Apache-2.0
/// \file
/// Condition: tasks that hold a lock wait for a change that another task announces.
///
/// Source: asyncio's Condition as of 3.13. wait() releases the lock, waits for a notification, and has the lock again
/// when it returns or throws, however often the task is cancelled meanwhile. It may return without a notification, so
/// look again, or use wait_for. A notification that reaches a task which then fails with CancelledError is passed on to
/// another. Several conditions may share a lock. Not thread safe; see LoopBound for several loops.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/sync/lock.hpp>
#include <corolla/sync/wait_queue.hpp>

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// `auto guard = co_await condition.acquire(); co_await condition.wait_for([&] { return ready; });`
class COROLLA_API Condition {
 public:
  /// With a lock of its own.
  Condition() noexcept : lock_(own_lock_) {}
  /// With a lock that outlives it.
  explicit Condition(Lock& lock) noexcept : lock_(lock) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  [[nodiscard]] Lock& lock() noexcept { return lock_; }
  /// The lock's.
  [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }
  [[nodiscard]] Lock::Acquire acquire() noexcept { return lock_.acquire(); }
  void release() { lock_.release(); }

  /// Waits for a notification. RuntimeError when the lock is free.
  [[nodiscard]] Coro<void> wait();
  /// Waits until predicate() is true; what it then returned. The lock is held whenever it is called.
  template <class F>
  auto wait_for(F&& predicate) {
    require_safe_closure<F>();
    using Value = std::decay_t<std::invoke_result_t<std::remove_reference_t<F>&>>;
    return run_wait_for<Value, stored_closure<F>>(std::forward<F>(predicate));
  }
  /// Wakes the first `n` that wait, nobody when `n` is not positive. RuntimeError when the lock is free.
  void notify(std::ptrdiff_t n = 1);
  void notify_all();

 private:
  friend class Barrier;
  class Notification;
  template <class Value, class F>
  Coro<Value> run_wait_for(F predicate) {
    for (;;) {
      Value value = std::invoke(predicate);
      if (value) co_return value;
      co_await wait();
    }
  }
  void wake(std::ptrdiff_t n) noexcept;
  void wake_all() noexcept;
  void require_locked(const char* what) const;

  Lock own_lock_;
  Lock& lock_;
  WaitQueue waiters_;
};

}  // namespace v0
}  // namespace corolla
