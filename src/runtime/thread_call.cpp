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
    if (state_.load(std::memory_order_relaxed) != State::kCancelled) run_callable();
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
  static_cast<void>(state_once_it_does_not_run());
  state_.store(State::kCancelled, std::memory_order_release);
}

bool ThreadCall::cancelled() noexcept {
  if (running_here == this) return cancelled_itself_;
  return state_once_it_does_not_run() == State::kCancelled;
}

ThreadCall::State ThreadCall::state_once_it_does_not_run() noexcept {
  State state = state_.load(std::memory_order_acquire);
  while (state == State::kRunning || state == State::kRunningAwaited) {
    if (state == State::kRunningAwaited) {
      state_.wait(state, std::memory_order_acquire);
      state = state_.load(std::memory_order_acquire);
    } else if (state_.compare_exchange_strong(state, State::kRunningAwaited, std::memory_order_acq_rel)) {
      state = State::kRunningAwaited;
    }
  }
  return state;
}

}  // namespace v0
}  // namespace corolla
