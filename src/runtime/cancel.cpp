// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/gather_children.hpp>
#include <corolla/runtime/task_base.hpp>

#include <vector>

namespace corolla {
inline namespace v0 {

// cancel() walks down from a future to the leaves of what it waits for.
//
// A plain future ends cancelled and says yes. A task notes the request and always says yes; what happens next depends
// on what it waits for: a leaf is ended, another future is asked in turn, and when that one declines (it is done, the
// task is about to run) or when there is none, the task gets CancelledError at its next step. A gather asks each of its
// children in order and says whether any said yes.
//
// Who asks a failed future or task to stop knows of it, as in asyncio: its exception counts as retrieved. A gather's does
// not.
//
// The answer of a task is known before its own future has been asked, so a chain of tasks is a loop. Only gathers need
// a stack, and that is a vector: no depth of nesting uses the machine's stack. A cycle of awaits would go round for
// ever; Brent's test finds it, and the task that closes it is simply made to run.
class CancelWalk {
 public:
  explicit CancelWalk(const std::string& message) : message_(message) {}

  bool run(FutureBase& root) {
    const bool is_task = root.kind() == FutureBase::Kind::kTask && !root.done();
    bool accepted = descend(root, nullptr);
    while (!gathers_.empty()) {
      OpenGather& open = gathers_.back();
      open.any |= accepted;
      if (open.next_child < open.gather->size()) {
        FutureBase& child = open.gather->at(open.next_child++);
        // A task answers yes whatever becomes of what it waits for.
        open.any |= child.kind() == FutureBase::Kind::kTask && !child.done();
        accepted = descend(child, nullptr);
        continue;
      }
      const OpenGather closed = open;
      gathers_.pop_back();
      closed.gather->leave_walk(closed.any, message_);
      accepted = closed.any;
      if (closed.owner) {  // a task waited for this gather, and its own answer was counted when it was met
        if (!accepted) request(*closed.owner);
        accepted = false;
      }
    }
    return is_task || accepted;
  }

 private:
  struct OpenGather {
    GatherChildren* gather;
    TaskBase* owner;  // the task that waits for it, if any
    std::size_t next_child;
    bool any;
  };

  // Follows a chain of tasks to its end. Returns the end's answer if the chain had no task in it, else false, since the
  // task's answer was counted by the caller. An open gather gives its answer later: false for now.
  bool descend(FutureBase& start, TaskBase* owner) {
    FutureBase* future = &start;
    const FutureBase* checkpoint = nullptr;
    std::size_t steps = 0;
    std::size_t power = 1;
    for (;;) {
      if (future->done()) {
        future->forget_failure();
        if (owner) request(*owner);
        return false;
      }
      if (future == checkpoint) {  // a cycle, so there is an owner, and it waits for this pending future
        owner->waiting_for_->remove_waiter(*owner);
        owner->waiting_for_ = nullptr;
        request(*owner);
        owner->start();
        return false;
      }
      switch (future->kind()) {
        case FutureBase::Kind::kPlain: future->become_cancelled(message_); return owner == nullptr;
        case FutureBase::Kind::kGather:
          if (future->gather_children()->enter_walk()) {
            gathers_.push_back({future->gather_children(), owner, 0, false});
          } else if (owner) {  // it waits, in the end, for itself
            request(*owner);
          }
          return false;
        case FutureBase::Kind::kTask: break;
      }
      TaskBase& task = static_cast<TaskBase&>(*future);
      ++task.cancel_requests_;
      if (task.task_flags_ & TaskBase::kWaiting) {
        task.remember_message(message_);
        task.cancel_pending_wait();
        return false;
      }
      if (!task.waiting_for_) {
        request(task);
        return false;
      }
      if (++steps == power) {
        checkpoint = future;
        power *= 2;
      }
      owner = &task;
      future = task.waiting_for_;
    }
  }

  // The task gets CancelledError at its next step. One that is on its way to it already keeps its message.
  void request(TaskBase& task) {
    const FutureBase* ended = task.waiting_for_;
    if (ended && (ended->cancelled() || (ended->failed() && is_cancelled_error(ended->error_)))) {
      task.remember_message(message_of(ended->error_));
    } else if (!(task.task_flags_ & TaskBase::kWaitCancelled) || task.awaits_itself_ || task.awaits_foreign_) {
      task.remember_message(message_);
    }
    task.task_flags_ |= TaskBase::kMustCancel;
  }
  static std::string message_of(const std::exception_ptr& cancelled) {
    if (!cancelled) return {};
    try {
      std::rethrow_exception(cancelled);
    } catch (const CancelledError& error) {
      return error.message();
    }
  }

  const std::string& message_;
  std::vector<OpenGather> gathers_;
};

bool FutureBase::cancel(const std::string& message) {
  core_->check_thread();
  if (done()) {
    forget_failure();
    return false;
  }
  // Ending a wait can drop the last handle of what is cancelled; nothing here runs user code, but be safe.
  const FutureRef<FutureBase> keep = FutureRef<FutureBase>::share(this);
  return CancelWalk(message).run(*this);
}

}  // namespace v0
}  // namespace corolla
