// SPDX-License-Identifier: Apache-2.0
// The loop's life, its timers and their handles, as far as event_loop_test.cpp does not go into them.
#include "tests/support/open_descriptors.hpp"
#include "tests/support/runtime_test.hpp"

#include <corolla/runtime/log.hpp>

#include <exception>
#include <stdexcept>
#include <string>
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

TEST_F(EventLoopLifeTest, TimersOfTheRealClockAreNeverEarlyAndCostFewIterations) {
  EventLoop real;
  int iterations = 0;
  for (const std::chrono::nanoseconds delay : {1'000'000ns, 100'000ns, 1'000ns, 10ns, 0ns}) {
    bool due = false;
    const auto before = real.time();
    real.call_later(delay, [&] {
      due = true;
      EXPECT_GE(real.time() - before, delay);
    });
    while (!due) {
      real.run_once();
      ++iterations;
      ASSERT_LT(iterations, 20);  // a wait that ends too early would spin
    }
  }
}

TEST_F(EventLoopLifeTest, TheLoopSleepsUntilTheFirstTimerThatIsNotCancelled) {
  const auto withdrawn = loop().call_later(5s, [] { ADD_FAILURE(); });
  loop().call_later(10s, [&] { log.push_back("ten"); });
  withdrawn.cancel();
  loop().run_once();
  EXPECT_EQ(elapsed(), 10s);
  EXPECT_EQ(log, Log{"ten"});
}

TEST_F(EventLoopLifeTest, WhatRunUntilCompleteThrowsIsNotReportedAndLeavesNoStopBehind) {
  for (const auto& error :
       {std::make_exception_ptr(ValueError("failed")), std::make_exception_ptr(KeyboardInterrupt())}) {
    log.clear();
    auto failing = [](std::exception_ptr what) -> Coro<void> {
      std::rethrow_exception(what);
      co_return;
    };
    try {
      loop().run_until_complete(failing(error));
      ADD_FAILURE();
    } catch (...) {
      EXPECT_EQ(describe(std::current_exception()), describe(error));
    }
    // A stop that is still to come would end this run before its third iteration.
    loop().call_soon([this] {
      loop().call_soon([this] {
        loop().call_soon([this] {
          log.push_back("third iteration");
          loop().stop();
        });
      });
    });
    loop().run_forever();
    EXPECT_EQ(log, Log{"third iteration"});
  }
  destroy_loop();
  EXPECT_TRUE(reports.empty());
}

TEST_F(EventLoopLifeTest, RunUntilCompleteTakesNoFutureOfAnotherLoop) {
  VirtualLoop other;
  const auto foreign = other.loop().create_future<int>();
  EXPECT_THROW(loop().run_until_complete(foreign), ValueError);
}

TEST_F(EventLoopLifeTest, AnExceptionHandlerCanBeAskedForAndTakenAway) {
  EventLoop fresh;
  EXPECT_FALSE(fresh.get_exception_handler());
  fresh.set_exception_handler([&](EventLoop& where, const ErrorContext& context) {
    EXPECT_EQ(&where, &fresh);
    log.push_back(describe(context.exception));
  });
  EXPECT_TRUE(fresh.get_exception_handler());
  fresh.call_soon([] { throw std::runtime_error("told to the handler"); });
  fresh.run_once();
  EXPECT_EQ(log, Log{"told to the handler"});
  fresh.set_exception_handler(nullptr);
  EXPECT_FALSE(fresh.get_exception_handler());
  fresh.call_soon([] { throw std::runtime_error("told to everybody"); });
  testing::internal::CaptureStderr();
  fresh.run_once();
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_NE(output.find("Exception in callback: told to everybody"), std::string::npos) << output;
  EXPECT_EQ(log, Log{"told to the handler"});
}

TEST_F(EventLoopLifeTest, AClosedLoopRefusesATaskAndDestroysItsCoroutine) {
  loop().close();
  auto never_begun = [](std::shared_ptr<Farewell> /*kept*/) -> Coro<void> {
    ADD_FAILURE();
    co_return;
  };
  auto coro = never_begun(std::make_shared<Farewell>(log, "coroutine gone"));
  EXPECT_THROW(static_cast<void>(ensure_future(loop(), std::move(coro))), RuntimeError);
  EXPECT_EQ(log, Log{"coroutine gone"});
}

TEST_F(EventLoopLifeTest, ItsDescriptorsAreClosedWithIt) {
  const std::size_t before = open_descriptors();
  std::size_t closed = 0;
  {
    EventLoop real;
    real.run_until_complete([]() -> Coro<void> { co_await sleep(1us); }());  // it has waited in the kernel
    const std::size_t open = open_descriptors();
    real.close();
    closed = open_descriptors();
    EXPECT_LT(closed, open);
  }
  EXPECT_LE(closed, before + 1);  // the door for other threads, who may be on their way
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
