// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/thread_call.hpp>

#include <corolla/runtime/callback.hpp>
#include <corolla/runtime/event_loop.hpp>

namespace corolla {
inline namespace v0 {

namespace {

// What runs in this thread and could be cancelled from elsewhere.
thread_local const ThreadCall* running_here = nullptr;

}  // namespace

void ThreadCall::run_callable() noexcept {
  try {
    const ContextScope context(context_);
    invoke();
  } catch (...) {
    if (EventLoop* loop = running_loop_or_null()) report_current_exception(loop->core(), "Exception in callback");
  }
  drop_callable();
}

void ThreadCall::run() noexcept {
  if (sole_holder()) {
    if (!cancelled()) run_callable();
    delete this;
    return;
  }
  State state = State::kQueued;
  if (state_.compare_exchange_strong(state, State::kRunning, std::memory_order_acq_rel)) {
    running_here = this;
    run_callable();
    running_here = nullptr;
    const State end = cancelled_itself_ ? State::kCancelled : State::kDone;
    if (state_.exchange(end, std::memory_order_acq_rel) == State::kRunningAwaited) state_.notify_all();
  }
  release();
}

void ThreadCall::drop() noexcept {
  State state = State::kQueued;
  if (state_.compare_exchange_strong(state, State::kDone, std::memory_order_acq_rel)) drop_callable();
  release();
}

void ThreadCall::cancel() noexcept {
  State state = State::kQueued;
  if (state_.compare_exchange_strong(state, State::kCancelled, std::memory_order_acq_rel)) {
    drop_callable();
    return;
  }
  if (running_here == this) {
    cancelled_itself_ = true;
    return;
  }
  while (state != State::kCancelled) {
    if (state == State::kRunningAwaited) {
      state_.wait(state, std::memory_order_acquire);
      state = state_.load(std::memory_order_acquire);
    } else {
      const State next = state == State::kRunning ? State::kRunningAwaited : State::kCancelled;
      if (state_.compare_exchange_strong(state, next, std::memory_order_acq_rel)) state = next;
    }
  }
}

}  // namespace v0
}  // namespace corolla
