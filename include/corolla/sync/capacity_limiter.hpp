// SPDX-License-Identifier: Apache-2.0
/// \file
/// CapacityLimiter: at most so many at a time, and it knows who they are.
///
/// Source: trio's and anyio's CapacityLimiter. Where a Semaphore lets a task that holds the last permit wait for another
/// one for ever, here each borrower has one token at most: a task that acquires a second one gets RuntimeError. The
/// total can be changed at any time; tokens above a lowered total come back as they are released. Waiters are served in
/// the order in which they came, and newcomers never overtake them. Cancelling a task that waits takes it out of the
/// line; if a token had been reserved for it, the next one gets that. Not thread safe; see LoopBound for several loops.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/task_base.hpp>
#include <corolla/sync/wait_queue.hpp>
#include <corolla/sync/would_block.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace corolla {
inline namespace v0 {

/// `auto token = co_await limiter.acquire();` borrows a token until `token` dies.
class COROLLA_API CapacityLimiter {
 public:
  class Token;
  class Acquire;

  /// Who borrows: a task, or any object that a task acts for.
  class Borrower {
   public:
    explicit Borrower(const void* object) noexcept : address_(object) {}
    /// A task's number tells it from a later one at the same address.
    explicit Borrower(const TaskBase& task) noexcept : address_(&task), number_(task.number()) {}
    bool operator==(const Borrower&) const noexcept = default;
    [[nodiscard]] std::size_t hash() const noexcept;

   private:
    const void* address_;
    std::uint32_t number_ = 0;
  };

  /// ValueError when `total_tokens` is negative.
  explicit CapacityLimiter(std::ptrdiff_t total_tokens);
  CapacityLimiter(const CapacityLimiter&) = delete;
  CapacityLimiter& operator=(const CapacityLimiter&) = delete;
  ~CapacityLimiter();

  [[nodiscard]] std::ptrdiff_t total_tokens() const noexcept { return total_; }
  /// Raising it wakes as many as there are new tokens; lowering it takes nothing away. ValueError when negative.
  void set_total_tokens(std::ptrdiff_t total_tokens);
  /// Those of tasks that were woken and have not run yet are borrowed, too.
  [[nodiscard]] std::ptrdiff_t borrowed_tokens() const noexcept { return borrowed_; }
  /// Negative while more are borrowed than a lowered total has.
  [[nodiscard]] std::ptrdiff_t available_tokens() const noexcept { return total_ - borrowed_; }
  [[nodiscard]] std::size_t tasks_waiting() const noexcept { return waiting_; }
  /// True while `object`, or the task, has a token.
  [[nodiscard]] bool is_borrower(const void* object) const noexcept { return holds(Borrower(object)); }
  [[nodiscard]] bool is_borrower(const TaskBase& task) const noexcept { return holds(Borrower(task)); }

  /// Waits for a token for the task that awaits this, without suspending when one is free. The result is a Token.
  /// RuntimeError when that task has one.
  [[nodiscard]] Acquire acquire() noexcept;
  /// The same for another borrower, e.g. a connection that several tasks act for.
  [[nodiscard]] Acquire acquire_on_behalf_of(const void* object) noexcept;
  /// Without waiting, for the running task: WouldBlock, RuntimeError.
  [[nodiscard]] Token acquire_nowait();
  [[nodiscard]] Token acquire_on_behalf_of_nowait(const void* object);

 private:
  struct Borrowers;
  static Borrower running_task();
  [[nodiscard]] bool holds(const Borrower& borrower) const noexcept;
  void require_no_borrower(const Borrower& borrower) const;
  /// Enters a borrower into the books; its token was counted before.
  void add(const Borrower& borrower);
  Token take(const Borrower& borrower);
  void release(const Borrower& borrower) noexcept;
  void enter(TaskBase& task);
  /// `task` will not wait any longer; true when a token was reserved for it.
  bool leave(TaskBase& task) noexcept;
  void give_back() noexcept;
  void wake() noexcept;

  std::ptrdiff_t total_;
  std::ptrdiff_t borrowed_ = 0;
  std::size_t waiting_ = 0;
  std::unique_ptr<Borrowers> borrowers_;
  WaitQueue waiters_;
};

/// One token, given back by the destructor, whichever task that happens in.
class [[nodiscard]] CapacityLimiter::Token {
 public:
  Token(CapacityLimiter& limiter, const Borrower& borrower) noexcept : limiter_(&limiter), borrower_(borrower) {}
  Token(Token&& other) noexcept : limiter_(std::exchange(other.limiter_, nullptr)), borrower_(other.borrower_) {}
  Token& operator=(Token&& other) noexcept {
    std::swap(limiter_, other.limiter_);
    std::swap(borrower_, other.borrower_);
    return *this;
  }
  ~Token() { release(); }
  /// Gives it back now. Idempotent.
  void release() noexcept {
    if (limiter_) std::exchange(limiter_, nullptr)->release(borrower_);
  }

 private:
  CapacityLimiter* limiter_;
  Borrower borrower_;
};

/// What acquire() returns.
class [[nodiscard]] CapacityLimiter::Acquire {
 public:
  /// For `object`, or for the task that awaits this when null.
  explicit Acquire(CapacityLimiter& limiter, const void* object) noexcept : limiter_(&limiter), object_(object) {}
  Acquire(const Acquire&) noexcept = default;
  Acquire& operator=(const Acquire&) = delete;
  ~Acquire() {
    if (task_ && task_->linked() && limiter_->leave(*task_)) limiter_->give_back();
  }
  [[nodiscard]] bool await_ready() const {
    limiter_->require_no_borrower(borrower());
    return limiter_->available_tokens() > 0;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    limiter_->enter(task);
    task_ = &task;
  }
  [[nodiscard]] Token await_resume() {
    TaskBase* task = std::exchange(task_, nullptr);
    if (!task) return limiter_->take(borrower());
    const bool reserved = limiter_->leave(*task);
    if (reserved && task->resumes_cancelled()) limiter_->give_back();
    task->resumed();
    return adopt(object_ ? Borrower(object_) : Borrower(*task));
  }

 private:
  [[nodiscard]] Borrower borrower() const { return object_ ? Borrower(object_) : running_task(); }
  /// The token that was reserved; given back when somebody else has made `borrower` one meanwhile.
  [[nodiscard]] Token adopt(const Borrower& borrower) const;

  CapacityLimiter* limiter_;
  const void* object_;
  TaskBase* task_ = nullptr;  // while suspended
};
static_assert(sizeof(CapacityLimiter::Acquire) <= 24);

inline CapacityLimiter::Acquire CapacityLimiter::acquire() noexcept { return Acquire(*this, nullptr); }
inline CapacityLimiter::Acquire CapacityLimiter::acquire_on_behalf_of(const void* object) noexcept {
  return Acquire(*this, object);
}

}  // namespace v0
}  // namespace corolla
