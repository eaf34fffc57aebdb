// SPDX-License-Identifier: Apache-2.0
// The cases on sleep() in CPython's test_tasks, re-expressed.
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <string>

namespace {

using namespace corolla_tests;

class SleepTest : public RuntimeTest {};

TEST_F(SleepTest, GivesItsResult) {
  run_and_destroy([]() -> Coro<void> {
    co_await sleep(50ms);
    const std::string text = co_await sleep(50ms, std::string("a text that is too long for the small buffer"));
    EXPECT_EQ(text, "a text that is too long for the small buffer");
    const auto owned = co_await sleep(0s, std::make_unique<int>(4));
    EXPECT_EQ(*owned, 4);
    auto task = create_task(sleep(1ms, 7));
    const int number = co_await task;
    EXPECT_EQ(number, 7);
  });
  EXPECT_EQ(elapsed(), 101ms);
}

TEST_F(SleepTest, OfZeroYieldsOnceAndGivesItsResult) {
  run_and_destroy([this]() -> Coro<void> {
    get_running_loop().call_soon([this] { log.push_back("callback"); });
    log.push_back("before");
    const int number = co_await sleep(0s, 10);
    log.push_back(std::to_string(number));
  });
  EXPECT_EQ(log, (Log{"before", "callback", "10"}));
}

// Looks at the loop from outside, so there is no body to destroy at each step. A timer that was left would be waited for
// before the loop says that nothing can happen any more.
TEST_F(SleepTest, CancelledItsTimerIsGone) {
  auto task = loop().create_task(sleep(10s, 1));
  loop().run_once();
  task.cancel();
  auto never = loop().create_future<>();
  EXPECT_THROW(loop().run_until_complete(never), RuntimeError);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(elapsed(), 0ns);
}

// The callback and the timer of the sleep expire together, the callback first.
TEST_F(SleepTest, CancelledWhenItsTimerHasExpiredItRunsBehindWhatIsReady) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [this]() -> Coro<void> {
      try {
        co_await sleep(1s);
      } catch (const CancelledError&) {
        log.push_back("cancelled");
      }
      co_await sleep(1s);
      log.push_back("slept");
    };
    Coro<void> coro = body();
    const auto sleeper = create_task(std::move(coro));
    EventLoop& loop = get_running_loop();
    loop.call_later(1s, [this, &loop, &sleeper] {
      loop.call_soon([this] { log.push_back("queued before"); });
      sleeper.cancel();
      loop.call_soon([this] { log.push_back("queued behind"); });
    });
    co_await sleeper;
  });
  EXPECT_EQ(log, (Log{"queued before", "cancelled", "queued behind", "slept"}));
  EXPECT_EQ(elapsed(), 2s);
}

TEST_F(SleepTest, CancelledFromATimerItEndsThen) {
  run_and_destroy([this]() -> Coro<void> {
    auto sleeper = create_task(forever());
    get_running_loop().call_later(100ms, [sleeper] { sleeper.cancel(); });
    const auto result = co_await outcome(sleeper);
    log.push_back(result.cancelled() ? "cancelled" : "slept in");
  });
  EXPECT_EQ(log, Log{"cancelled"});
  EXPECT_EQ(elapsed(), 100ms);
}

}  // namespace
