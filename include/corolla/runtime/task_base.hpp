// SPDX-License-Identifier: Apache-2.0
/// \file
/// A task whatever its type: the coroutine it drives, what it waits for, its cancellation.
///
/// Source: asyncio's Task. The life of a task, in prose. Made, it stands in the ready queue. A *step* resumes its
/// innermost coroutine and keeps resuming whatever that leads to (an awaited coroutine, a finished one's awaiter) from
/// one flat loop, so that no depth of awaiting uses the stack. A step ends because the root coroutine finished, or
/// because some awaiter called wait_for_future() or wait(). In the first case the task waits for a future: its wake-up
/// is among that future's callbacks. In the second it waits for a *leaf*: whoever knows about it calls wake() once.
///
/// Cancelling. cancel() on a task that waits for a future cancels that future instead, and the task learns of it as any
/// waiter does; on a task that waits for a leaf it ends the wait as cancelled and queues the wake-up; in every other
/// case it leaves a request (must_cancel) that the next step turns into CancelledError. A leaf that was woken and not
/// yet run counts as "every other case", so what it was handed must be given back by its awaiter. All throwing happens
/// in resumed(), which each suspending awaiter calls first in its await_resume.
///
/// Ownership. The loop owns a reference until the task is done; handles own others. Dropping handles never stops it.
#pragma once

#include <corolla/runtime/context_state.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

class PromiseBase;
class TaskBase;
struct PreparedCancellation;

/// The task's place in the ready queue, in the list of what it waits for, and among the timers while it sleeps.
class COROLLA_API WakeUp : public Waiter {
 public:
  void run() noexcept final;
  void drop() noexcept final {}
  [[nodiscard]] std::string describe() const final;
  [[nodiscard]] FutureBase* awaiter() noexcept final;
  /// The task this is the wake-up of.
  [[nodiscard]] TaskBase& task() noexcept;
};

/// See the file's comment.
class COROLLA_API TaskBase : public FutureBase, public WakeUp {
 public:
  // -- asyncio's Task -------------------------------------------------------------------------------------------
  /// Number of cancel requests that uncancel() has not undone.
  [[nodiscard]] unsigned cancelling() const noexcept { return cancel_requests_; }
  /// Withdraws one request, and at zero also one not yet delivered; returns how many are left.
  unsigned uncancel() noexcept;
  /// "Task-7" unless set_name was called.
  [[nodiscard]] std::string name() const;
  void set_name(std::string name);
  /// Unlike that of any other task of its loop.
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  /// Its name, the place where it is suspended, and where it was created: one line.
  [[nodiscard]] std::string describe_task() const;
  /// Where create_task was called.
  [[nodiscard]] const std::source_location& created_at() const noexcept { return created_at_; }
  /// The future it waits for; null while it runs, is ready or waits for a leaf.
  [[nodiscard]] FutureBase* waiting_for() const noexcept { return waiting_for_; }
  /// The context its steps run in.
  [[nodiscard]] ContextRef& context() noexcept { return context_; }
  /// The innermost suspended coroutine; null when done. For call graphs.
  [[nodiscard]] PromiseBase* innermost() const noexcept { return done() ? nullptr : innermost_; }
  /// The task created after this one that is not done either; null behind the last.
  [[nodiscard]] TaskBase* next_task() const noexcept { return newer_; }

  // -- for awaiters ---------------------------------------------------------------------------------------------
  /// The step goes on with `promise`'s coroutine.
  void resume_next(PromiseBase& promise) noexcept {
    innermost_ = &promise;
    task_flags_ |= kRunnable;
  }
  /// Suspends until `future` is done. The caller keeps it alive. When it is this task itself or belongs to another loop,
  /// resumed() throws RuntimeError in the next iteration.
  void wait_for_future(FutureBase& future) {
    if (&future == this || &future.core() != core_ || (task_flags_ & kMustCancel)) [[unlikely]] {
      wait_for_unusual(future);
      return;
    }
    waiting_for_ = &future;
    future.add_waiter(static_cast<WakeUp&>(*this));
  }
  /// Suspends until wake(). The wake-up may meanwhile stand in one WaiterList.
  void wait() noexcept {
    task_flags_ |= kWaiting;
    if (task_flags_ & kMustCancel) [[unlikely]]
      cancel_pending_wait();
  }
  /// Suspends until `delay` has passed.
  void sleep(std::chrono::nanoseconds delay);
  /// Suspends until the next iteration (asyncio's sleep(0)).
  void yield() noexcept { core_->call_soon(static_cast<WakeUp&>(*this)); }
  /// True while it waits for a leaf that nobody has ended yet.
  [[nodiscard]] bool waiting() const noexcept { return (task_flags_ & kWaiting) != 0; }
  /// Ends a wait(). Precondition: waiting().
  void wake() noexcept {
    task_flags_ &= static_cast<std::uint8_t>(~kWaiting);
    core_->call_soon(static_cast<WakeUp&>(*this));
  }
  /// Ends a wait() and runs the task's step inside the caller, which is an entry of the ready queue: what an I/O
  /// completion saves a hop with. Precondition: waiting().
  void wake_inline() noexcept {
    task_flags_ &= static_cast<std::uint8_t>(~kWaiting);
    step();
  }
  /// The first thing a suspending awaiter does when it resumes: throws CancelledError if this wait was cancelled,
  /// RuntimeError if it could not be.
  void resumed() {
    if (task_flags_ & (kMustCancel | kWaitCancelled)) [[unlikely]] {
      throw_cancellation();
      std::terminate();  // nothing catches it
    }
  }
  /// True when resumed() would throw; lets an awaiter give back what it was handed before.
  [[nodiscard]] bool resumes_cancelled() const noexcept { return (task_flags_ & (kMustCancel | kWaitCancelled)) != 0; }
  /// True when cancel() ended the wait before wake() did, so that nothing was handed over.
  [[nodiscard]] bool wait_cancelled() const noexcept { return (task_flags_ & kWaitCancelled) != 0; }

