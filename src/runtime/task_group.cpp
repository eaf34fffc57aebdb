// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/task_group.hpp>

namespace corolla {
inline namespace v0 {

/// A child's place in the group, in order of creation, and in the list of those its task will wake.
class TaskGroup::Child final : public Waiter, public FromBlockCache {
 public:
  Child(TaskGroup& group, FutureRef<FutureBase> child) noexcept : group_(group), task(std::move(child)) {}
  void run() noexcept override {
    TaskGroup& group = group_;
    const FutureRef<FutureBase> done = std::move(task);
    drop();
    group.child_done(*done);
  }
  void drop() noexcept override {
    group_.unlink(*this);
    delete this;
  }
  FutureBase* awaiter() noexcept override { return &group_.parent_; }

 private:
  TaskGroup& group_;

 public:
  FutureRef<FutureBase> task;
  Child* next = nullptr;
  Child* previous = nullptr;
};

TaskGroup::TaskGroup()
    : loop_(get_running_loop()), parent_([this]() -> TaskBase& {
        TaskBase* task = loop_.core().current_task();
        if (!task) throw RuntimeError("task_group() is used outside of a task");
        return *task;
      }()) {}

// Reached with children only when the loop dies: they are older or newer tasks, some destroyed already.
TaskGroup::~TaskGroup() {
  while (Child* child = first_) {
    if (child->linked()) child->task->remove_waiter(*child);
    child->drop();
  }
}

void TaskGroup::require_active() const {
  if (leaving_ && !first_) throw RuntimeError("TaskGroup is finished");
  if (aborting_) throw RuntimeError("TaskGroup is shutting down");
}

void TaskGroup::adopt(FutureRef<FutureBase> task) {
  FutureBase& future = *task;
  auto* child = new Child(*this, std::move(task));
  child->previous = last_;
  (last_ ? last_->next : first_) = child;
  last_ = child;
  ++count_;
  future.add_waiter(*child);
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

void TaskGroup::child_done(FutureBase& task) {
  if (!first_ && joining_ && parent_.waiting()) parent_.wake();
  if (task.state() != FutureBase::State::kException) return;
  errors_.push_back(task.failure());
  if (!aborting_ && !parent_cancel_requested_) {
    abort();
    parent_cancel_requested_ = true;
    parent_.cancel();
  }
}

void TaskGroup::begin_leaving(const std::exception_ptr& body_error) {
  leaving_ = true;
  if (!body_error) return;
  if (is_cancelled_error(body_error)) cancellation_ = body_error;
  if (!aborting_) abort();
}

void TaskGroup::cancelled_while_leaving(std::exception_ptr cancelled) {
  if (aborting_) return;
  cancellation_ = std::move(cancelled);
  abort();
}

void TaskGroup::finish(const std::exception_ptr& body_error) {
  if (parent_cancel_requested_ && parent_.uncancel() == 0) cancellation_ = nullptr;
  if (cancellation_ && errors_.empty()) std::rethrow_exception(cancellation_);
  if (body_error && !is_cancelled_error(body_error)) errors_.push_back(body_error);
  if (errors_.empty()) return;
  if (parent_.cancelling() > 0) {  // a cancellation from outside is delivered at the next await
    parent_.uncancel();
    parent_.cancel();
  }
  throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(errors_));
}

}  // namespace v0
}  // namespace corolla
