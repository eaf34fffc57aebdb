// SPDX-License-Identifier: Apache-2.0
// CPython's test_queues, re-expressed.
#include <corolla/sync/queue.hpp>

#include "tests/support/trace.hpp"

#include <memory>
#include <random>

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> getter(Queue<int>& queue, Notes& notes, std::string name) {
  try {
    const int item = co_await queue.get();
    notes.push_back(name + " got " + std::to_string(item));
  } catch (const CancelledError&) {
    notes.push_back(name + " cancelled");
    throw;
  } catch (const QueueShutDown&) {
    notes.push_back(name + " shut down");
  }
}

Coro<void> putter(Queue<int>& queue, Notes& notes, int item) {
  const std::string name = "put " + std::to_string(item);
  try {
    co_await queue.put(item);
    notes.push_back(name);
  } catch (const CancelledError&) {
    notes.push_back(name + " cancelled");
    throw;
  } catch (const QueueShutDown&) {
    notes.push_back(name + " shut down");
  }
}

// QueueBasicTests.test_empty, test_full, test_maxsize; QueueGetTests.test_nonblocking_get
TEST(QueueTest, SizesAndLimits) {
  Queue<int> queue(2);
  EXPECT_TRUE(queue.empty());
  EXPECT_THROW(queue.get_nowait(), QueueEmpty);
  queue.put_nowait(1);
  queue.put_nowait(2);
  EXPECT_TRUE(queue.full());
  EXPECT_THROW(queue.put_nowait(3), QueueFull);
  EXPECT_EQ(queue.qsize(), 2U);
  EXPECT_EQ(queue.maxsize(), 2);
  EXPECT_EQ(queue.get_nowait(), 1);
  EXPECT_EQ(queue.get_nowait(), 2);
  for (const std::ptrdiff_t unbounded : {0, -1}) {
    Queue<int> many(unbounded);
    for (int i = 0; i < 1000; ++i) many.put_nowait(i);
    EXPECT_FALSE(many.full());
  }
}

TEST(QueueTest, NeitherSuspendsWhenItNeedNot) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(1);
              get_running_loop().call_soon([&notes] { notes.push_back("next iteration"); });
              for (int i = 0; i < 3; ++i) {
                co_await queue.put(i);
                const auto got = co_await queue.get();
                EXPECT_EQ(got, i);
              }
              notes.push_back("done");
              co_await steps(1);
            }),
            (Notes{"done", "next iteration"}));
}

// QueueGetTests.test_blocking_get_wait, QueuePutTests.test_blocking_put_wait
TEST(QueueTest, WaitersAreServedInOrder) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(1);
              auto a = create_task(getter(queue, notes, "a"));
              auto b = create_task(getter(queue, notes, "b"));
              co_await steps(1);
              for (int i = 0; i < 3; ++i) co_await putter(queue, notes, i);
              auto d = create_task(putter(queue, notes, 3));
              auto e = create_task(putter(queue, notes, 4));
              co_await steps(1);
              for (int i = 0; i < 3; ++i) notes.push_back("main got " + std::to_string(co_await queue.get()));
              co_await gather(a, b, d, e);
            }),
            (Notes{"put 0", "a got 0", "put 1", "b got 1", "put 2", "main got 2", "put 3", "main got 3", "put 4",
                   "main got 4"}));
}

// An item is not kept for the one that was woken: who is faster has it, and the woken one waits again, at the end.
TEST(QueueTest, BargingSendsTheWokenToTheEnd) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(0);
              auto a = create_task(getter(queue, notes, "a"));
              auto b = create_task(getter(queue, notes, "b"));
              co_await steps(1);
              queue.put_nowait(1);
              notes.push_back("main got " + std::to_string(co_await queue.get()));
              co_await steps(1);
              queue.put_nowait(2);
              queue.put_nowait(3);
              co_await gather(a, b);
            }),
            (Notes{"main got 1", "b got 2", "a got 3"}));
}

// QueueGetTests.test_get_cancelled_race: the cancelled one is skipped.
TEST(QueueTest, CancelledGetterIsSkipped) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(0);
              auto a = create_task(getter(queue, notes, "a"));
              auto b = create_task(getter(queue, notes, "b"));
              co_await steps(1);
              a.cancel();
              queue.put_nowait(7);
              co_await gather(return_exceptions, a, b);
            }),
            (Notes{"a cancelled", "b got 7"}));
}