  /// How a coroutine of this task ended, from its end until its awaiter, or the task, goes on.
  void set_thrown(std::exception_ptr error) noexcept { core_->thrown_ = std::move(error); }
  [[nodiscard]] std::exception_ptr take_thrown() noexcept { return std::exchange(core_->thrown_, nullptr); }
  void rethrow_thrown() {
    if (core_->thrown_) [[unlikely]] {
      throw_thrown();
      std::terminate();  // nothing catches it
    }
  }
  /// The root coroutine is at its final suspension. Called by the root's promise.
  void root_finished() noexcept { task_flags_ |= kRootFinished; }

  /// Runs the first step now, inside the caller, as an eager task does; or queues it, when the loop does not run or eager
  /// tasks are nested so deep that the stack is in danger. Precondition: just made.
  void run_eagerly() noexcept;
  /// Undoes a task that could not be made. Precondition: not begun.
  void discard() noexcept;

  [[nodiscard]] static TaskBase& of(WakeUp& wake_up) noexcept { return static_cast<TaskBase&>(wake_up); }

 protected:
  /// Takes over the suspended `root` and stands in the loop's list of tasks; start() queues it.
  TaskBase(LoopCore& core, std::source_location where) noexcept;
  ~TaskBase() override;

  void set_root(PromiseBase& root) noexcept;
  /// Moves the root's value into the result; what that throws goes to set_thrown().
  virtual void take_value(PromiseBase& root) noexcept = 0;
  /// Destroys the callable and arguments that live in the task's block, if any.
  virtual void drop_callable() noexcept {}

 public:
  /// Queues the first step.
  void start() noexcept {
    begun_ = true;
    core_->call_soon(static_cast<WakeUp&>(*this));
  }
  [[nodiscard]] bool begun() const noexcept { return begun_; }

 private:
  friend class WakeUp;
  friend class LateStep;
  friend class CancelWalk;
  friend class EventLoop;

  enum Flag : std::uint8_t {
    kStarted = 1,        // the body ran
    kRunnable = 2,       // the step goes on with innermost_
    kWaiting = 4,        // waits for a leaf
    kWaitCancelled = 8,  // that wait was ended by cancel()
    kMustCancel = 16,    // the next step throws CancelledError
    kRootFinished = 32,
    kSleeping = 64,   // waits for its timer, which stands among the loop's, or expired and stands in the ready queue
    kSleepOver = 128  // cancelled in the latter case: what stands there is to do nothing
  };

  void step() noexcept;
  void finish() noexcept;
  void end_without_result(std::exception_ptr error) noexcept;
  /// The loop dies: destroys the coroutines; whoever holds a handle sees a cancelled task.
  void abandon() noexcept;
  void destroy_coroutines() noexcept;
  void leave_list() noexcept;
  void wait_for_unusual(FutureBase& future);
  void cancel_pending_wait() noexcept;
  void end_sleep() noexcept;
  void timer_expired() noexcept;
  [[gnu::cold]] void throw_cancellation();
  [[gnu::cold]] void throw_thrown();
  [[nodiscard]] PreparedCancellation prepare_cancellation_due();
  [[nodiscard]] PreparedCancellation prepare_thrown();
  void remember_message(const std::string& message);
  [[nodiscard]] std::string take_message() noexcept;

  std::uint32_t cancel_requests_ = 0;
  std::uint32_t number_;
  FutureBase* waiting_for_ = nullptr;
  ContextRef context_;
  TaskBase* older_;
  TaskBase* newer_ = nullptr;
  std::source_location created_at_;
};

inline TaskBase& WakeUp::task() noexcept { return TaskBase::of(*this); }

}  // namespace v0
}  // namespace corolla
