// SPDX-License-Identifier: Apache-2.0
// Timers and their handles, as far as event_loop_test.cpp does not go into them.
#include "tests/support/runtime_test.hpp"

#include <vector>

namespace {

using namespace corolla_tests;

class EventLoopLifeTest : public RuntimeTest {};

TEST_F(EventLoopLifeTest, ATimerHandleKnowsItsTime) {
  const auto start = loop().time();
  const TimerHandle later = loop().call_later(2s, [&] { log.push_back("later"); });
  const TimerHandle at = loop().call_at(start + 1s, [&] { log.push_back("at"); });
  EXPECT_EQ(later.when(), start + 2s);
  EXPECT_EQ(at.when(), start + 1s);
  EXPECT_FALSE(at.cancelled());
  run([]() -> Coro<void> { co_await sleep(3s); }());
  EXPECT_EQ(log, (Log{"at", "later"}));
  EXPECT_EQ(later.when(), start + 2s);  // still
  at.cancel();                          // harmless
  EXPECT_TRUE(at.cancelled());
}

TEST_F(EventLoopLifeTest, DelaysBelowZeroKeepTheirOrder) {
  loop().call_later(-2s, [&] { log.push_back("-2"); });
  loop().call_later(-1s, [&] { log.push_back("-1"); });
  loop().call_later(-3s, [&] { log.push_back("-3"); });
  run(turns(2));
  EXPECT_EQ(log, (Log{"-3", "-2", "-1"}));
}

TEST_F(EventLoopLifeTest, ACancelledTimerLeavesTheQueueAtOnce) {
  std::vector<TimerHandle> timers;
  for (int i = 0; i < 200; ++i) timers.push_back(loop().call_later(1h, [] { ADD_FAILURE(); }));
  EXPECT_EQ(loop().timer_count(), 200U);
  for (int i = 0; i < 150; ++i) timers[static_cast<std::size_t>(i)].cancel();
  EXPECT_EQ(loop().timer_count(), 50U);
  for (const auto& timer : timers) timer.cancel();
  EXPECT_EQ(loop().timer_count(), 0U);
}

TEST_F(EventLoopLifeTest, ATimerOfTheRealClockCostsFewIterations) {
  EventLoop real;
  int iterations = 0;
  bool due = false;
  real.call_later(1ms, [&] { due = true; });
  while (!due) {
    real.run_once();
    ++iterations;
    ASSERT_LT(iterations, 20);  // a wait that ends too early would spin
  }
}

}  // namespace