// QueueGetTests.test_get_with_waiting_putters, test_why_are_getters_waiting: woken, then cancelled; no item is lost.
TEST(QueueTest, WokenAndCancelledGetterWakesTheNext) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(0);
              auto a = create_task(getter(queue, notes, "a"));
              auto b = create_task(getter(queue, notes, "b"));
              co_await steps(1);
              queue.put_nowait(7);
              a.cancel();
              co_await gather(return_exceptions, a, b);
              EXPECT_TRUE(queue.empty());
            }),
            (Notes{"a cancelled", "b got 7"}));
}

// QueuePutTests.test_put_cancelled_race, test_put_cancelled: the item of a cancelled put is not in the queue.
TEST(QueueTest, WokenAndCancelledPutterWakesTheNext) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(1);
              queue.put_nowait(1);
              auto a = create_task(putter(queue, notes, 2));
              auto b = create_task(putter(queue, notes, 3));
              auto c = create_task(putter(queue, notes, 4));
              co_await steps(1);
              EXPECT_EQ(queue.get_nowait(), 1);
              a.cancel();
              co_await outcome(b);
              EXPECT_TRUE(a.cancelled());
              EXPECT_EQ(queue.get_nowait(), 3);
              c.cancel();
              co_await outcome(c);
              EXPECT_TRUE(queue.empty());
            }),
            (Notes{"put 2 cancelled", "put 3", "put 4 cancelled"}));
}

// Cancelled before it was woken: nothing is passed on, although there is room by the time it runs.
TEST(QueueTest, PutterCancelledFirstIsSkipped) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(1);
              queue.put_nowait(1);
              auto a = create_task(putter(queue, notes, 2));
              auto b = create_task(putter(queue, notes, 3));
              co_await steps(1);
              a.cancel();
              EXPECT_EQ(queue.get_nowait(), 1);
              co_await gather(return_exceptions, a, b);
              EXPECT_EQ(queue.get_nowait(), 3);
            }),
            (Notes{"put 2 cancelled", "put 3"}));
}

// _QueueJoinTestMixin.test_task_done, test_join_empty_queue, test_task_done_underflow
TEST(QueueTest, JoinWaitsForTaskDone) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(0);
              co_await queue.join();
              EXPECT_THROW(queue.task_done(), ValueError);
              queue.put_nowait(1);
              queue.put_nowait(2);
              auto joiner = create_task(
                  [](Queue<int>& q, Notes& n) -> Coro<void> {
                    co_await q.join();
                    n.push_back("joined");
                  },
                  std::ref(queue), std::ref(notes));
              co_await steps(1);
              const auto got = co_await queue.get();
              EXPECT_EQ(got, 1);
              const auto got2 = co_await queue.get();
              EXPECT_EQ(got2, 2);
              queue.task_done();
              co_await steps(2);
              notes.push_back("one done");
              queue.task_done();
              queue.put_nowait(3);  // join does not look again
              co_await joiner;
              EXPECT_EQ(queue.qsize(), 1U);
            }),
            (Notes{"one done", "joined"}));
}

// _QueueShutdownTestMixin.test_shutdown_nonempty
TEST(QueueTest, ShutdownLetsGettersDrain) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(2);
              queue.put_nowait(1);
              queue.put_nowait(2);
              auto a = create_task(putter(queue, notes, 3));
              co_await steps(1);
              queue.shutdown();
              EXPECT_TRUE(queue.is_shutdown());
              EXPECT_THROW(queue.put_nowait(4), QueueShutDown);
              co_await putter(queue, notes, 5);
              co_await a;
              for (int i = 0; i < 3; ++i) co_await getter(queue, notes, "main");
              EXPECT_THROW(queue.get_nowait(), QueueShutDown);
            }),
            (Notes{"put 5 shut down", "put 3 shut down", "main got 1", "main got 2", "main shut down"}));
}

// _QueueShutdownTestMixin.test_shutdown_empty, test_shutdown_repr: all that wait go.
TEST(QueueTest, ShutdownWakesAllGetters) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(0);
              auto a = create_task(getter(queue, notes, "a"));
              auto b = create_task(getter(queue, notes, "b"));
              auto c = create_task(getter(queue, notes, "c"));
              co_await steps(1);
              b.cancel();
              queue.shutdown();
              queue.shutdown();
              co_await gather(return_exceptions, a, b, c);
            }),
            (Notes{"b cancelled", "a shut down", "c shut down"}));
}

// _QueueShutdownTestMixin.test_shutdown_immediate, test_shutdown_immediate_with_unfinished
TEST(QueueTest, ImmediateShutdownDropsTheItemsAndEndsJoin) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Queue<int> queue(0);
              for (int i = 0; i < 3; ++i) queue.put_nowait(i);
              EXPECT_EQ(queue.get_nowait(), 0);
              auto joiner = create_task(
                  [](Queue<int>& q, Notes& n) -> Coro<void> {
                    co_await q.join();
                    n.push_back("joined");
                  },
                  std::ref(queue), std::ref(notes));
              co_await steps(1);
              queue.shutdown(true);
              EXPECT_TRUE(queue.empty());
              co_await getter(queue, notes, "main");
              co_await steps(2);
              notes.push_back("one is unfinished");
              queue.task_done();
              co_await joiner;
              EXPECT_THROW(queue.task_done(), ValueError);
            }),
            (Notes{"main shut down", "one is unfinished", "joined"}));
}

