// SPDX-License-Identifier: Apache-2.0
/// \file
/// Destroys a loop after each of its iterations in turn, so that every suspension point of a test is destroyed once.
#pragma once

#include "tests/support/sanitizers.hpp"

#include <corolla/runtime.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <cstddef>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace corolla_tests {

inline constexpr std::size_t kEveryStepUpTo = kThreadSanitizer ? 300 : 2000;
inline constexpr std::size_t kSamplesBeyond = kThreadSanitizer ? 100 : 200;

/// A loop on a virtual clock. A test that waits for something that will never happen fails instead of hanging.
class VirtualLoop {
 public:
  VirtualLoop() : loop_(options(*this)) {
    clock_->on_idle([]() -> bool { throw corolla::RuntimeError("the test waits for something that never happens"); });
  }
  [[nodiscard]] corolla::EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] corolla::testkit::VirtualClock& clock() noexcept { return *clock_; }

 private:
  static corolla::EventLoopOptions options(VirtualLoop& self) {
    corolla::EventLoopOptions result;
    result.clock = self.clock_;
    return result;
  }
  std::shared_ptr<corolla::testkit::VirtualClock> clock_ = std::make_shared<corolla::testkit::VirtualClock>();
  corolla::EventLoop loop_;
};

/// A loop on the real clock, for tests that talk to the kernel.
class RealLoop {
 public:
  [[nodiscard]] corolla::EventLoop& loop() noexcept { return loop_; }

 private:
  corolla::EventLoop loop_;
};

inline void expect_same_live_objects(const corolla::LiveObjects& before, const char* when) {
  const corolla::LiveObjects now = corolla::live_objects();
  EXPECT_EQ(now.frames, before.frames) << "coroutine frames leaked " << when;
  EXPECT_EQ(now.futures, before.futures) << "futures leaked " << when;
}

/// Runs `body` (a callable that returns a Coro<void>) for `limit` iterations, then destroys the loop under it, which the
/// handle of the body's task outlives. Returns the number of iterations run; fewer than `limit` when the body was done.
template <class Loop, class Body>
std::size_t run_steps(Body& body, std::size_t limit) {
  corolla::Task<void> main;
  std::size_t steps = 0;
  {
    Loop owner;
    corolla::EventLoop& loop = owner.loop();
    loop.set_exception_handler([](corolla::EventLoop&, const corolla::ErrorContext&) {});
    main = loop.create_task(body());
    while (steps < limit && !main.done()) {
      loop.run_once();
      ++steps;
    }
  }
  EXPECT_TRUE(main.done());
  static_cast<void>(main.cancelled() ? nullptr : main.exception());
  return steps;
}

/// For k = 0, 1, 2 … : runs `body` on a fresh loop, stops after iteration k and destroys the loop. All k up to 2,000,
/// then 200 evenly spread ones; fewer under ThreadSanitizer.
template <class Loop = VirtualLoop, class Body>
void destroy_at_every_step(Body& body) {
  const corolla::LiveObjects before = corolla::live_objects();
  const std::size_t total = run_steps<Loop>(body, static_cast<std::size_t>(-1));
  expect_same_live_objects(before, "by the whole run");
  const auto cut = [&](std::size_t step) {
    run_steps<Loop>(body, step);
    expect_same_live_objects(before, ("when stopped after step " + std::to_string(step)).c_str());
    return !testing::Test::HasFailure();
  };
  for (std::size_t step = 0; step < total && step < kEveryStepUpTo; ++step)
    if (!cut(step)) return;
  if (total <= kEveryStepUpTo) return;
  for (std::size_t sample = 0; sample < kSamplesBeyond; ++sample)
    if (!cut(kEveryStepUpTo + sample * (total - kEveryStepUpTo) / kSamplesBeyond)) return;
}

}  // namespace corolla_tests
