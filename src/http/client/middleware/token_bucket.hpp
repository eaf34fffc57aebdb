// SPDX-License-Identifier: Apache-2.0
/// \file
/// TokenBucket: a rate that tasks keep to, in the order in which they came.
#pragma once

#include <corolla/http/rate_limit.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>

#include <chrono>
#include <deque>

namespace corolla::inline v0::http {

/// Time is kept in place of tokens: `full_at_` is when the bucket will be full again, and each token taken moves it by one
/// interval. So there is a token as long as it lies less than burst intervals ahead. Tasks that find none queue; a timer wakes the
/// first of them when there is one. One loop, not thread safe.
class TokenBucket {
 public:
  /// ValueError for a period that is not positive.
  explicit TokenBucket(const Rate& rate);
  TokenBucket(const TokenBucket&) = delete;
  TokenBucket& operator=(const TokenBucket&) = delete;
  ~TokenBucket() { timer_.cancel(); }

  /// Waits for a token and takes it.
  [[nodiscard]] Coro<void> take();
  /// As many tokens as there can be, and nobody waits.
  [[nodiscard]] bool full() const;

 private:
  using time_point = std::chrono::steady_clock::time_point;
  [[nodiscard]] bool try_take(time_point now);
  void put_back() noexcept { full_at_ -= interval_; }
  void wake_waiters();

  std::chrono::nanoseconds interval_{0};
  std::chrono::nanoseconds capacity_{0};
  time_point full_at_{};
  std::deque<Future<void>> waiters_;  // cancelled ones are skipped
  TimerHandle timer_;
};

}  // namespace corolla::inline v0::http
