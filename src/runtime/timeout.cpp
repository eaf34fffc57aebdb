// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/timeout.hpp>

#include <corolla/runtime/task.hpp>

namespace corolla {
inline namespace v0 {

void Timeout::enter() {
  if (state_ != State::kCreated) throw RuntimeError("Timeout has already been entered");
  task_ = running_now.task;
  if (!task_) throw RuntimeError("Timeout is used outside of a task");
  cancelling_ = task_->cancelling();
  state_ = State::kActive;
  arm();
}

void Timeout::abandon() noexcept {
  handle_.cancel();
  handle_ = Handle();
  task_ = nullptr;
  if (state_ == State::kActive) state_ = State::kFinished;
  else if (state_ == State::kExpiring) state_ = State::kExpired;
}

void Timeout::reschedule(std::optional<time_point> when) {
  switch (state_) {
    case State::kActive: break;
    case State::kCreated: throw RuntimeError("Timeout has not been entered");
    case State::kExpiring: throw RuntimeError("Cannot change the deadline of an expiring Timeout");
    case State::kExpired: throw RuntimeError("Cannot change the deadline of an expired Timeout");
    case State::kFinished: throw RuntimeError("Cannot change the deadline of a finished Timeout");
  }
  when_ = when;
  arm();
}

void Timeout::arm() {
  handle_.cancel();
  handle_ = Handle();
  if (!when_) return;
  EventLoop& loop = *task_->core().loop();
  auto callback = [this] { fire(); };
  handle_ = *when_ <= loop.time() ? loop.call_soon(callback) : loop.call_at(*when_, callback);
}

void Timeout::fire() {
  handle_ = Handle();
  state_ = State::kExpiring;
  task_->cancel();
}

void Timeout::leave(std::exception_ptr error) {
  TaskBase& task = *task_;
  const bool fired = state_ == State::kExpiring;
  abandon();
  if (fired && task.uncancel() <= cancelling_ && is_cancelled_error(error)) throw TimeoutError();
  if (error) std::rethrow_exception(std::move(error));
}

}  // namespace v0
}  // namespace corolla
