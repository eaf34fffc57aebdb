// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/task_base.hpp>

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/promise.hpp>

#include "runtime/raise.hpp"
#include "runtime/reports.hpp"
#include "runtime/side_table.hpp"

namespace corolla {
inline namespace v0 {

static_assert(sizeof(TaskBase) <= 120, "a sleeping task has a budget of 256 bytes, frame and timer included");

void WakeUp::run() noexcept {
  TaskBase& task = TaskBase::of(*this);
  if (task.task_flags_ & (TaskBase::kWaiting | TaskBase::kSleepOver)) [[unlikely]]
    task.timer_expired();
  else task.step();
}
FutureBase* WakeUp::awaiter() noexcept { return &task(); }
std::string WakeUp::describe() const { return static_cast<const TaskBase&>(*this).describe_task(); }

/// A task's step at a place in the ready queue that its wake-up cannot take, since it stands further in front.
class LateStep final : public Schedulable, public FromBlockCache {
 public:
  explicit LateStep(TaskBase& task) noexcept : task_(task) {}
  void run() noexcept override {
    TaskBase& task = task_;
    delete this;
    task.step();
  }
  void drop() noexcept override { delete this; }
  [[nodiscard]] std::string describe() const override { return task_.describe_task(); }

 private:
  TaskBase& task_;
};

inline void TaskBase::leave_list() noexcept {
  (older_ ? older_->newer_ : core_->oldest_) = newer_;
  (newer_ ? newer_->older_ : core_->newest_) = older_;
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
  if (!done()) [[unlikely]]
    leave_list();           // a derived class could not be constructed
  report_if_unretrieved();  // here, while the name and place are still to be had
  if (named_ || has_message_) [[unlikely]]
    side_table(*core_).forget(*this);
}

void TaskBase::set_root(PromiseBase& root) noexcept { innermost_ = &root; }

void TaskBase::wait_for_unusual(FutureBase& future) {
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
  if (task_flags_ & kSleeping) end_sleep();
  else core_->call_soon(static_cast<WakeUp&>(*this));
}

// A sleep ends in two hops, as asyncio's does: the timer, which is the wake-up itself, expires into the ready queue; run
// from there it ends the wait, and the task runs one iteration later.
void TaskBase::sleep(std::chrono::nanoseconds delay) {
  EventLoop& loop = *core_->loop();
  loop.arm(static_cast<WakeUp&>(*this), loop.time_after(delay));
  task_flags_ |= kSleeping;
  wait();
}

void TaskBase::timer_expired() noexcept {
  if (task_flags_ & kSleepOver) {
    task_flags_ &= static_cast<std::uint8_t>(~kSleepOver);
    return;
  }
  task_flags_ &= static_cast<std::uint8_t>(~kSleeping);
  wake();
}

// Cancelled between the two hops, the task runs behind all that is ready now, where its wake-up cannot go.
void TaskBase::end_sleep() noexcept {
  task_flags_ &= static_cast<std::uint8_t>(~kSleeping);
  if (armed()) {
    core_->loop()->disarm(static_cast<WakeUp&>(*this));
    core_->call_soon(static_cast<WakeUp&>(*this));
    return;
  }
  try {
    core_->call_soon(*new LateStep(*this));
    task_flags_ |= kSleepOver;
  } catch (const std::bad_alloc&) {  // then it runs a little early
  }
}

// Not inlined, so that throw_cancellation() has nothing to destroy; so is prepare_thrown().
[[gnu::noinline]] PreparedCancellation TaskBase::prepare_cancellation_due() {
  const bool itself = awaits_itself_;
  const bool foreign = awaits_foreign_;
  awaits_itself_ = awaits_foreign_ = false;
  if ((itself || foreign) && !(task_flags_ & kMustCancel)) {
    task_flags_ &= static_cast<std::uint8_t>(~kWaitCancelled);
    throw RuntimeError(itself ? "Task cannot await on itself: " + name()
                              : name() + " awaits a future that is attached to a different loop");
  }
  task_flags_ &= static_cast<std::uint8_t>(~(kMustCancel | kWaitCancelled));
  return prepare_cancellation(CancelledError(take_message()));
}

[[gnu::noinline]] PreparedCancellation TaskBase::prepare_thrown() {
  const std::exception_ptr thrown = take_thrown();
  if (!is_cancelled_error(thrown)) std::rethrow_exception(thrown);
  return prepare_cancellation_like(thrown);
}

void TaskBase::throw_cancellation() { throw_prepared(prepare_cancellation_due()); }
void TaskBase::throw_thrown() { throw_prepared(prepare_thrown()); }

void TaskBase::step() noexcept {
  TaskBase* const outer_task = std::exchange(running_now.task, this);
  ContextRef* const outer_context = std::exchange(running_now.context, &context_);
  waiting_for_ = nullptr;
  if ((task_flags_ & (kStarted | kMustCancel)) == kMustCancel) [[unlikely]] {
    task_flags_ |= kRootFinished;  // the body never begins
  } else {
    task_flags_ |= kStarted;
    do {
      task_flags_ &= static_cast<std::uint8_t>(~kRunnable);
      innermost_->handle().resume();
    } while (task_flags_ & kRunnable);
  }
  running_now.task = outer_task;
  running_now.context = outer_context;
  if (task_flags_ & kRootFinished) finish();
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
  if (!core_->thrown_ && !(task_flags_ & kMustCancel)) [[likely]]
    take_value(*innermost_);
  std::exception_ptr error;
  if (core_->thrown_) [[unlikely]]
    error = take_thrown();
  std::exchange(innermost_, nullptr)->handle().destroy();  // the root: no other is left
  drop_callable();
  leave_list();
  if (!error && !(task_flags_ & kMustCancel)) [[likely]]
    complete(State::kResult);
  else end_without_result(std::move(error));
  release();
}

void TaskBase::end_without_result(std::exception_ptr error) noexcept {
  if (!error) {
    become_cancelled(take_message());
  } else if (is_cancelled_error(error)) {
    std::construct_at(&error_, std::move(error));
    complete(State::kCancelled);
  } else {
    fail(std::move(error));
  }
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
  if (named_) return side_table(*core_).entry(*this).name;
  return "Task-" + std::to_string(number_);
}

std::string TaskBase::describe_task() const {
  std::string text = "task " + name();
  if (const PromiseBase* promise = innermost()) text += place_suffix(", suspended", promise->where());
  return text + place_suffix(", created", created_at_);
}

void TaskBase::set_name(std::string name) {
  side_table(*core_).entry(*this).name = std::move(name);
  named_ = true;
}

void TaskBase::remember_message(const std::string& message) {
  if (message.empty() && !has_message_) return;
  side_table(*core_).entry(*this).cancel_message = message;
  has_message_ = true;
}

std::string TaskBase::take_message() noexcept {
  if (!has_message_) return {};
  has_message_ = false;
  std::string message = std::move(side_table(*core_).entry(*this).cancel_message);
  if (named_) side_table(*core_).entry(*this).cancel_message.clear();
  else side_table(*core_).forget(*this);
  return message;
}

}  // namespace v0
}  // namespace corolla
