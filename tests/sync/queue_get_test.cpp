// SPDX-License-Identifier: Apache-2.0
// CPython's test_queues: QueueBasicTests and QueueGetTests.
#include <corolla/sync/event.hpp>
#include <corolla/sync/queue.hpp>

#include "tests/support/trace.hpp"

#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

// test_empty, test_full
TEST(QueueTest, EmptyAndFull) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(0);
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.full());
    co_await queue.put(1);
    EXPECT_FALSE(queue.empty());
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    EXPECT_TRUE(queue.empty());
    Queue<int> small(1);
    EXPECT_FALSE(small.full());
    co_await small.put(1);
    EXPECT_TRUE(small.full());
  });
}

// QueueBasicTests, LifoQueueTests, PriorityQueueTests: test_order, by waiting put and get
template <class Q>
Coro<std::vector<int>> put_and_get_all() {
  Q queue(0);
  for (const int item : {1, 3, 2}) co_await queue.put(item);
  std::vector<int> items;
  for (int i = 0; i < 3; ++i) items.push_back(co_await queue.get());
  co_return items;
}
TEST(QueueTest, OrderOfEachKind) {
  trace([](Notes&) -> Coro<void> {
    const std::vector<int> fifo = co_await put_and_get_all<Queue<int>>();
    EXPECT_EQ(fifo, (std::vector<int>{1, 3, 2}));
    const std::vector<int> lifo = co_await put_and_get_all<LifoQueue<int>>();
    EXPECT_EQ(lifo, (std::vector<int>{2, 3, 1}));
    const std::vector<int> priority = co_await put_and_get_all<PriorityQueue<int>>();
    EXPECT_EQ(priority, (std::vector<int>{1, 2, 3}));
  });
}

// test_maxsize
TEST(QueueTest, PutterIsHeldUpAtMaxsize) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(2);
    EXPECT_EQ(queue.maxsize(), 2);
    std::vector<int> put;
    auto body = [&]() -> Coro<void> {
      for (int i = 0; i < 3; ++i) {
        co_await queue.put(i);
        put.push_back(i);
      }
    };
    auto task = create_task(body());
    co_await steps(2);
    EXPECT_EQ(put, (std::vector<int>{0, 1}));
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 0);
    co_await steps(1);
    EXPECT_EQ(put, (std::vector<int>{0, 1, 2}));
    const auto got2 = co_await queue.get();
    EXPECT_EQ(got2, 1);
    const auto got3 = co_await queue.get();
    EXPECT_EQ(got3, 2);
    EXPECT_TRUE(task.done());
  });
}

// test_blocking_get, test_nonblocking_get, test_nonblocking_get_exception
TEST(QueueTest, GetsWhatIsThere) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(0);
    EXPECT_THROW(queue.get_nowait(), QueueEmpty);
    queue.put_nowait(1);
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    queue.put_nowait(2);
    EXPECT_EQ(queue.get_nowait(), 2);
    EXPECT_THROW(queue.get_nowait(), QueueEmpty);
  });
}

// test_blocking_get_wait
TEST(QueueTest, GetWaitsForAPutOfATimer) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(0);
              Event started;
              auto body = [&]() -> Coro<int> {
                started.set();
                const int item = co_await queue.get();
                notes.push_back("got " + std::to_string(item));
                co_return item;
              };
              auto task = create_task(body());
              co_await started.wait();
              EXPECT_EQ(notes, Notes{});
              get_running_loop().call_later(10ms, [&queue, &notes] {
                notes.push_back("put");
                queue.put_nowait(1);
              });
              const auto got = co_await task;
              EXPECT_EQ(got, 1);
            }),
            (Notes{"put", "got 1"}));
}

// test_get_with_putters: a get wakes the first that waits to put.
TEST(QueueTest, GetWakesAPutter) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(1);
    co_await queue.put(1);
    auto putter = create_task(queue.put(2));
    auto second = create_task(queue.put(3));
    co_await steps(1);
    EXPECT_FALSE(putter.done());
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    EXPECT_FALSE(putter.done());
    co_await steps(1);
    EXPECT_TRUE(putter.done());
    EXPECT_FALSE(second.done());
    EXPECT_EQ(queue.get_nowait(), 2);
    co_await second;
  });
}

