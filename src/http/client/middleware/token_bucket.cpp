// SPDX-License-Identifier: Apache-2.0
#include "http/client/middleware/token_bucket.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <utility>

namespace corolla::inline v0::http {

TokenBucket::TokenBucket(const Rate& rate) {
  if (rate.requests == 0) return;
  if (rate.period <= std::chrono::nanoseconds(0)) throw ValueError("the period of a rate must be positive");
  interval_ = std::max(rate.period / rate.requests, std::chrono::nanoseconds(1));
  capacity_ = interval_ * (rate.burst ? rate.burst : rate.requests);
}

bool TokenBucket::full() const { return waiters_.empty() && full_at_ <= get_running_loop().time(); }

bool TokenBucket::try_take(time_point now) {
  const time_point after = std::max(full_at_, now) + interval_;
  if (after > now + capacity_) return false;
  full_at_ = after;
  return true;
}

Coro<void> TokenBucket::take() {
  EventLoop& loop = get_running_loop();
  if (waiters_.empty() && try_take(loop.time())) co_return;
  Future<void> granted = loop.create_future<void>();
  waiters_.push_back(granted);
  if (waiters_.size() == 1) wake_waiters();
  try {
    co_await granted;
  } catch (...) {
    if (granted.done() && !granted.cancelled()) {  // it was granted, and nobody will use it
      put_back();
      wake_waiters();
    }
    throw;
  }
}

void TokenBucket::wake_waiters() {
  timer_.cancel();
  EventLoop& loop = get_running_loop();
  const time_point now = loop.time();
  while (!waiters_.empty()) {
    if (waiters_.front().done()) {
      waiters_.pop_front();
    } else if (try_take(now)) {
      const Future<void> first = std::move(waiters_.front());
      waiters_.pop_front();
      first.set_result();
    } else {
      timer_ = loop.call_at(full_at_ + interval_ - capacity_, [this] { wake_waiters(); });
      return;
    }
  }
}

}  // namespace corolla::inline v0::http
