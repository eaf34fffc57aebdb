// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/condition.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/task.hpp>

#include <exception>

namespace corolla {
inline namespace v0 {

/// Suspends until notify().
class Condition::Notification {
 public:
  explicit Notification(WaitQueue& waiters) noexcept : waiters_(&waiters) {}
  Notification(const Notification&) noexcept = default;
  Notification& operator=(const Notification&) = delete;
  ~Notification() {
    if (task_ && task_->linked()) waiters_->leave(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_ = &self.promise().task();
    waiters_->enter(*task_);
  }
  void await_resume() {
    TaskBase& task = *std::exchange(task_, nullptr);
    if (task.linked()) waiters_->leave(task);
    task.resumed();
  }

 private:
  WaitQueue* waiters_;
  TaskBase* task_ = nullptr;  // while suspended
};

void Condition::require_locked(const char* what) const {
  if (!lock_.locked()) throw RuntimeError(what);
}

// Three stages: the wait, the lock again (a cancellation meanwhile is kept for later, the last one counts), the error.
// An error may come out after the task had been notified, so it notifies another; that one may wake for nothing.
Coro<void> Condition::wait() {
  require_locked("wait() needs the lock");
  waiters_.require_loop_of(current_task().base());
  lock_.release();
  std::exception_ptr error;
  try {
    co_await Notification(waiters_);
  } catch (...) {
    error = std::current_exception();
  }
  for (bool held = false; !held;) {
    try {
      (co_await lock_.acquire()).detach();
      held = true;
    } catch (const CancelledError&) {
      error = std::current_exception();
    } catch (...) {
      wake(1);
      throw;
    }
  }
  if (error) {
    wake(1);
    std::rethrow_exception(std::move(error));
  }
}

void Condition::notify(std::ptrdiff_t n) {
  require_locked("notify() needs the lock");
  wake(n);
}

void Condition::notify_all() {
  require_locked("notify_all() needs the lock");
  wake_all();
}

void Condition::wake(std::ptrdiff_t n) noexcept {
  while (n-- > 0 && waiters_.wake_next()) {
  }
}

void Condition::wake_all() noexcept {
  while (waiters_.wake_next()) {
  }
}

}  // namespace v0
}  // namespace corolla