// test_get_cancelled_race: a getter that left by cancellation takes no item.
TEST(QueueTest, GetterThatLeftTakesNoItem) {
  trace([](Notes&) -> Coro<void> {
    Queue<std::string> queue(0);
    auto a = create_task(queue.get());
    auto b = create_task(queue.get());
    co_await steps(1);
    a.cancel();
    co_await steps(1);
    EXPECT_TRUE(a.cancelled());
    co_await queue.put("item");
    co_await steps(1);
    EXPECT_TRUE(b.done());
    const auto got = co_await b;
    EXPECT_EQ(got, "item");
  });
}

// test_get_with_waiting_putters
TEST(QueueTest, GetsFromTwoPutters) {
  trace([](Notes&) -> Coro<void> {
    Queue<std::string> queue(1);
    auto a = create_task(queue.put("a"));
    auto b = create_task(queue.put("b"));
    const auto got = co_await queue.get();
    EXPECT_EQ(got, "a");
    const auto got2 = co_await queue.get();
    EXPECT_EQ(got2, "b");
    EXPECT_TRUE(a.done() && b.done());
  });
}

// test_why_are_getters_waiting
TEST(QueueTest, ProducerAndConsumerOverOnePlace) {
  trace([](Notes&) -> Coro<void> {
    constexpr int kItems = 5;
    Queue<int> queue(1);
    int sum = 0;
    auto produce = [&]() -> Coro<void> {
      for (int i = 1; i <= kItems; ++i) co_await queue.put(i);
    };
    auto consume = [&]() -> Coro<void> {
      for (int i = 1; i <= kItems; ++i) {
        const int item = co_await queue.get();
        EXPECT_EQ(item, i);
        sum += item;
      }
    };
    co_await task_group([&](TaskGroup& group) -> Coro<void> {
      group.create_task(produce());
      group.create_task(consume());
      co_return;
    });
    EXPECT_EQ(sum, 15);
    EXPECT_TRUE(queue.empty());
  });
}

// test_cancelled_getters_not_being_held_in_self_getters: what is put after a get timed out goes to the next getter.
TEST(QueueTest, TimedOutGetterLeavesTheLine) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(5);
    auto result = co_await outcome(wait_for(queue.get(), 100ms));
    EXPECT_EQ(result.error_message(), "timed out");
    auto getter = create_task(queue.get());
    co_await steps(1);
    queue.put_nowait(1);
    co_await steps(1);
    EXPECT_TRUE(getter.done());
    EXPECT_EQ(getter.result(), 1);
  });
}

// QueuePutTests.test_get_cancel_drop_one_pending_reader: an item that a cancelled getter was woken for stays first.
TEST(QueueTest, CancelledGetterLosesNoItem) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(0);
    auto reader = create_task(queue.get());
    co_await steps(1);
    queue.put_nowait(1);
    queue.put_nowait(2);
    reader.cancel();
    co_await outcome(reader);
    EXPECT_TRUE(reader.cancelled());
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    EXPECT_EQ(queue.qsize(), 1U);
  });
}

// QueuePutTests.test_get_cancel_drop_many_pending_readers
TEST(QueueTest, ItemsOfACancelledGetterGoToTheOthers) {
  trace([](Notes&) -> Coro<void> {
    Queue<int> queue(0);
    Task<int> readers[3];
    for (Task<int>& reader : readers) reader = create_task(queue.get());
    co_await steps(1);
    queue.put_nowait(1);
    queue.put_nowait(2);
    readers[0].cancel();
    co_await outcome(readers[0]);
    EXPECT_TRUE(readers[0].cancelled());
    const int third = co_await readers[2];
    EXPECT_EQ(third, 2);
    EXPECT_TRUE(readers[1].done());
    EXPECT_EQ(readers[1].result(), 1);
    EXPECT_TRUE(queue.empty());
  });
}

}  // namespace
