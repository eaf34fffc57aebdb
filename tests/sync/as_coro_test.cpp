// SPDX-License-Identifier: Apache-2.0
// The awaiters of sleep, Queue, Lock and Event stand wherever a Coro does.
#include <corolla/runtime.hpp>
#include <corolla/sync.hpp>

#include "tests/support/trace.hpp"

#include <chrono>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::trace;

TEST(AsCoroTest, WaitForAndOutcomeOfAQueue) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(0);
    bool timed_out = false;
    try {
      co_await wait_for(queue.get(), 1s);
    } catch (const TimeoutError&) {
      timed_out = true;
    }
    EXPECT_TRUE(timed_out);
    queue.put_nowait(7);
    const int got = co_await wait_for(queue.get(), 1s);
    EXPECT_EQ(got, 7);
    queue.put_nowait(8);
    auto result = co_await outcome(queue.get());
    EXPECT_EQ(*result, 8);
    EXPECT_TRUE(queue.empty());
  });
}

TEST(AsCoroTest, TasksAndGathersOfAwaiters) {
  trace([](Notes&) -> Coro<void> {
    const auto start = get_running_loop().time();
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
    EXPECT_EQ(get_running_loop().time() - start, 3s);
    EXPECT_TRUE(waiting.done());
    co_await task_group([](TaskGroup& group) -> Coro<void> {
      group.create_task(sleep(2s));
      co_return;
    });
    EXPECT_EQ(get_running_loop().time() - start, 5s);
  });
}

TEST(AsCoroTest, GuardOfATimedLockIsHeldByWhoWaited) {
  trace([](Notes&) -> Coro<void> {
    Lock lock;
    {
      auto guard = co_await wait_for(lock.acquire(), 1s);
      EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
  });
}

}  // namespace
