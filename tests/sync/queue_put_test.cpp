// SPDX-License-Identifier: Apache-2.0
// CPython's test_queues: QueuePutTests.
#include <corolla/sync/event.hpp>
#include <corolla/sync/queue.hpp>

#include "tests/support/trace.hpp"

#include <memory>
#include <string>
#include <type_traits>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

// test_blocking_put, test_nonblocking_put, test_nonblocking_put_exception
TEST(QueueTest, PutsWhereThereIsRoom) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(0);
    co_await queue.put(1);
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    queue.put_nowait(2);
    EXPECT_EQ(queue.get_nowait(), 2);
    Queue<int> small(1);
    small.put_nowait(1);
    EXPECT_THROW(small.put_nowait(2), QueueFull);
    EXPECT_EQ(small.qsize(), 1U);
    EXPECT_EQ(small.get_nowait(), 1);
  });
}

// test_blocking_put_wait
TEST(QueueTest, PutWaitsForAGetOfATimer) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(1);
              Event started;
              auto body = [&]() -> Coro<void> {
                started.set();
                co_await queue.put(1);
                co_await queue.put(2);
                notes.push_back("both put");
              };
              get_running_loop().call_later(10ms, [&queue, &notes] {
                notes.push_back("get");
                queue.get_nowait();
              });
              auto task = create_task(body());
              co_await started.wait();
              EXPECT_EQ(notes, Notes{});
              co_await task;
              EXPECT_EQ(queue.get_nowait(), 2);
            }),
            (Notes{"get", "both put"}));
}

// test_put_cancel_drop: the item of a cancelled put that had been woken is not in the queue, and can be put again.
TEST(QueueTest, CancelledPutPutsNothing) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(1);
    queue.put_nowait(1);
    auto writer = create_task(queue.put(2));
    co_await steps(1);
    EXPECT_EQ(queue.get_nowait(), 1);
    writer.cancel();
    co_await outcome(writer);
    EXPECT_TRUE(writer.cancelled());
    EXPECT_TRUE(queue.empty());
    auto again = create_task(queue.put(2));
    co_await again;
    EXPECT_EQ(queue.get_nowait(), 2);
    EXPECT_TRUE(queue.empty());
  });
}

// test_float_maxsize: C++ would make 1 of 1.3, where asyncio takes two items; so it is refused.
TEST(QueueTest, MaxsizeIsAnInteger) {
  static_assert(std::is_constructible_v<Queue<int>, int> && std::is_constructible_v<Queue<int>, std::size_t>);
  static_assert(!std::is_constructible_v<Queue<int>, double> && !std::is_constructible_v<LifoQueue<int>, float> &&
                !std::is_constructible_v<PriorityQueue<int>, double>);
}

// test_put_cancelled: nobody was cancelled there either; a put that need not wait is done when the getter goes on.
TEST(QueueTest, PutThatNeedNotWaitIsDoneBeforeTheGetterGoesOn) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(0);
    auto task = create_task(queue.put(1));
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    EXPECT_TRUE(task.done());
  });
}

// test_put_cancelled_race
TEST(QueueTest, CancelledPutterInTheMiddleIsSkipped) {
  trace([](Notes&) -> Coro<void> {
    Queue<std::string> queue(1);
    auto a = create_task(queue.put("a"));
    auto b = create_task(queue.put("b"));
    auto x = create_task(queue.put("x"));
    co_await steps(1);
    EXPECT_TRUE(a.done());
    EXPECT_FALSE(b.done());
    x.cancel();
    co_await steps(1);
    EXPECT_TRUE(x.cancelled());
    EXPECT_EQ(queue.get_nowait(), "a");
    co_await steps(1);
    EXPECT_EQ(queue.get_nowait(), "b");
    co_await b;
    EXPECT_TRUE(queue.empty());
  });
}

// test_put_with_waiting_getters
TEST(QueueTest, PutWakesAGetter) {
  trace([](Notes&) -> Coro<void> {
    Queue<std::string> queue(0);
    auto getter = create_task(queue.get());
    co_await steps(1);
    co_await queue.put("a");
    EXPECT_FALSE(getter.done());
    const auto got = co_await getter;
    EXPECT_EQ(got, "a");
  });
}

// test_why_are_putters_waiting: gets without waiting wake as many putters.
TEST(QueueTest, EmptyingTheQueueWakesAllPutters) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(2);
    auto drain = [&]() -> Coro<void> {
      co_await steps(1);
      const std::size_t items = queue.qsize();
      EXPECT_EQ(items, 2U);
      for (std::size_t i = 0; i < items; ++i) queue.get_nowait();
    };
    co_await task_group([&](TaskGroup& group) -> Coro<void> {
      group.create_task(drain());
      for (int i = 0; i < 4; ++i) group.create_task(queue.put(i));
      co_return;
    });
    EXPECT_EQ(queue.get_nowait(), 2);
    EXPECT_EQ(queue.get_nowait(), 3);
  });
}

// test_cancelled_puts_not_being_held_in_self_putters: the room that comes after goes to the next putter.
TEST(QueueTest, CancelledPutterLeavesTheLine) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(1);
    queue.put_nowait(1);
    auto a = create_task(queue.put(2));
    co_await steps(1);
    a.cancel();
    co_await outcome(a);
    EXPECT_TRUE(a.cancelled());
    auto b = create_task(queue.put(3));
    co_await steps(1);
    EXPECT_EQ(queue.get_nowait(), 1);
    co_await steps(1);
    EXPECT_TRUE(b.done());
    EXPECT_EQ(queue.get_nowait(), 3);
  });
}

// test_cancelled_put_silence_value_error_exception: woken, so no longer in line, then cancelled: it is just cancelled.
TEST(QueueTest, WokenPutterIsCancelled) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(1);
    queue.put_nowait(1);
    auto putter = create_task(queue.put(2));
    co_await steps(1);
    queue.get_nowait();
    putter.cancel();
    co_await outcome(putter);
    EXPECT_TRUE(putter.cancelled());
    EXPECT_TRUE(queue.empty());
  });
}

// Each item is destroyed once: got, dropped by a cancelled put, or left in the queue.
TEST(QueueTest, ItemsAreNeitherLostNorDoubled) {
  trace([](Notes&) -> Coro<void> {
    auto counted = std::make_shared<int>(0);
    {
      Queue<std::shared_ptr<int>> queue(1);
      co_await queue.put(counted);
      auto cancelled = create_task(queue.put(counted));
      auto waiting = create_task(queue.put(counted));
      co_await steps(1);
      EXPECT_EQ(counted.use_count(), 4);
      cancelled.cancel();
      co_await steps(1);
      EXPECT_EQ(counted.use_count(), 3);
      const auto item = co_await queue.get();
      co_await waiting;
      EXPECT_EQ(counted.use_count(), 3);
      EXPECT_EQ(queue.qsize(), 1U);
    }
    EXPECT_EQ(counted.use_count(), 1);
  });
}

}  // namespace