// LifoQueueTests.test_order, PriorityQueueTests.test_order
TEST(QueueTest, OtherOrders) {
  LifoQueue<int> lifo(0);
  PriorityQueue<int> priority(0);
  for (const int item : {1, 3, 2}) {
    lifo.put_nowait(item);
    priority.put_nowait(item);
  }
  for (const int item : {2, 3, 1}) EXPECT_EQ(lifo.get_nowait(), item);
  for (const int item : {1, 2, 3}) EXPECT_EQ(priority.get_nowait(), item);
  EXPECT_TRUE(lifo.empty() && priority.empty());
}

TEST(QueueTest, EqualPrioritiesKeepTheirOrder) {
  struct Job {
    int priority;
    int number;
    bool operator<(const Job& other) const { return priority < other.priority; }
  };
  PriorityQueue<Job> queue(0);
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) queue.put_nowait(Job{static_cast<int>(random() % 5), i});
  Job last{-1, -1};
  while (!queue.empty()) {
    const Job job = queue.get_nowait();
    EXPECT_TRUE(last.priority < job.priority || (last.priority == job.priority && last.number < job.number));
    last = job;
  }
}

// The ring grows, wraps and gives back everything, in order, whatever the rhythm.
TEST(QueueTest, RingKeepsOrderAcrossGrowthAndWrapping) {
  Queue<std::unique_ptr<int>> queue(0);
  std::mt19937 random(7);
  int put = 0;
  int got = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 100 < 52) {
      queue.put_nowait(std::make_unique<int>(put++));
    } else if (!queue.empty()) {
      ASSERT_EQ(*queue.get_nowait(), got++);
    }
  }
  EXPECT_EQ(queue.qsize(), static_cast<std::size_t>(put - got));
  EXPECT_GT(queue.qsize(), 8U);
}

// Move-only items go through a put that waits and a get that waits.
TEST(QueueTest, MovesItems) {
  trace([](Notes&) -> Coro<void> {
    Queue<std::unique_ptr<std::string>> queue(1);
    auto producer = create_task(
        [](Queue<std::unique_ptr<std::string>>& q) -> Coro<void> {
          for (int i = 0; i < 5; ++i) co_await q.put(std::make_unique<std::string>(40, static_cast<char>('a' + i)));
          q.shutdown();
        },
        std::ref(queue));
    for (int i = 0; i < 5; ++i) {
      const auto got = co_await queue.get();
      EXPECT_EQ(*got, std::string(40, static_cast<char>('a' + i)));
    }
    auto end = queue.get();
    bool ended = false;
    try {
      co_await std::move(end);
    } catch (const QueueShutDown&) {
      ended = true;
    }
    EXPECT_TRUE(ended);
    co_await producer;
  });
}

// Destroys its loops itself, hence no trace.
TEST(QueueTest, OutlivesALoopThatDies) {
  Notes notes;
  for (int runs = 0; runs < 6; ++runs) {
    Queue<int> queue(1);
    {
      corolla_tests::NotingLoop loop(notes);
      for (int i = 0; i < 4; ++i) loop->create_task(putter(queue, notes, i));
      for (int i = 0; i < 2; ++i) loop->create_task(getter(queue, notes, "x"));
      loop.run_steps(runs);
    }
    while (!queue.empty()) queue.get_nowait();
    notes.clear();
    corolla_tests::NotingLoop loop(notes);
    auto waiting = loop->create_task(getter(queue, notes, "y"));
    loop->run_until_complete(putter(queue, notes, 9));
    loop->run_until_complete(waiting);
    EXPECT_EQ(notes.size(), 2U);
  }
}

// Two loops run by hand, hence no trace.
TEST(QueueTest, BelongsToOneLoop) {
  Notes notes;
  Queue<int> queue(0);
  corolla_tests::NotingLoop first(notes);
  corolla_tests::NotingLoop second(notes);
  auto waiting = first->create_task(getter(queue, notes, "a"));
  first->run_once();
  EXPECT_THROW(second->run_until_complete(getter(queue, notes, "b")), RuntimeError);
  queue.put_nowait(1);
  first->run_until_complete(waiting);
  EXPECT_EQ(notes, (Notes{"a got 1"}));
}

}  // namespace
