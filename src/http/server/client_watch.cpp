// SPDX-License-Identifier: Apache-2.0
#include "http/server/client_watch.hpp"

#include <corolla/runtime/running.hpp>

#include <utility>

namespace corolla::inline v0::http {

void ClientWatch::begin() {
  task_ = running_now.task;
  cancelling_ = task_->cancelling();
  fired_ = false;
  if (!held_) look();
}

bool ClientWatch::leave() noexcept {
  TaskBase* const task = task_;
  const bool fired = fired_;
  stop();
  return fired && task->uncancel() <= cancelling_;
}

void ClientWatch::stop() noexcept {
  look_away();
  task_ = nullptr;
  fired_ = false;
}

void ClientWatch::client_went() noexcept {
  if (!task_ || std::exchange(fired_, true)) return;
  try {
    task_->cancel();
  } catch (...) {  // out of memory: it learns of it by sending
    fired_ = false;
  }
}

void ClientWatch::hold() noexcept {
  held_ = true;
  look_away();
}

void ClientWatch::let_go() {
  held_ = false;
  if (task_ && !fired_) look();
}

void ClientWatch::look() {
  if (!stream_ || looking_) return;
  stream_->set_layer(this);
  looking_ = true;
  below_received(false);
}

void ClientWatch::look_away() noexcept {
  if (!std::exchange(looking_, false)) return;
  stream_->unwant_for_layer();
  stream_->set_layer(nullptr);
}

void ClientWatch::below_received(bool /*now*/) noexcept {
  told_ = true;
  if (!wanting_) want_more();
}

// What the stream has already is told inside want_for_layer(): a loop, since that may be much.
void ClientWatch::want_more() noexcept {
  wanting_ = true;
  while (std::exchange(told_, false)) {
    static_cast<void>(stream_->input().take_fresh());  // it is found where it stands
    if (stream_->input_ended() || stream_->receive_error()) client_went();
    else if (stream_->input().unread().size() < kMostAhead) stream_->want_for_layer();
  }
  wanting_ = false;
}

}  // namespace corolla::inline v0::http
