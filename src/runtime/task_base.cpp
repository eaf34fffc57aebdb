// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/task_base.hpp>

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/promise.hpp>

#include "runtime/reports.hpp"
#include "runtime/side_table.hpp"

namespace corolla {
inline namespace v0 {

static_assert(sizeof(TaskBase) <= 152, "a sleeping task has a budget of 256 bytes, frame and timer included");

void WakeUp::run() noexcept { task().step(); }
FutureBase* WakeUp::awaiter() noexcept { return &task(); }
std::string WakeUp::describe() const { return static_cast<const TaskBase&>(*this).describe_task(); }

void SleepTimer::run() noexcept {
  TaskBase& task = TaskBase::of(*this);
  if (task.waiting()) task.wake();  // else it was cancelled since the timer expired
}

TaskBase::TaskBase(LoopCore& core, std::source_location where) noexcept
    : FutureBase(core, Kind::kTask),
      number_(++core.tasks_made_),
      context_(copy_current_context()),
      older_(core.newest_),
      created_at_(where) {
  (older_ ? older_->newer_ : core.oldest_) = this;
  core.newest_ = this;
  retain();  // the loop's, until the task is done
}

TaskBase::~TaskBase() {
  if (!done()) leave_list();  // a derived class could not be constructed
  report_if_unretrieved();    // here, while the name and place are still to be had
  if (task_flags_ & (kNamed | kMessage)) side_table(*core_).forget(*this);
}

void TaskBase::set_root(PromiseBase& root) noexcept {
  root.set_task(*this);
  innermost_ = &root;
}

void TaskBase::leave_list() noexcept {
  (older_ ? older_->newer_ : core_->oldest_) = newer_;
  (newer_ ? newer_->older_ : core_->newest_) = older_;
  older_ = newer_ = nullptr;
}

void TaskBase::wait_for_future(FutureBase& future) {
  if (&future == this || &future.core() != core_) [[unlikely]] {
    awaits_itself_ = &future == this;
    awaits_foreign_ = !awaits_itself_;
    task_flags_ |= kWaitCancelled;  // so that resumed() looks
    yield();
    return;
  }
  waiting_for_ = &future;
  future.add_waiter(static_cast<WakeUp&>(*this));
  if ((task_flags_ & kMustCancel) && future.cancel(take_message()))
    task_flags_ &= static_cast<std::uint8_t>(~kMustCancel);
}

void TaskBase::cancel_pending_wait() noexcept {
  task_flags_ = static_cast<std::uint8_t>((task_flags_ & ~(kWaiting | kMustCancel)) | kWaitCancelled);
  // Now, not when the task resumes: an expired timer would stand in the ready queue behind a task that is gone by then.
  disarm_sleep();
  core_->call_soon(static_cast<WakeUp&>(*this));
}

void TaskBase::disarm_armed_sleep() noexcept {
  if (EventLoop* loop = core_->loop()) loop->disarm(*this);
}

std::exception_ptr TaskBase::take_cancellation() {
  const bool itself = awaits_itself_;
  const bool foreign = awaits_foreign_;
  awaits_itself_ = awaits_foreign_ = false;
  if ((itself || foreign) && !(task_flags_ & kMustCancel)) {
    task_flags_ &= static_cast<std::uint8_t>(~kWaitCancelled);
    return std::make_exception_ptr(
        RuntimeError(itself ? "Task cannot await on itself: " + name()
                            : name() + " awaits a future that is attached to a different loop"));
  }
  task_flags_ &= static_cast<std::uint8_t>(~(kMustCancel | kWaitCancelled));
  return std::make_exception_ptr(CancelledError(take_message()));
}

void TaskBase::step() noexcept {
  LoopCore& core = *core_;
  TaskBase* const outer = std::exchange(core.current_, this);
  waiting_for_ = nullptr;
  if (!(task_flags_ & kStarted)) {
    task_flags_ |= kStarted;
    if (task_flags_ & kMustCancel) {  // the body never begins
      destroy_coroutines();
      core.current_ = outer;
      finish();
      return;
    }
  }
  {
    const ContextScope context(context_);
    do {
      task_flags_ &= static_cast<std::uint8_t>(~kRunnable);
      innermost_->handle().resume();
    } while (task_flags_ & kRunnable);
  }
  if (task_flags_ & kRootFinished) {
    core.current_ = outer;
    finish();
    return;
  }
  core.current_ = outer;
}

void TaskBase::run_eagerly() noexcept {
  constexpr unsigned kDeepest = 1000;  // CPython's limit to recursion
  EventLoop* const loop = core_->loop();
  if (!loop || !loop->is_running() || core_->eager_depth_ >= kDeepest) {
    start();
    return;
  }
  LoopCore& core = *core_;
  ++core.eager_depth_;
  begun_ = true;
  step();
  --core.eager_depth_;
}

// The outcome is taken first, then the frame and the callable die, and only then do others learn of it: as in CPython,
// where a finished coroutine's locals are gone before any callback runs.
void TaskBase::finish() noexcept {
  const bool must_cancel = (task_flags_ & kMustCancel) != 0;
  std::exception_ptr error;
  if (innermost_) {
    error = take_result(*innermost_, must_cancel);
    destroy_coroutines();
  }
  drop_callable();
  leave_list();
  if (error) {
    if (is_cancelled_error(error)) {
      error_ = std::move(error);
      complete(State::kCancelled);
    } else {
      fail(std::move(error));
    }
  } else if (must_cancel) {
    become_cancelled(take_message());
  } else {
    complete(State::kResult);
  }
  release();
}

void TaskBase::discard() noexcept {
  destroy_coroutines();
  drop_callable();
  leave_list();
  become_cancelled({});
  release();
}

// Leaf first, so that a chain of any length is destroyed without recursion.
void TaskBase::destroy_coroutines() noexcept {
  if (waiting_for_ && linked()) waiting_for_->remove_waiter(*this);
  waiting_for_ = nullptr;
  PromiseBase* promise = std::exchange(innermost_, nullptr);
  while (promise) {
    PromiseBase* parent = nullptr;
    if (CoroLink* link = promise->link()) {
      parent = link->parent;
      link->child = nullptr;
    }
    promise->handle().destroy();
    promise = parent;
  }
}

void TaskBase::abandon() noexcept {
  destroy_coroutines();  // awaiters still see whether they had been woken
  task_flags_ &= static_cast<std::uint8_t>(~(kWaiting | kRunnable));
  drop_callable();
  leave_list();
  if (!done()) become_cancelled({});
  release();
}

unsigned TaskBase::uncancel() noexcept {
  if (cancel_requests_ > 0 && --cancel_requests_ == 0) task_flags_ &= static_cast<std::uint8_t>(~kMustCancel);
  return cancel_requests_;
}

std::string TaskBase::name() const {
  if (task_flags_ & kNamed) return side_table(*core_).entry(*this).name;
  return "Task-" + std::to_string(number_);
}

std::string TaskBase::describe_task() const {
  std::string text = "task " + name();
  if (innermost_) text += place_suffix(done() ? "" : ", suspended", innermost_->where());
  return text + place_suffix(", created", created_at_);
}

void TaskBase::set_name(std::string name) {
  side_table(*core_).entry(*this).name = std::move(name);
  task_flags_ |= kNamed;
}

void TaskBase::remember_message(const std::string& message) {
  if (message.empty() && !(task_flags_ & kMessage)) return;
  side_table(*core_).entry(*this).cancel_message = message;
  task_flags_ |= kMessage;
}

std::string TaskBase::take_message() noexcept {
  if (!(task_flags_ & kMessage)) return {};
  task_flags_ &= static_cast<std::uint8_t>(~kMessage);
  std::string message = std::move(side_table(*core_).entry(*this).cancel_message);
  if (task_flags_ & kNamed) side_table(*core_).entry(*this).cancel_message.clear();
  else side_table(*core_).forget(*this);
  return message;
}

}  // namespace v0
}  // namespace corolla
