// SPDX-License-Identifier: Apache-2.0
// CPython's test_queues: _QueueJoinTestMixin and _QueueShutdownTestMixin, for each kind of queue.
#include <corolla/sync/queue.hpp>

#include "tests/support/trace.hpp"

#include <exception>
#include <string>

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

template <class Q>
class QueueKindTest : public testing::Test {};
using Kinds = testing::Types<Queue<int>, LifoQueue<int>, PriorityQueue<int>>;
TYPED_TEST_SUITE(QueueKindTest, Kinds);

/// All four ways into a queue that is shut down and empty fail.
template <class Q>
Coro<void> expect_shut_down(Q& queue) {
  EXPECT_THROW(queue.put_nowait(9), QueueShutDown);
  EXPECT_THROW(queue.get_nowait(), QueueShutDown);
  int refused = 0;
  try {
    co_await queue.put(9);
  } catch (const QueueShutDown&) {
    ++refused;
  }
  try {
    co_await queue.get();
  } catch (const QueueShutDown&) {
    ++refused;
  }
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(queue.qsize(), 0U);
}

template <class T>
bool failed_with_shutdown(const Task<T>& task) {
  if (!task.done() || task.cancelled() || !task.exception()) return false;
  try {
    std::rethrow_exception(task.exception());
  } catch (const QueueShutDown&) {
    return true;
  } catch (...) {
    return false;
  }
}

// test_task_done_underflow, test_join_empty_queue
TYPED_TEST(QueueKindTest, NothingToJoinAndNothingToBeDone) {
  trace([](Notes&) -> Coro<void> {
    TypeParam queue(0);
    EXPECT_THROW(queue.task_done(), ValueError);
    co_await queue.join();
    co_await queue.join();
  });
}

// test_task_done: two workers, a hundred items; join returns when each has been dealt with.
TYPED_TEST(QueueKindTest, JoinReturnsWhenAllIsDone) {
  trace([](Notes&) -> Coro<void> {
    constexpr int kItems = 100;
    TypeParam queue(0);
    for (int i = 0; i < kItems; ++i) queue.put_nowait(i);
    bool running = true;
    int sum = 0;
    auto work = [&]() -> Coro<void> {
      while (running) {
        const int item = co_await queue.get();
        sum += item;
        queue.task_done();
      }
    };
    auto a = create_task(work());
    auto b = create_task(work());
    co_await queue.join();
    EXPECT_EQ(sum, kItems * (kItems - 1) / 2);
    running = false;
    queue.put_nowait(0);
    queue.put_nowait(0);
    co_await gather(a, b);
  });
}

// test_shutdown_empty
TYPED_TEST(QueueKindTest, ShutDownEmpty) {
  trace([](Notes&) -> Coro<void> {
    TypeParam queue(0);
    auto getter = create_task(queue.get());
    co_await steps(1);
    queue.shutdown();
    EXPECT_EQ(queue.qsize(), 0U);
    co_await queue.join();
    co_await steps(1);
    EXPECT_TRUE(failed_with_shutdown(getter));
    co_await expect_shut_down(queue);
  });
}

// test_shutdown_nonempty: what is there can still be got, and join waits for it.
TYPED_TEST(QueueKindTest, ShutDownWithAnItem) {
  trace([](Notes&) -> Coro<void> {
    TypeParam queue(1);
    queue.put_nowait(1);
    auto joiner = create_task(queue.join());
    auto putter = create_task(queue.put(2));
    co_await steps(1);
    EXPECT_FALSE(putter.done());
    queue.shutdown();
    EXPECT_EQ(queue.qsize(), 1U);
    co_await steps(1);
    EXPECT_TRUE(failed_with_shutdown(putter));
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    co_await steps(1);
    EXPECT_FALSE(joiner.done());
    co_await expect_shut_down(queue);
    queue.task_done();
    co_await steps(1);
    EXPECT_TRUE(joiner.done());
    EXPECT_THROW(queue.task_done(), ValueError);
  });
}

// test_shutdown_immediate
TYPED_TEST(QueueKindTest, ShutDownAtOnceDropsTheItems) {
  trace([](Notes&) -> Coro<void> {
    TypeParam queue(0);
    queue.put_nowait(1);
    auto joiner = create_task(queue.join());
    queue.shutdown(true);
    EXPECT_EQ(queue.qsize(), 0U);
    co_await steps(1);
    EXPECT_TRUE(joiner.done());
    co_await expect_shut_down(queue);
    EXPECT_THROW(queue.task_done(), ValueError);
  });
}

// test_shutdown_immediate_with_unfinished: what was got before still has to be reported.
TYPED_TEST(QueueKindTest, ShutDownAtOnceWaitsForWhatWasGot) {
  trace([](Notes&) -> Coro<void> {
    TypeParam queue(0);
    queue.put_nowait(1);
    queue.put_nowait(1);
    auto joiner = create_task(queue.join());
    const auto got = co_await queue.get();
    EXPECT_EQ(got, 1);
    queue.shutdown(true);
    EXPECT_EQ(queue.qsize(), 0U);
    co_await steps(1);
    EXPECT_FALSE(joiner.done());
    co_await expect_shut_down(queue);
    queue.task_done();
    EXPECT_THROW(queue.task_done(), ValueError);
    co_await steps(1);
    EXPECT_TRUE(joiner.done());
  });
}

}  // namespace
