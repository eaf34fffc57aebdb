// SPDX-License-Identifier: Apache-2.0
// The awaiters of sleep, Queue, Lock and Event stand wherever a Coro does.
#include <corolla/runtime.hpp>
#include <corolla/sync.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace corolla {
namespace {

using namespace std::chrono_literals;

class AsCoroTest : public ::testing::Test {
 protected:
  template <class F>
  void run_test(F body) {
    EventLoopOptions options;
    options.clock = clock_;
    run(body(), options);
    EXPECT_EQ(live_objects().frames, 0);
    EXPECT_EQ(live_objects().futures, 0);
  }
  std::shared_ptr<testkit::VirtualClock> clock_ = std::make_shared<testkit::VirtualClock>();
};

TEST_F(AsCoroTest, WaitForAndOutcomeOfAQueue) {
  run_test([]() -> Coro<void> {
    Queue<int> queue(0);
    bool timed_out = false;
    try {
      co_await wait_for(queue.get(), 1s);
    } catch (const TimeoutError&) {
      timed_out = true;
    }
    EXPECT_TRUE(timed_out);
    queue.put_nowait(7);
    EXPECT_EQ(co_await wait_for(queue.get(), 1s), 7);
    queue.put_nowait(8);
    auto got = co_await outcome(queue.get());
    EXPECT_EQ(*got, 8);
    EXPECT_TRUE(queue.empty());
  });
}

TEST_F(AsCoroTest, TasksAndGathersOfAwaiters) {
  run_test([this]() -> Coro<void> {
    Event event;
    Queue<int> queue(0);
    auto waiting = create_task(event.wait());
    auto both = gather(queue.get(), sleep(3s), queue.get());
    queue.put_nowait(1);
    queue.put_nowait(2);
    event.set();
    auto [first, nothing, second] = co_await both;
    static_cast<void>(nothing);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 2);
    EXPECT_EQ(clock_->elapsed(), 3s);
    EXPECT_TRUE(waiting.done());
    co_await task_group([&](TaskGroup& group) -> Coro<void> {
      group.create_task(sleep(2s));
      co_return;
    });
    EXPECT_EQ(clock_->elapsed(), 5s);
  });
}

TEST_F(AsCoroTest, GuardOfATimedLockIsHeldByWhoWaited) {
  run_test([]() -> Coro<void> {
    Lock lock;
    {
      auto guard = co_await wait_for(lock.acquire(), 1s);
      EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
  });
}

}  // namespace
}  // namespace corolla
