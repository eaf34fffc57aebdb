// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.ConditionTests, re-expressed.
#include <corolla/sync/condition.hpp>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> waiter(Condition& condition, Notes& notes, std::string name) {
  auto guard = co_await condition.acquire();
  try {
    co_await condition.wait();
    EXPECT_TRUE(condition.locked());
    notes.push_back(name);
  } catch (const CancelledError&) {
    EXPECT_TRUE(condition.locked());
    notes.push_back(name + " cancelled");
    throw;
  }
}

Coro<void> notify(Condition& condition, std::ptrdiff_t n) {
  auto guard = co_await condition.acquire();
  condition.notify(n);
}

// test_wait, test_notify, test_notify_all
TEST(ConditionTest, NotifiesTheFirstN) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              std::vector<Task<void>> tasks;
              for (const char* name : {"a", "b", "c", "d"})
                tasks.push_back(create_task(waiter(condition, notes, name)));
              co_await steps(2);
              EXPECT_FALSE(condition.locked());
              co_await notify(condition, 1);
              co_await steps(3);
              notes.push_back("one");
              co_await notify(condition, 2);
              co_await steps(5);
              notes.push_back("two");
              {
                auto guard = co_await condition.acquire();
                condition.notify_all();
                condition.notify_all();
              }
              co_await gather(tasks);
            }),
            (Notes{"a", "one", "b", "c", "two", "d"}));
}

TEST(ConditionTest, NotifyingTwiceReachesTwo) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto a = create_task(waiter(condition, notes, "a"));
              auto b = create_task(waiter(condition, notes, "b"));
              auto c = create_task(waiter(condition, notes, "c"));
              co_await steps(1);
              {
                auto guard = co_await condition.acquire();
                condition.notify();
                condition.notify();
              }
              co_await steps(9);
              EXPECT_FALSE(c.done());
              co_await notify(condition, 1);
              co_await gather(a, b, c);
            }),
            (Notes{"a", "b", "c"}));
}

// test_wait_unacquired, test_notify_unacquired, test_notify_all_unacquired
TEST(ConditionTest, NeedsTheLock) {
  trace([](Notes&) -> Coro<void> {
    Condition condition;
    auto result = co_await outcome(condition.wait());
    EXPECT_EQ(result.error_message(), "wait() needs the lock");
    EXPECT_THROW(condition.notify(), RuntimeError);
    EXPECT_THROW(condition.notify_all(), RuntimeError);
    EXPECT_THROW(condition.release(), RuntimeError);
  });
}

// test_wait_cancel
TEST(ConditionTest, CancelledWaiterHasTheLock) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto a = create_task(waiter(condition, notes, "a"));
              co_await steps(1);
              a.cancel();
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled());
              EXPECT_FALSE(condition.locked());
            }),
            (Notes{"a cancelled"}));
}

// test_wait_cancel_contested, test_wait_cancel_after_notify: cancelled while it waits for the lock to come back, twice.
TEST(ConditionTest, CancellationWaitsForTheLock) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto a = create_task(waiter(condition, notes, "a"));
              co_await steps(1);
              auto guard = co_await condition.acquire();
              a.cancel();
              co_await steps(3);
              EXPECT_FALSE(a.done());
              a.cancel();
              co_await steps(3);
              EXPECT_FALSE(a.done());
              notes.push_back("release");
              guard.release();
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled());
              EXPECT_FALSE(condition.locked());
            }),
            (Notes{"release", "a cancelled"}));
}

// test_cancelled_wakeup: a notification that a cancelled task had got goes on to another.
TEST(ConditionTest, NotificationIsPassedOn) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto a = create_task(waiter(condition, notes, "a"));
              auto b = create_task(waiter(condition, notes, "b"));
              co_await steps(1);
              co_await notify(condition, 1);
              a.cancel();
              co_await gather(return_exceptions, a, b);
            }),
            (Notes{"a cancelled", "b"}));
}

// As above, but the cancellation comes while the notified task waits for the lock.
TEST(ConditionTest, NotificationIsPassedOnFromTheLock) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto a = create_task(waiter(condition, notes, "a"));
              auto b = create_task(waiter(condition, notes, "b"));
              co_await steps(1);
              auto guard = co_await condition.acquire();
              condition.notify();
              co_await steps(2);
              a.cancel();
              guard.release();
              co_await gather(return_exceptions, a, b);
            }),
            (Notes{"a cancelled", "b"}));
}

// test_wait_for
TEST(ConditionTest, WaitForLooksAgain) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              int value = 0;
              auto a = create_task(
                  [](Condition& c, int& v, Notes& n) -> Coro<void> {
                    auto guard = co_await c.acquire();
                    const int got = co_await c.wait_for([&v] { return v >= 2 ? v * 10 : 0; });
                    n.push_back("got " + std::to_string(got));
                  },
                  std::ref(condition), std::ref(value), std::ref(notes));
              co_await steps(1);
              for (int i = 1; i <= 2; ++i) {
                value = i;
                notes.push_back("set " + std::to_string(i));
                co_await notify(condition, 1);
                co_await steps(3);
              }
              co_await a;
            }),
            (Notes{"set 1", "set 2", "got 20"}));
}

// test_explicit_lock; several conditions over one lock, the classic bounded buffer.
TEST(ConditionTest, ConditionsShareALock) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Lock lock;
              Condition not_empty(lock);
              Condition not_full(lock);
              int items = 0;
              auto consumer = create_task(
                  [](Condition& have, Condition& room, int& n, Notes& out) -> Coro<void> {
                    for (int i = 0; i < 3; ++i) {
                      auto guard = co_await have.acquire();
                      co_await have.wait_for([&n] { return n > 0; });
                      --n;
                      out.push_back("get");
                      room.notify();
                    }
                  },
                  std::ref(not_empty), std::ref(not_full), std::ref(items), std::ref(notes));
              for (int i = 0; i < 3; ++i) {
                auto guard = co_await not_full.acquire();
                co_await not_full.wait_for([&items] { return items < 1; });
                ++items;
                notes.push_back("put");
                not_empty.notify();
              }
              co_await consumer;
              EXPECT_EQ(&not_empty.lock(), &not_full.lock());
              EXPECT_FALSE(lock.locked());
            }),
            (Notes{"put", "get", "put", "get", "put", "get"}));
}

// Destroys its loops itself, hence no trace.
TEST(ConditionTest, OutlivesALoopThatDies) {
  Notes notes;
  for (int runs = 0; runs < 8; ++runs) {
    Condition condition;
    {
      corolla_tests::NotingLoop loop(notes);
      for (int i = 0; i < 3; ++i) loop->create_task(waiter(condition, notes, "x"));
      loop->create_task(notify(condition, 2));
      loop.run_steps(runs);
    }
    EXPECT_FALSE(condition.locked()) << "after " << runs << " iterations";
    notes.clear();
    corolla_tests::NotingLoop loop(notes);
    auto waiting = loop->create_task(waiter(condition, notes, "y"));
    loop->run_once();
    loop->run_until_complete(notify(condition, 1));
    loop->run_until_complete(waiting);
    EXPECT_EQ(notes, (Notes{"y"}));
  }
}

}  // namespace
