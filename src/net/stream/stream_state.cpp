// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/stream_state.hpp>

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include "net/stream/stream_deadline.hpp"

#include <cerrno>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kHighWater = 64 * 1024;
constexpr std::size_t kReceiveLimit = 1024 * 1024;

}  // namespace

StreamState::StreamState(LoopCore& core) noexcept
    : core_(&core), high_water_(kHighWater), low_water_(kHighWater / 4), receive_limit_(kReceiveLimit) {
  core.retain();
}

StreamState::~StreamState() { core_->release(); }

std::exception_ptr StreamState::os_error(int errno_value, std::string_view what) noexcept {
  try {
    return std::make_exception_ptr(OSError(errno_value, what));
  } catch (...) {
    return std::current_exception();
  }
}

// -- receiving ----------------------------------------------------------------------------------------------------

void StreamState::wait_to_receive(TaskBase& task) {
  if (receiver_) throw RuntimeError("receive() called while another task is already waiting for incoming data");
  if (layer_) throw RuntimeError("receive() called on a stream that another one, TLS, stands on");
  if (input_.unread().size() >= receive_limit_) {
    throw LimitOverrunError("the receive buffer is full: " + std::to_string(input_.unread().size()) + " bytes",
                            input_.unread().size());
  }
  if (deadline_) deadline_->arm();
  receiver_ = &task;
  task.wait();
  want_bytes();
}

void StreamState::stop_receiving(TaskBase& task) noexcept {
  if (receiver_ != &task) return;
  receiver_ = nullptr;
  if (!can_receive() && !closed_) unwant_bytes();
}

std::string_view StreamState::take_received() {
  if (input_.has_fresh()) return input_.take_fresh();
  if (receive_error_) std::rethrow_exception(receive_error_);
  if (!ended_) throw TimeoutError("receiving timed out");
  return {};
}

void StreamState::prefetch_receiver(unsigned depth) const noexcept {
  if (!receiver_) return;
  const void* const asked = depth == 0 ? static_cast<const void*>(receiver_) : receiver_->innermost();
  for (std::size_t at = 0; at < sizeof(TaskBase); at += 64) __builtin_prefetch(static_cast<const char*>(asked) + at);
}

// -- sending ------------------------------------------------------------------------------------------------------

void StreamState::send(const std::string_view* pieces, std::size_t count) {
  if (send_error_) return;
  if (closing_) throw RuntimeError("cannot send: the stream is closed");
  if (eof_wanted_) throw RuntimeError("cannot send: send_eof() was called");
  if (sending_file_) throw RuntimeError("cannot send: a file is being sent");
  put(pieces, count);
}

void StreamState::put(const std::string_view* pieces, std::size_t count) {
  if (send_error_) return;
  std::size_t passed = unsent() == 0 ? pass_on(pieces, count) : 0;
  if (send_error_) return;
  bool added = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view piece = pieces[i];
    if (passed >= piece.size()) {
      passed -= piece.size();
      continue;
    }
    output_.append(piece.substr(passed));
    passed = 0;
    added = true;
  }
  if (added) output_added();
}

void StreamState::drop_output(std::size_t count) noexcept {
  // A burst's memory is not kept by a connection that may idle.
  if (count == output_.size()) output_.clear(high_water_);
  else output_.drop(count);
}

void StreamState::wait_to_send(TaskBase& task, Level level) {
  if (deadline_) deadline_->arm();
  (level == Level::kEmpty ? waiting_for_empty_ : waiting_for_low_).push_back(task);
  task.wait();
}

void StreamState::stop_sending(TaskBase& task, Level level) noexcept {
  if (task.linked()) (level == Level::kEmpty ? waiting_for_empty_ : waiting_for_low_).remove(task);
}

void StreamState::check_sent(Level level) const {
  if (send_error_) std::rethrow_exception(send_error_);
  // Another task, woken first, may have sent more by now: only the deadline makes it too late.
  if (!sent(level) && deadline_ && deadline_->passed()) throw TimeoutError("sending timed out");
}

void StreamState::set_write_limits(std::size_t high, std::size_t low) {
  if (low > high) throw ValueError("the high water mark must not be below the low one");
  high_water_ = high;
  low_water_ = low;
}

void StreamState::wake_all(WaiterList& waiters) noexcept {
  while (Waiter* waiter = waiters.pop_front()) {
    TaskBase& task = static_cast<WakeUp*>(waiter)->task();
    if (task.waiting()) task.wake();
  }
}

void StreamState::output_moved() noexcept {
  const std::size_t left = unsent();
  if (left <= low_water_) wake_all(waiting_for_low_);
  if (left == 0) {
    wake_all(waiting_for_empty_);
    // Between two parts of a file nothing is unsent either.
    if (eof_wanted_ && !eof_sent_ && !closed_ && !sending_file_) {
      eof_sent_ = true;
      shut_down_output();
    }
    if (closing_ && !closed_ && !sending_file_ && say_goodbye()) finish_closing();
  }
  if (layer_) layer_->below_moved();
}

void StreamState::send_failed(std::exception_ptr error) noexcept {
  if (!send_error_) send_error_ = std::move(error);
  output_.clear();
  wake_all(waiting_for_low_);
  wake_all(waiting_for_empty_);
  if (closing_ && !closed_) finish_closing();
  if (layer_) layer_->below_moved();
}

void StreamState::send_eof() {
  if (eof_wanted_ || send_error_) return;
  if (!can_send_eof()) throw RuntimeError("this kind of stream cannot be half closed");
  if (closing_) throw RuntimeError("cannot send the end: the stream is closed");
  eof_wanted_ = true;
  if (unsent() == 0 && !sending_file_) {
    eof_sent_ = true;
    shut_down_output();
  }
}

// -- life ---------------------------------------------------------------------------------------------------------

void StreamState::close() noexcept {
  if (closing_) return;
  closing_ = true;
  end_arrived(false);
  if (send_error_ || (unsent() == 0 && !sending_file_ && say_goodbye())) finish_closing();
}

void StreamState::close_top() noexcept {
  if (layer_) layer_->close_top();
  else close();
}

void StreamState::finish_closing() noexcept {
  if (closed_) return;
  closed_ = true;
  if (deadline_) deadline_->disarm();
  close_now();
  wake_all(waiting_for_close_);
  if (layer_) layer_->below_moved();
}

void StreamState::abort() noexcept {
  if (closed_) return;
  const FutureRef<StreamState> keep = FutureRef<StreamState>::share(this);
  closing_ = closed_ = true;
  if (deadline_) deadline_->disarm();
  close_now();
  const std::exception_ptr error = os_error(ECONNABORTED, "the stream was closed");
  if (!ended_ && !receive_error_) receive_failed(error, false);
  send_failed(error);
  wake_all(waiting_for_close_);
}

void StreamState::wait_to_close(TaskBase& task) {
  waiting_for_close_.push_back(task);
  task.wait();
}

void StreamState::stop_closing(TaskBase& task) noexcept {
  if (task.linked()) waiting_for_close_.remove(task);
}

// -- a stream on this one -----------------------------------------------------------------------------------------

void StreamState::set_layer(StreamLayer* layer) {
  if (layer && (layer_ || receiver_)) throw RuntimeError("somebody receives from the stream already");
  layer_ = layer;
}

}  // namespace v0
}  // namespace corolla
