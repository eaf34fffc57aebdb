// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/callback.hpp>

#include <corolla/runtime/event_loop.hpp>

#include "runtime/reports.hpp"

#include <atomic>

namespace corolla {
inline namespace v0 {

std::string Schedulable::describe() const { return type_name(typeid(*this)); }

// One reference belongs to the loop from scheduling to the run (or drop, or, for a timer, the cancellation).

void ScheduledCallback::run() noexcept {
  if (!cancelled_) {
    running_ = true;
    try {
      const ContextScope context(origin_.context);
      invoke();
    } catch (...) {
      report_current_exception(*core_, "Exception in callback");
    }
  }
  finish();
}

void ScheduledCallback::drop() noexcept { finish(); }

void ScheduledCallback::finish() noexcept {
  finished_ = true;
  drop_callable();
  release();
}

void ScheduledCallback::cancel() noexcept {
  if (cancelled_) return;
  cancelled_ = true;
  if (finished_) return;
  EventLoop* const loop = core_->loop();
  if (armed() && loop) {
    loop->disarm(*this);
    finish();
    return;
  }
  // A queued one stays in the queue and is skipped there; a dying loop drops its timers by itself. The callable goes at
  // once, unless it is running right now.
  if (!running_) drop_callable();
}

std::string ScheduledCallback::describe() const {
  return "callback " + type_name(callable_type()) + place_suffix(" scheduled", origin_.where);
}

DoneCallback::DoneCallback(FutureBase& future, ContextRef context) noexcept
    : future_(&future), context_(std::move(context)) {
  static std::atomic<std::uint64_t> next{1};
  id_ = CallbackId{next.fetch_add(1, std::memory_order_relaxed)};
}

void DoneCallback::future_done() noexcept {
  queued_ = true;
  future_->retain();
}

std::string DoneCallback::describe() const { return "done callback " + type_name(callable_type()); }

void DoneCallback::run() noexcept {
  try {
    const ContextScope context(context_);
    invoke();
  } catch (...) {
    report_current_exception(future_->core(), "Exception in done callback");
  }
  drop();
}

void DoneCallback::drop() noexcept {
  FutureBase* const held = queued_ ? future_ : nullptr;
  delete this;
  if (held) held->release();
}

void register_done_callback(FutureBase& future, DoneCallback& callback) noexcept {
  future.announce_completion();
  if (future.done()) callback.future_done();
  future.add_waiter(callback);
}

bool remove_done_callback_from(FutureBase& future, CallbackId id) noexcept {
  WaiterList& waiters = future.waiters();
  for (Waiter* waiter = waiters.front(); waiter; waiter = waiters.next(*waiter)) {
    auto* callback = dynamic_cast<DoneCallback*>(waiter);
    if (callback && callback->id() == id) {
      waiters.remove(*callback);
      callback->drop();
      return true;
    }
  }
  return false;
}

}  // namespace v0
}  // namespace corolla
