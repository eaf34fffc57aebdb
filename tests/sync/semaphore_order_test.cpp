// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.SemaphoreTests: who has a permit after which iteration.
#include <corolla/sync/semaphore.hpp>

#include "tests/support/trace.hpp"

#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

/// Takes a permit for good.
Coro<void> taker(Semaphore& semaphore, Notes& notes, std::string name) {
  (co_await semaphore.acquire()).detach();
  notes.push_back(name);
}

std::vector<Task<void>> takers(Semaphore& semaphore, Notes& notes, std::vector<std::string> names) {
  std::vector<Task<void>> tasks;
  for (std::string& name : names) tasks.push_back(create_task(taker(semaphore, notes, std::move(name))));
  return tasks;
}

// test_acquire
TEST(SemaphoreTest, SoManyAtATime) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(3);
              for (int i = 0; i < 2; ++i) (co_await semaphore.acquire()).detach();
              EXPECT_FALSE(semaphore.locked());
              auto tasks = takers(semaphore, notes, {"a", "b", "c"});
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a"}));
              EXPECT_TRUE(semaphore.locked());
              tasks.push_back(create_task(taker(semaphore, notes, "d")));
              semaphore.release();
              semaphore.release();
              EXPECT_TRUE(semaphore.locked());
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a", "b", "c"}));
              EXPECT_TRUE(semaphore.locked());
              EXPECT_FALSE(tasks[3].done());
              semaphore.release();
              co_await gather(tasks);
            }),
            (Notes{"a", "b", "c", "d"}));
}

// test_acquire_cancel
TEST(SemaphoreTest, CancelledFromACallback) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore;
              (co_await semaphore.acquire()).detach();
              auto a = create_task(taker(semaphore, notes, "a"));
              get_running_loop().call_soon([a] { a.cancel(); });
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled());
              EXPECT_TRUE(semaphore.locked());
              semaphore.release();
              EXPECT_FALSE(semaphore.locked());
              co_await taker(semaphore, notes, "main");
            }),
            (Notes{"main"}));
}

// test_acquire_cancel_before_awoken: one permit passes two cancelled ones and stops at the third.
TEST(SemaphoreTest, OnePermitBehindCancelledOnesServesOne) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              auto tasks = takers(semaphore, notes, {"a", "b", "c", "d"});
              co_await steps(1);
              tasks[0].cancel();
              tasks[1].cancel();
              semaphore.release();
              co_await steps(2);
              EXPECT_TRUE(tasks[0].cancelled() && tasks[1].cancelled());
              EXPECT_TRUE(tasks[2].done());
              EXPECT_FALSE(tasks[3].done());
              tasks[3].cancel();
              co_await steps(1);
              EXPECT_TRUE(tasks[3].cancelled());
            }),
            (Notes{"c"}));
}

// test_acquire_hang: cancelled first, then the release, in one iteration.
TEST(SemaphoreTest, ReleaseAfterACancellationServesTheNext) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              auto tasks = takers(semaphore, notes, {"a", "b"});
              co_await steps(1);
              tasks[0].cancel();
              semaphore.release();
              co_await steps(2);
              EXPECT_TRUE(semaphore.locked());
              EXPECT_TRUE(tasks[1].done());
            }),
            (Notes{"b"}));
}

// test_acquire_no_hang: a woken task that is cancelled leaves its permit, and nobody is in line.
TEST(SemaphoreTest, PermitOfACancelledTaskIsFreeAgain) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(1);
              Task<void> second;
              auto first = create_task(
                  [](Semaphore& s, Task<void>& other) -> Coro<void> {
                    {
                      const auto permit = co_await s.acquire();
                      co_await steps(1);
                    }
                    other.cancel();
                  },
                  std::ref(semaphore), std::ref(second));
              second = create_task(taker(semaphore, notes, "second"));
              co_await outcome(first);
              co_await outcome(second);
              EXPECT_FALSE(first.cancelled());
              EXPECT_TRUE(second.cancelled());
              const auto permit = co_await wait_for(semaphore.acquire(), 1s);
              notes.push_back("main");
            }),
            (Notes{"main"}));
}

// test_release_no_waiters, test_semaphore
TEST(SemaphoreTest, IsLockedFromAcquireToRelease) {
  trace([](Notes&) -> Coro<void> {
    Semaphore semaphore;
    EXPECT_FALSE(semaphore.locked());
    (co_await semaphore.acquire()).detach();
    EXPECT_TRUE(semaphore.locked());
    semaphore.release();
    EXPECT_FALSE(semaphore.locked());
    {
      const auto permit = co_await semaphore.acquire();
      EXPECT_TRUE(semaphore.locked());
    }
    EXPECT_FALSE(semaphore.locked());
  });
}

// test_acquire_fifo_order: who comes back stands behind all that wait.
TEST(SemaphoreTest, WhoComesBackIsLast) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(1);
              auto twice = [&](std::string name) -> Coro<void> {
                for (const char* round : {"1", "2"}) {
                  const auto permit = co_await semaphore.acquire();
                  notes.push_back(name + round);
                  co_await sleep(10ms);
                }
              };
              co_await task_group([&](TaskGroup& group) -> Coro<void> {
                for (const char* name : {"a", "b", "c"}) group.create_task(twice(name));
                co_return;
              });
            }),
            (Notes{"a1", "b1", "c1", "a2", "b2", "c2"}));
}

// test_acquire_fifo_order_2
TEST(SemaphoreTest, WhoReleasesAndComesBackIsLast) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(1);
              auto again = [&]() -> Coro<void> {
                co_await taker(semaphore, notes, "b");
                semaphore.release();
                co_await taker(semaphore, notes, "b again");
              };
              auto a = create_task(taker(semaphore, notes, "a"));
              auto b = create_task(again());
              auto c = create_task(taker(semaphore, notes, "c"));
              co_await steps(1);
              semaphore.release();
              semaphore.release();
              co_await gather(a, b, c);
            }),
            (Notes{"a", "b", "c", "b again"}));
}

// test_acquire_fifo_order_3
TEST(SemaphoreTest, OneThatLeftTakesNoPermit) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              auto tasks = takers(semaphore, notes, {"a", "b", "c"});
              co_await steps(1);
              tasks[0].cancel();
              co_await steps(1);
              semaphore.release();
              semaphore.release();
              co_await gather(return_exceptions, tasks);
              EXPECT_TRUE(semaphore.locked());
            }),
            (Notes{"b", "c"}));
}

// test_acquire_fifo_order_4: permits that lay idle because of the order are handed on by the first that runs, to all that
// stand in line, at once: they run before a task that it makes.
TEST(SemaphoreTest, IdlePermitsGoToAllInLineAtOnce) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              Task<void> late;
              auto note = [](Notes& n) -> Coro<void> {
                n.push_back("late");
                co_return;
              };
              auto first = [&]() -> Coro<void> {
                (co_await semaphore.acquire()).detach();
                late = create_task(note(notes));
                notes.push_back("a");
              };
              auto second = [&]() -> Coro<void> {
                for (int i = 0; i < 3; ++i) semaphore.release();
                EXPECT_TRUE(semaphore.locked());  // two permits, but the first one's turn it is
                co_await taker(semaphore, notes, "b");
              };
              auto third = [&]() -> Coro<void> {
                (co_await semaphore.acquire()).detach();
                EXPECT_TRUE(semaphore.locked());
                notes.push_back("c");
              };
              auto a = create_task(first());
              auto b = create_task(second());
              auto c = create_task(third());
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});
              co_await steps(1);
              co_await gather(a, b, c, late);
            }),
            (Notes{"a", "b", "c", "late"}));
}

}  // namespace
