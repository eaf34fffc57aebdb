// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.SemaphoreTests, re-expressed.
#include <corolla/sync/semaphore.hpp>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> taker(Semaphore& semaphore, Notes& notes, std::string name, int hold = 0) {
  try {
    auto permit = co_await semaphore.acquire();
    notes.push_back(name + " in");
    co_await steps(hold);
    notes.push_back(name + " out");
  } catch (const CancelledError&) {
    notes.push_back(name + " cancelled");
    throw;
  }
}

// test_acquire_fifo_order
TEST(SemaphoreTest, ServesInOrderOfArrival) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(2);
              std::vector<Task<void>> tasks;
              for (const char* name : {"a", "b", "c", "d"})
                tasks.push_back(create_task(taker(semaphore, notes, name, 1)));
              co_await gather(tasks);
              EXPECT_FALSE(semaphore.locked());
            }),
            (Notes{"a in", "b in", "a out", "b out", "c in", "d in", "c out", "d out"}));
}

// test_initial_value_zero, test_semaphore_value
TEST(SemaphoreTest, InitialValue) {
  EXPECT_TRUE(Semaphore(0).locked());
  EXPECT_FALSE(Semaphore().locked());
  EXPECT_THROW(Semaphore(-1), ValueError);
  EXPECT_THROW(BoundedSemaphore(-1), ValueError);
}

// test_acquire_no_hang, bpo-45997: a permit is the woken task's from the moment it is woken.
TEST(SemaphoreTest, PermitIsReservedForTheWoken) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(1);
              auto permit = co_await semaphore.acquire();
              auto a = create_task(taker(semaphore, notes, "a", 1));
              co_await steps(1);
              permit.release();
              EXPECT_TRUE(semaphore.locked());
              co_await taker(semaphore, notes, "main");
              co_await a;
            }),
            (Notes{"a in", "a out", "main in", "main out"}));
}

// Free permits do not let a newcomer pass somebody who was woken.
TEST(SemaphoreTest, LockedWhileSomebodyIsInLine) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              auto a = create_task(taker(semaphore, notes, "a", 1));
              co_await steps(1);
              semaphore.release();
              semaphore.release();
              EXPECT_TRUE(semaphore.locked());
              auto b = create_task(taker(semaphore, notes, "b"));
              co_await gather(a, b);
            }),
            (Notes{"a in", "b in", "b out", "a out"}));
}

// test_acquire_cancel_before_awoken, gh-90155: cancelled ones are skipped, no permit is lost.
TEST(SemaphoreTest, CancelledWaitersAreSkipped) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              std::vector<Task<void>> tasks;
              for (const char* name : {"a", "b", "c", "d"}) tasks.push_back(create_task(taker(semaphore, notes, name)));
              co_await steps(1);
              tasks[0].cancel();
              tasks[1].cancel();
              semaphore.release();
              co_await steps(2);
              EXPECT_TRUE(tasks[0].cancelled() && tasks[1].cancelled() && tasks[2].done() && tasks[3].done());
            }),
            (Notes{"a cancelled", "b cancelled", "c in", "c out", "d in", "d out"}));
}

// test_acquire_hang: woken, then cancelled in the same iteration; the permit goes to the next.
TEST(SemaphoreTest, WokenAndCancelledGivesThePermitBack) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              auto a = create_task(taker(semaphore, notes, "a"));
              auto b = create_task(taker(semaphore, notes, "b"));
              co_await steps(1);
              semaphore.release();
              a.cancel();
              co_await gather(return_exceptions, a, b);
              EXPECT_FALSE(semaphore.locked());
            }),
            (Notes{"a cancelled", "b in", "b out"}));
}

// test_acquire_fifo_order_2: who arrives between release and wake-up stands behind.
TEST(SemaphoreTest, ReleasesInTheSameIterationWakeSoMany) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Semaphore semaphore(0);
              std::vector<Task<void>> tasks;
              for (const char* name : {"a", "b", "c"}) tasks.push_back(create_task(taker(semaphore, notes, name, 5)));
              co_await steps(1);
              semaphore.release();
              semaphore.release();
              co_await steps(1);
              notes.push_back("step");
              semaphore.release();
              co_await gather(tasks);
            }),
            (Notes{"a in", "b in", "step", "c in", "a out", "b out", "c out"}));
}

// test_release_not_acquired
TEST(SemaphoreTest, BoundIsKept) {
  trace([](Notes&) -> Coro<void> {
    BoundedSemaphore semaphore(1);
    EXPECT_THROW(semaphore.release(), ValueError);
    auto permit = co_await semaphore.acquire();
    semaphore.release();
    EXPECT_THROW(permit.release(), ValueError);
    auto again = co_await semaphore.acquire();
    semaphore.release();  // and the destructor of `again` minds its manners
  });
  Semaphore unbounded(0);
  unbounded.release();
  EXPECT_FALSE(unbounded.locked());
}

TEST(SemaphoreTest, DetachedPermitStaysTaken) {
  trace([](Notes&) -> Coro<void> {
    Semaphore semaphore(1);
    {
      auto permit = co_await semaphore.acquire();
      permit.detach();
    }
    EXPECT_TRUE(semaphore.locked());
    semaphore.release();
    EXPECT_FALSE(semaphore.locked());
  });
}

// Permits held, reserved for woken tasks and waited for all come back when the loop dies.
// Destroys its loops itself, hence no trace.
TEST(SemaphoreTest, NoPermitIsLostWithALoop) {
  Notes notes;
  for (int runs = 0; runs < 6; ++runs) {
    BoundedSemaphore semaphore(2);
    {
      corolla_tests::NotingLoop loop(notes);
      for (int i = 0; i < 5; ++i) loop->create_task(taker(semaphore, notes, "x", 1));
      loop.run_steps(runs);
    }
    EXPECT_FALSE(semaphore.locked());
    EXPECT_THROW(semaphore.release(), ValueError) << "after " << runs << " iterations";
  }
}

// Quadratic behaviour would need hours.
// Too large to be run once for each of its iterations, hence no trace.
TEST(SemaphoreTest, ManyWakeUpsInOneIteration) {
  Notes notes;
  constexpr int kTasks = 200'000;
  corolla_tests::NotingLoop loop(notes);
  Semaphore semaphore(0);
  int served = 0;
  for (int i = 0; i < kTasks; ++i) {
    loop->create_task(
        [](Semaphore& s, int& n) -> Coro<void> {
          (co_await s.acquire()).detach();
          ++n;
        },
        std::ref(semaphore), std::ref(served));
  }
  loop->run_once();
  for (int i = 0; i < kTasks; ++i) semaphore.release();
  loop->run_once();
  EXPECT_EQ(served, kTasks);
}

}  // namespace
