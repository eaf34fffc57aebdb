// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/task_group.hpp>

#include <corolla/runtime/run.hpp>

namespace corolla {
inline namespace v0 {

namespace {

// What a group does not wrap.
bool is_base_error(const std::exception_ptr& error) { return exception_is<KeyboardInterrupt>(error); }

}  // namespace

/// A child's place in the group, in order of creation, and in the list of those its task will wake.
class TaskGroup::Child final : public Waiter, public FromBlockCache {
 public:
  Child(TaskGroup& group, FutureRef<FutureBase> child, FutureRef<FutureBase> readiness) noexcept
      : group_(group), task(std::move(child)), ready_(std::move(readiness)) {}
  void run() noexcept override {
    TaskGroup& group = group_;
    const FutureRef<FutureBase> done = std::move(task);
    const FutureRef<FutureBase> ready = std::move(ready_);
    drop();
    group.child_done(*done, ready.get());
  }
  void drop() noexcept override {
    group_.unlink(*this);
    delete this;
  }
  FutureBase* awaiter() noexcept override { return group_.parent_; }

 private:
  TaskGroup& group_;

 public:
  FutureRef<FutureBase> task;
  Child* next = nullptr;
  Child* previous = nullptr;

 private:
  FutureRef<FutureBase> ready_;  // what start() waits for, if it made this child
};

// Reached with children only when the loop dies: they are older or newer tasks, some destroyed already.
TaskGroup::~TaskGroup() {
  while (Child* child = first_) {
    if (child->linked()) child->task->remove_waiter(*child);
    child->drop();
  }
}

void TaskGroup::enter() {
  if (loop_) throw RuntimeError("TaskGroup has already been entered");
  EventLoop& loop = get_running_loop();
  parent_ = running_now.task;
  if (!parent_) throw RuntimeError("TaskGroup cannot determine the parent task: it is used outside of a task");
  loop_ = &loop;
  if (cancel_on_enter_) cancel();
}

void TaskGroup::leave() noexcept {
  leaving_ = true;
  joining_ = false;
  parent_ = nullptr;
  errors_.clear();
  base_error_ = cancellation_ = last_cancellation_ = nullptr;
}

EventLoop& TaskGroup::active_loop() const {
  if (!loop_) throw RuntimeError("TaskGroup has not been entered");
  if (leaving_ && !first_) throw RuntimeError("TaskGroup is finished");
  if (aborting_) throw RuntimeError("TaskGroup is shutting down");
  return *loop_;
}

void TaskGroup::adopt(FutureRef<FutureBase> task, FutureRef<FutureBase> ready) {
  FutureBase& future = *task;
  auto* child = new Child(*this, std::move(task), std::move(ready));
  child->previous = last_;
  (last_ ? last_->next : first_) = child;
  last_ = child;
  ++count_;
  future.add_waiter(*child);
  // An eager child may have ended the group in its first step, before it stood in the list.
  if (aborting_ && !future.done()) future.cancel();
}

void TaskGroup::unlink(Child& child) noexcept {
  (child.previous ? child.previous->next : first_) = child.next;
  (child.next ? child.next->previous : last_) = child.previous;
  --count_;
}

void TaskGroup::abort() {
  aborting_ = true;
  for (Child* child = first_; child; child = child->next) child->task->cancel();
}

void TaskGroup::interrupt_parent() {
  if (!parent_ || std::exchange(parent_cancel_requested_, true)) return;
  parent_->cancel();
}

void TaskGroup::cancel() {
  if (!loop_) cancel_on_enter_ = true;
  if (!loop_ || aborting_ || (leaving_ && !first_)) return;
  abort();
  interrupt_parent();
}

void TaskGroup::child_done(FutureBase& task, FutureBase* ready) {
  if (!first_ && joining_ && parent_->waiting()) parent_->wake();
  if (ready && ready->state() != FutureBase::State::kResult) {  // start() answers for it
    if (ready->done()) return;
    if (task.cancelled()) ready->cancel();
    else if (std::exception_ptr error = task.failure()) ready->set_exception(std::move(error));
    else ready->set_exception(std::make_exception_ptr(RuntimeError("the child ended without calling started()")));
    return;
  }
  if (task.state() != FutureBase::State::kException) return;
  errors_.push_back(task.failure());
  if (!base_error_ && is_base_error(errors_.back())) base_error_ = errors_.back();
  if (!aborting_ && !parent_cancel_requested_) {
    abort();
    interrupt_parent();
  }
}

void TaskGroup::begin_leaving(const std::exception_ptr& body_error) {
  leaving_ = true;
  if (!body_error) return;
  if (!base_error_ && is_base_error(body_error)) base_error_ = body_error;
  if (is_cancelled_error(body_error)) cancellation_ = body_error;
  if (!aborting_) abort();
}

void TaskGroup::cancelled_while_leaving(std::exception_ptr cancelled) {
  last_cancellation_ = cancelled;
  if (aborting_) return;
  cancellation_ = std::move(cancelled);
  abort();
}

void TaskGroup::throw_base_error() {
  for (const std::exception_ptr& error : errors_) {
    if (error == base_error_) continue;
    loop_->call_exception_handler(ErrorContext("an exception in a TaskGroup gave way to a KeyboardInterrupt", error));
  }
  std::rethrow_exception(base_error_);
}

void TaskGroup::finish(const std::exception_ptr& body_error) {
  if (parent_cancel_requested_) {
    if (parent_->uncancel() == 0) cancellation_ = nullptr;
    else if (!cancellation_) cancellation_ = last_cancellation_;  // not the group's own: somebody else's goes on
  }
  const bool body_failed = body_error && !is_cancelled_error(body_error);
  if (base_error_) {
    if (body_failed) errors_.push_back(body_error);
    throw_base_error();
  }
  if (cancellation_ && errors_.empty()) std::rethrow_exception(cancellation_);
  if (body_failed) errors_.push_back(body_error);
  if (errors_.empty()) return;
  if (parent_->cancelling() > 0) {  // a cancellation from outside is delivered at the next await
    parent_->uncancel();
    parent_->cancel();
  }
  throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(errors_));
}

}  // namespace v0
}  // namespace corolla
