// SPDX-License-Identifier: Apache-2.0
#include "net/stream/stream_deadline.hpp"

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/event_loop.hpp>

namespace corolla {
inline namespace v0 {

void StreamState::Deadline::arm() {
  EventLoop* const loop = stream_.core().loop();
  if (!until_ || stream_.closed() || !loop) return;
  if (holds_) {
    if (!armed() || armed_for_ <= *until_) return;
    loop->disarm(*this);
  }
  loop->arm(*this, *until_);
  armed_for_ = *until_;
  if (!std::exchange(holds_, true)) stream_.retain();
}

void StreamState::Deadline::disarm() noexcept {
  EventLoop* const loop = stream_.core().loop();
  if (!loop || !armed()) return;
  loop->disarm(*this);
  let_go();
}

bool StreamState::Deadline::passed() const noexcept { return until_ && stream_.core().loop()->time() >= *until_; }

void StreamState::Deadline::let_go() noexcept {
  holds_ = false;
  stream_.release();
}

void StreamState::Deadline::run() noexcept {
  const FutureRef<StreamState> keep = FutureRef<StreamState>::share(&stream_);
  let_go();
  if (stream_.closed() || !until_ || !stream_.anybody_waits()) return;
  if (!passed()) {
    try {
      arm();
      return;
    } catch (...) {  // out of memory: rather early than never
    }
  }
  stream_.deadline_passed();
}

void StreamState::set_deadline(std::optional<time_point> deadline) {
  if (!deadline_ && !deadline) return;
  if (!deadline_) deadline_ = std::make_unique<Deadline>(*this);
  deadline_->set(deadline);
  if (anybody_waits()) deadline_->arm();
}

bool StreamState::anybody_waits() const noexcept {
  return receiver_ || !waiting_for_low_.empty() || !waiting_for_empty_.empty() || (closing_ && !closed_);
}

void StreamState::deadline_passed() noexcept {
  wake_receiver(false);
  wake_all(waiting_for_low_);
  wake_all(waiting_for_empty_);
  if (closing_) abort();
}

}  // namespace v0
}  // namespace corolla
