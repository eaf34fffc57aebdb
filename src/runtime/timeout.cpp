// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/timeout.hpp>

#include <corolla/runtime/task.hpp>

namespace corolla {
inline namespace v0 {

namespace {

TaskBase& entering_task() {
  EventLoop* loop = running_loop_or_null();
  TaskBase* task = loop ? loop->core().current_task() : nullptr;
  if (!task) throw RuntimeError("timeout() is used outside of a task");
  return *task;
}

}  // namespace

Timeout::Timeout(std::optional<time_point> when) : task_(entering_task()), cancelling_(task_.cancelling()) {
  reschedule(when);
}

Timeout::~Timeout() { handle_.cancel(); }

void Timeout::reschedule(std::optional<time_point> when) {
  if (state_ != State::kActive) throw RuntimeError("Cannot change the deadline of a timeout that is over");
  when_ = when;
  handle_.cancel();
  handle_ = Handle();
  if (!when) return;
  EventLoop& loop = *task_.core().loop();
  auto callback = [this] { fire(); };
  handle_ = *when <= loop.time() ? loop.call_soon(callback) : loop.call_at(*when, callback);
}

void Timeout::fire() {
  handle_ = Handle();
  state_ = State::kExpiring;
  task_.cancel();
}

void Timeout::leave(std::exception_ptr error) {
  handle_.cancel();
  if (state_ == State::kExpiring) {
    state_ = State::kExpired;
    if (task_.uncancel() <= cancelling_ && is_cancelled_error(error)) throw TimeoutError();
  } else {
    state_ = State::kLeft;
  }
  if (error) std::rethrow_exception(std::move(error));
}

}  // namespace v0
}  // namespace corolla
