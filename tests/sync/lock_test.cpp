// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.LockTests, re-expressed; the source case is named where there is one.
#include <corolla/sync/lock.hpp>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

/// Takes the lock, holds it for `hold` steps.
Coro<void> locker(Lock& lock, Notes& notes, std::string name, int hold = 0) {
  try {
    auto guard = co_await lock.acquire();
    notes.push_back(name + " in");
    co_await steps(hold);
    notes.push_back(name + " out");
  } catch (const CancelledError&) {
    notes.push_back(name + " cancelled");
    throw;
  }
}

// test_acquire, test_acquire_fifo
TEST(LockTest, ServesInOrderOfArrival) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto a = create_task(locker(lock, notes, "a", 2));
              auto b = create_task(locker(lock, notes, "b"));
              auto c = create_task(locker(lock, notes, "c"));
              co_await gather(a, b, c);
              EXPECT_FALSE(lock.locked());
            }),
            (Notes{"a in", "a out", "b in", "b out", "c in", "c out"}));
}

TEST(LockTest, FreeLockIsTakenWithoutSuspending) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              get_running_loop().call_soon([&notes] { notes.push_back("next iteration"); });
              for (int i = 0; i < 3; ++i) {
                auto guard = co_await lock.acquire();
                EXPECT_TRUE(lock.locked());
              }
              notes.push_back("done");
              co_await steps(1);
            }),
            (Notes{"done", "next iteration"}));
}

// A lock is not handed over: between the release and the run of the one that was woken it is free, and still nobody
// who comes then may take it.
TEST(LockTest, NewcomerDoesNotOvertakeWokenWaiter) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(locker(lock, notes, "b", 1));
              co_await steps(1);
              guard.release();
              EXPECT_FALSE(lock.locked());
              {
                auto again = co_await lock.acquire();
                notes.push_back("main in");
              }
              co_await b;
            }),
            (Notes{"b in", "b out", "main in"}));
}

TEST(LockTest, NewcomerPassesCancelledWaiters) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(locker(lock, notes, "b"));
              auto c = create_task(locker(lock, notes, "c"));
              co_await steps(1);
              b.cancel();
              c.cancel();
              guard.release();
              {
                auto again = co_await lock.acquire();
                notes.push_back("main in");
              }
              co_await steps(1);
            }),
            (Notes{"main in", "b cancelled", "c cancelled"}));
}

// test_cancel_race: the first in line is cancelled and the lock released in the same iteration.
TEST(LockTest, CancelledFirstPassesTheTurnOn) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(locker(lock, notes, "b"));
              auto c = create_task(locker(lock, notes, "c"));
              co_await steps(1);
              b.cancel();
              guard.release();
              co_await steps(1);
              notes.push_back("step");
              co_await c;
              EXPECT_TRUE(b.cancelled());
            }),
            (Notes{"b cancelled", "step", "c in", "c out"}));
}

// test_cancel_release_race: woken, then cancelled before it ran.
TEST(LockTest, WokenAndCancelledPassesTheTurnOn) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(locker(lock, notes, "b"));
              auto c = create_task(locker(lock, notes, "c"));
              auto d = create_task(locker(lock, notes, "d"));
              co_await steps(1);
              guard.release();
              b.cancel();
              co_await gather(return_exceptions, b, c, d);
              EXPECT_FALSE(lock.locked());
            }),
            (Notes{"b cancelled", "c in", "c out", "d in", "d out"}));
}

// test_finished_waiter_cancelled: a second one is cancelled while the first is on its way to run.
TEST(LockTest, CancellingBehindAWokenOneWakesNobodyElse) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(locker(lock, notes, "b", 2));
              auto c = create_task(locker(lock, notes, "c"));
              auto d = create_task(locker(lock, notes, "d"));
              co_await steps(1);
              c.cancel();
              guard.release();
              co_await gather(return_exceptions, b, c, d);
            }),
            (Notes{"c cancelled", "b in", "b out", "d in", "d out"}));
}

TEST(LockTest, UncancelLetsAWokenTaskHaveItsTurn) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(locker(lock, notes, "b"));
              co_await steps(1);
              guard.release();
              b.cancel();
              b.uncancel();
              co_await b;
            }),
            (Notes{"b in", "b out"}));
}

