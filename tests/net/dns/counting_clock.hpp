// SPDX-License-Identifier: Apache-2.0
/// \file
/// CountingClock: finds loops that spin.
#pragma once

#include "tests/net/net_test.hpp"

#include <corolla/runtime/clock.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace corolla_tests {

/// The steady clock. A loop that has a timer looks at it each time it has asked the kernel, so it counts those.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] time_point now() const noexcept override {
    ++looks_;
    return std::chrono::steady_clock::now();
  }
  bool idle(std::optional<time_point>) override { return false; }
  [[nodiscard]] std::size_t looks() const noexcept { return looks_; }

 private:
  mutable std::size_t looks_ = 0;
};

/// A loop that counts; see CountingClock.
class CountingLoop {
 public:
  CountingLoop() : loop_(options(clock_)) {
    loop_.call_later(24h, [] {});
  }
  void run(Coro<void> body) {
    loop_.run_until_complete(std::move(body));
    loop_.run_until_complete(loop_.shutdown_default_executor());
  }
  [[nodiscard]] CountingClock& clock() noexcept { return *clock_; }

 private:
  static EventLoopOptions options(const std::shared_ptr<CountingClock>& clock) {
    EventLoopOptions result;
    result.clock = clock;
    return result;
  }
  std::shared_ptr<CountingClock> clock_ = std::make_shared<CountingClock>();
  EventLoop loop_;
};

/// Waits for some milliseconds of another thread's work and expects the loop to have slept meanwhile: a descriptor that
/// is reported again and again would make it look at the clock thousands of times.
inline Coro<void> expect_sleep(CountingClock& clock, std::string what) {
  co_await sleep(0s);  // what is ready now is no spinning
  co_await sleep(0s);
  const std::size_t before = clock.looks();
  auto working = to_thread([] { return pattern(std::size_t{8} << 20).back(); });
  static_cast<void>(co_await std::move(working));
  EXPECT_LE(clock.looks() - before, 40U) << what;
}

}  // namespace corolla_tests
