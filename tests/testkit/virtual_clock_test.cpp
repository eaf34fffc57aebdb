// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using testkit::VirtualClock;

class VirtualClockTest : public testing::Test {
 protected:
  VirtualClockTest() : loop_(options(clock_)) {}
  static EventLoopOptions options(const std::shared_ptr<VirtualClock>& clock) {
    EventLoopOptions result;
    result.clock = clock;
    return result;
  }
  std::shared_ptr<VirtualClock> clock_ = std::make_shared<VirtualClock>();
  EventLoop loop_;
};

Coro<void> sleep_and_note(std::chrono::nanoseconds delay, std::vector<std::string>& notes, std::string name) {
  co_await sleep(delay);
  notes.push_back(std::move(name));
}

TEST_F(VirtualClockTest, StartsAtZeroAndJumpsToEachDeadline) {
  EXPECT_EQ(clock_->elapsed(), 0ns);
  std::vector<std::chrono::nanoseconds> times;
  const auto note = [&] { times.push_back(clock_->elapsed()); };
  loop_.call_later(48h, note);
  loop_.call_later(1ns, note);
  loop_.call_later(48h, [&] {
    note();
    loop_.stop();
  });
  loop_.run_forever();
  EXPECT_EQ(times, (std::vector<std::chrono::nanoseconds>{1ns, 48h, 48h}));
}

TEST_F(VirtualClockTest, StandsStillWhileSomethingIsReady) {
  int left = 1000;
  std::function<void()> again = [&] {
    EXPECT_EQ(clock_->elapsed(), 0ns);
    if (--left > 0) loop_.call_soon([&] { again(); });
  };
  bool fired = false;
  loop_.call_later(1ns, [&] {
    EXPECT_EQ(left, 0);
    fired = true;
    loop_.stop();
  });
  loop_.call_soon([&] { again(); });
  loop_.run_forever();
  EXPECT_TRUE(fired);
}

TEST_F(VirtualClockTest, EqualDeadlinesKeepTheirOrder) {
  std::vector<std::string> notes;
  auto a = loop_.create_task(sleep_and_note(2s, notes, "a"));
  auto b = loop_.create_task(sleep_and_note(1s, notes, "b"));
  auto c = loop_.create_task(sleep_and_note(2s, notes, "c"));
  loop_.run_until_complete(c);
  EXPECT_EQ(notes, (std::vector<std::string>{"b", "a", "c"}));
  EXPECT_EQ(clock_->elapsed(), 2s);
}

TEST_F(VirtualClockTest, ADeadlineInThePastDoesNotTurnTimeBack) {
  clock_->advance(5s);
  bool fired = false;
  loop_.call_at(VirtualClock::time_point(1s), [&] {
    fired = true;
    loop_.stop();
  });
  loop_.run_forever();
  EXPECT_TRUE(fired);
  EXPECT_EQ(clock_->elapsed(), 5s);
  EXPECT_THROW(clock_->advance(-1ns), ValueError);
  EXPECT_EQ(clock_->elapsed(), 5s);
}

TEST_F(VirtualClockTest, AsksTheHookOnlyWhenThereIsNoTimerEither) {
  auto future = loop_.create_future<int>();
  bool slept = false;
  int asked = 0;
  loop_.call_later(10s, [&] { slept = true; });
  clock_->on_idle([&] {
    EXPECT_TRUE(slept);
    if (++asked == 3) future.set_result(7);
    return true;
  });
  EXPECT_EQ(loop_.run_until_complete(future), 7);
  EXPECT_EQ(asked, 3);  // asked again as long as nothing came of it
}

TEST_F(VirtualClockTest, WhatTheHookThrowsComesOutOfTheRunAndTheLoopStaysUsable) {
  clock_->on_idle([]() -> bool { throw RuntimeError("nothing will ever happen"); });
  EXPECT_THROW(loop_.run_forever(), RuntimeError);
  EXPECT_FALSE(loop_.is_running());
  loop_.call_soon([&] { loop_.stop(); });
  loop_.run_forever();
}

TEST_F(VirtualClockTest, TheHookMayStopTheLoop) {
  clock_->on_idle([&] {
    loop_.stop();
    return true;
  });
  loop_.run_forever();
  EXPECT_FALSE(loop_.is_running());
}

TEST_F(VirtualClockTest, WithoutAHookTheLoopWaitsForOtherThreads) {
  bool called = false;
  std::thread other([door = loop_.door(), &called, this] {
    door->call([&] {
      called = true;
      loop_.stop();
    });
  });
  loop_.run_forever();
  other.join();
  EXPECT_TRUE(called);
}

TEST_F(VirtualClockTest, AJobInAThreadIsWaitedForBeforeTimeMoves) {
  std::chrono::nanoseconds at{-1};
  auto main = [&]() -> Coro<void> {
    co_await to_thread([] {});
    at = clock_->elapsed();
  };
  bool late = false;
  loop_.call_later(1ns, [&] { late = true; });
  loop_.run_until_complete(main());
  EXPECT_EQ(at, 0ns);
  EXPECT_FALSE(late);
}

TEST_F(VirtualClockTest, SingleIterationsMoveTimeToo) {
  std::vector<std::string> notes;
  auto task = loop_.create_task(sleep_and_note(3s, notes, "slept"));
  loop_.run_once();  // begins
  EXPECT_EQ(clock_->elapsed(), 0ns);
  loop_.run_once();  // time jumps, the timer runs
  EXPECT_EQ(clock_->elapsed(), 3s);
  EXPECT_TRUE(notes.empty());
  loop_.run_once();  // wakes up
  EXPECT_EQ(notes, (std::vector<std::string>{"slept"}));
  EXPECT_TRUE(task.done());
}

}  // namespace