// test_acquire_cancel
TEST(LockTest, CancelledWaiterLeavesTheLine) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(locker(lock, notes, "b"));
              co_await steps(1);
              b.cancel();
              co_await outcome(b);
              guard.release();
              auto again = co_await lock.acquire();
              notes.push_back("main in");
            }),
            (Notes{"b cancelled", "main in"}));
}

TEST(LockTest, SelfCancellationIsDeliveredAtTheWait) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              auto guard = co_await lock.acquire();
              auto b = create_task(
                  [](Lock& l, Notes& n) -> Coro<void> {
                    current_task().cancel();
                    co_await locker(l, n, "b");
                  },
                  std::ref(lock), std::ref(notes));
              co_await outcome(b);
              EXPECT_TRUE(lock.locked());
              guard.release();
              EXPECT_FALSE(lock.locked());
            }),
            (Notes{"b cancelled"}));
}

// test_release_not_acquired, test_release_no_waiters
TEST(LockTest, ReleasingAFreeLockThrows) {
  Lock lock;
  EXPECT_THROW(lock.release(), RuntimeError);
  EXPECT_FALSE(lock.locked());
}

TEST(LockTest, GuardIsMovedReleasedAndDetached) {
  trace([](Notes&) -> Coro<void> {
    Lock lock;
    {
      auto first = co_await lock.acquire();
      const auto second = std::move(first);
      first.release();  // moved from: not this one's business
      EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
    auto released = co_await lock.acquire();
    released.release();
    released.release();
    auto other = co_await lock.acquire();
    lock.release();
    EXPECT_THROW(other.release(), RuntimeError);
    auto detached = co_await lock.acquire();
    detached.detach();
    EXPECT_TRUE(lock.locked());
    lock.release();
  });
}

// Several loops run by hand, hence no trace.
TEST(LockTest, BelongsToOneLoopUntilThatIsClosed) {
  Notes notes;
  Lock lock;
  auto contend = [](Lock& l) -> Coro<void> {
    const auto guard = co_await l.acquire();
    co_await timeout(std::chrono::seconds(1), [&]() -> Coro<void> { (co_await l.acquire()).release(); });
  };
  auto bound = std::make_unique<corolla_tests::NotingLoop>(notes);
  EXPECT_THROW((*bound)->run_until_complete(contend(lock)), TimeoutError);
  {
    corolla_tests::NotingLoop other(notes);
    EXPECT_THROW(other->run_until_complete(contend(lock)), RuntimeError);
    EXPECT_FALSE(lock.locked());
  }
  bound.reset();
  corolla_tests::NotingLoop later(notes);
  EXPECT_THROW(later->run_until_complete(contend(lock)), TimeoutError);
}

// A loop that dies destroys holders and waiters; the lock outlives it, free.
// Destroys its loops itself, hence no trace.
TEST(LockTest, OutlivesALoopThatDies) {
  Lock lock;
  Notes notes;
  {
    corolla_tests::NotingLoop loop(notes);
    for (int i = 0; i < 3; ++i) loop->create_task(locker(lock, notes, "x", 1000));
    loop->run_once();
    EXPECT_TRUE(lock.locked());
  }
  EXPECT_FALSE(lock.locked());
  corolla_tests::NotingLoop loop(notes);
  loop->run_until_complete(locker(lock, notes, "y"));
  EXPECT_EQ(notes, (Notes{"x in", "y in", "y out"}));
}

// The lock lives in a task that is destroyed before those that wait for it.
// Destroys its loop itself, hence no trace.
TEST(LockTest, MayDieBeforeItsWaiters) {
  Notes notes;
  const LiveObjects before = live_objects();
  {
    corolla_tests::NotingLoop loop(notes);
    Lock* shared = nullptr;
    loop->create_task(
        [](Lock** l, Notes& n) -> Coro<void> {
          co_await steps(1);
          co_await locker(**l, n, "x");
        },
        &shared, std::ref(notes));
    loop->create_task(
        [](Lock** l) -> Coro<void> {
          Lock lock;
          *l = &lock;
          (co_await lock.acquire()).detach();
          co_await steps(1000);
        },
        &shared);
    loop.run_steps(4);
  }
  corolla_tests::expect_same_live_objects(before, "by the test");
  EXPECT_EQ(notes, Notes{});
}

}  // namespace
