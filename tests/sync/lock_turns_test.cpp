// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.LockTests: who has the lock after which iteration.
#include <corolla/sync/lock.hpp>

#include "tests/support/trace.hpp"

#include <string>

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

/// Takes the lock for good.
Coro<void> taker(Lock& lock, Notes& notes, std::string name) {
  (co_await lock.acquire()).detach();
  notes.push_back(name);
}

// test_acquire: each release lets the first in, in the next iteration; a task that begins later stands behind.
TEST(LockTest, EachReleaseLetsOneInAnIterationLater) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              (co_await lock.acquire()).detach();
              auto a = create_task(taker(lock, notes, "a"));
              auto b = create_task(taker(lock, notes, "b"));
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});
              lock.release();
              EXPECT_FALSE(lock.locked());
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a"}));
              EXPECT_TRUE(lock.locked());
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a"}));
              auto c = create_task(taker(lock, notes, "c"));
              lock.release();
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a", "b"}));
              lock.release();
              co_await steps(1);
              EXPECT_TRUE(a.done() && b.done() && c.done());
              EXPECT_TRUE(lock.locked());
            }),
            (Notes{"a", "b", "c"}));
}

// test_acquire_cancel
TEST(LockTest, CancelledFromACallback) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              (co_await lock.acquire()).detach();
              auto a = create_task(taker(lock, notes, "a"));
              get_running_loop().call_soon([a] { a.cancel(); });
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled());
              EXPECT_TRUE(lock.locked());
              lock.release();
              co_await taker(lock, notes, "main");
            }),
            (Notes{"main"}));
}

// test_cancel_race: the holder is woken and releases in the same iteration in which the first in line is cancelled.
TEST(LockTest, HolderReleasesWhileTheFirstInLineIsBeingCancelled) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              const Future<> blocker = get_running_loop().create_future();
              auto holder = [](Lock& l, Future<> until, Notes& n, std::string name) -> Coro<void> {
                const auto guard = co_await l.acquire();
                if (until.valid()) co_await until;
                n.push_back(name);
              };
              auto a = create_task(holder, std::ref(lock), blocker, std::ref(notes), "a");
              co_await steps(1);
              EXPECT_TRUE(lock.locked());
              auto b = create_task(holder, std::ref(lock), Future<>(), std::ref(notes), "b");
              auto c = create_task(holder, std::ref(lock), Future<>(), std::ref(notes), "c");
              co_await steps(1);
              blocker.set_result();
              b.cancel();
              co_await steps(1);
              EXPECT_FALSE(lock.locked());
              EXPECT_TRUE(a.done());
              EXPECT_TRUE(b.cancelled());
              EXPECT_FALSE(c.done());
              co_await c;
            }),
            (Notes{"a", "c"}));
}

// test_cancel_release_race: the first is cancelled, then the lock released: one is let in, not two.
TEST(LockTest, ReleaseAfterACancellationLetsOneIn) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              (co_await lock.acquire()).detach();
              auto a = create_task(taker(lock, notes, "a"));
              auto b = create_task(taker(lock, notes, "b"));
              auto c = create_task(taker(lock, notes, "c"));
              co_await steps(1);
              get_running_loop().call_soon([a, &lock] {
                a.cancel();
                lock.release();
              });
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled() && b.done());
              EXPECT_EQ(notes, (Notes{"b"}));
              c.cancel();
              co_await steps(1);
              EXPECT_TRUE(c.cancelled());
              EXPECT_TRUE(lock.locked());
            }),
            (Notes{"b"}));
}

// test_finished_waiter_cancelled: only cancelled ones stand in line, so one that begins now has the lock at once.
TEST(LockTest, OneThatBeginsPassesACancelledOne) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              (co_await lock.acquire()).detach();
              auto a = create_task(taker(lock, notes, "a"));
              co_await steps(1);
              auto b = create_task(taker(lock, notes, "b"));
              a.cancel();
              lock.release();
              co_await steps(1);
              EXPECT_TRUE(lock.locked());
              EXPECT_TRUE(a.cancelled());
              EXPECT_TRUE(b.done());
            }),
            (Notes{"b"}));
}

// test_release_no_waiters, test_context_manager
TEST(LockTest, IsLockedFromAcquireToRelease) {
  trace([](Notes&) -> Coro<void> {
    Lock lock;
    EXPECT_FALSE(lock.locked());
    (co_await lock.acquire()).detach();
    EXPECT_TRUE(lock.locked());
    lock.release();
    EXPECT_FALSE(lock.locked());
    {
      const auto guard = co_await lock.acquire();
      EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
  });
}

// A guard that is dropped by an exception releases, too.
TEST(LockTest, ExceptionReleases) {
  trace([](Notes&) -> Coro<void> {
    Lock lock;
    auto body = [&lock]() -> Coro<void> {
      const auto guard = co_await lock.acquire();
      co_await steps(1);
      throw ValueError("no");
    };
    auto result = co_await outcome(body());
    EXPECT_EQ(result.error_message(), "no");
    EXPECT_FALSE(lock.locked());
  });
}

}  // namespace
