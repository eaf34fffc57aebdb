// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.ConditionTests: who goes on after which iteration, and whose lock it is.
#include <corolla/sync/condition.hpp>

#include "tests/support/trace.hpp"

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::NotingLoop;
using corolla_tests::steps;
using corolla_tests::trace;

/// Waits once, and keeps the lock.
Coro<void> keeper(Condition& condition, Notes& notes, std::string name) {
  (co_await condition.acquire()).detach();
  co_await condition.wait();
  notes.push_back(name);
}

/// Waits once, and lets the lock go.
Coro<void> waiter(Condition& condition, Notes& notes, std::string name) {
  const auto guard = co_await condition.acquire();
  co_await condition.wait();
  notes.push_back(name);
}

Coro<void> take(Condition& condition) { (co_await condition.acquire()).detach(); }

// test_wait
TEST(ConditionTest, NotifiedTasksHaveTheLockOneAfterTheOther) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              std::vector<Task<void>> tasks;
              for (const char* name : {"a", "b", "c"}) tasks.push_back(create_task(keeper(condition, notes, name)));
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});
              EXPECT_FALSE(condition.locked());

              co_await take(condition);
              condition.notify();
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});
              EXPECT_TRUE(condition.locked());

              condition.release();
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a"}));
              EXPECT_TRUE(condition.locked());

              condition.notify(2);
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a"}));
              EXPECT_TRUE(condition.locked());

              condition.release();
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a", "b"}));
              EXPECT_TRUE(condition.locked());

              condition.release();
              co_await steps(1);
              EXPECT_TRUE(condition.locked());
              EXPECT_TRUE(tasks[0].done() && tasks[1].done() && tasks[2].done());
            }),
            (Notes{"a", "b", "c"}));
}

// test_notify: more notifications than tasks do no harm.
TEST(ConditionTest, NotifyWakesTheFirstNOfThoseThatAreThere) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              std::vector<Task<void>> tasks;
              for (const char* name : {"a", "b", "c"}) tasks.push_back(create_task(waiter(condition, notes, name)));
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});

              co_await take(condition);
              condition.notify(1);
              condition.release();
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a"}));

              co_await take(condition);
              condition.notify(0);
              condition.notify(-1);
              condition.release();
              co_await steps(2);
              EXPECT_EQ(notes, (Notes{"a"}));

              co_await take(condition);
              condition.notify(1);
              condition.notify(2048);
              condition.release();
              co_await steps(1);
              EXPECT_TRUE(tasks[0].done() && tasks[1].done() && tasks[2].done());
            }),
            (Notes{"a", "b", "c"}));
}

// test_notify_all
TEST(ConditionTest, NotifyAllWakesAll) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto a = create_task(waiter(condition, notes, "a"));
              auto b = create_task(waiter(condition, notes, "b"));
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});
              co_await take(condition);
              condition.notify_all();
              condition.release();
              co_await steps(1);
              EXPECT_TRUE(a.done() && b.done());
            }),
            (Notes{"a", "b"}));
}

// test_wait_for: a notification that finds the predicate false changes nothing.
TEST(ConditionTest, WaitForGoesOnWithATruePredicateOnly) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              bool ready = false;
              auto body = [&]() -> Coro<void> {
                const auto guard = co_await condition.acquire();
                const bool value = co_await condition.wait_for([&ready] { return ready; });
                notes.push_back(value ? "ready" : "not ready");
              };
              auto task = create_task(body());
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});

              co_await take(condition);
              condition.notify();
              condition.release();
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});

              ready = true;
              co_await take(condition);
              condition.notify();
              condition.release();
              co_await steps(1);
              EXPECT_TRUE(task.done());
            }),
            (Notes{"ready"}));
}

// test_wait_for_unacquired: no lock is needed when the predicate is true from the start.
TEST(ConditionTest, WaitForWithATruePredicateNeedsNoLock) {
  trace([](Notes&) -> Coro<void> {
    Condition condition;
    const std::shared_ptr<int> value = co_await condition.wait_for([] { return std::make_shared<int>(3); });
    EXPECT_EQ(*value, 3);
    EXPECT_FALSE(condition.locked());
    auto result = co_await outcome(condition.wait_for([] { return false; }));
    EXPECT_EQ(result.error_message(), "wait() needs the lock");
    EXPECT_FALSE(condition.locked());
  });
}

// What the predicate throws comes out, with the lock held, and the condition goes on working.
TEST(ConditionTest, PredicateThrows) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto body = [&]() -> Coro<void> {
                const auto guard = co_await condition.acquire();
                try {
                  co_await condition.wait_for([]() -> bool { throw ValueError("no"); });
                } catch (const ValueError&) {
                  notes.push_back(condition.locked() ? "thrown, locked" : "thrown");
                }
              };
              co_await body();
              EXPECT_FALSE(condition.locked());
              auto a = create_task(waiter(condition, notes, "a"));
              co_await steps(1);
              co_await take(condition);
              condition.notify();
              condition.release();
              co_await a;
            }),
            (Notes{"thrown, locked", "a"}));
}

// test_explicit_lock, test_context_manager
TEST(ConditionTest, ItsLockIsTheOneItWasGiven) {
  trace([](Notes&) -> Coro<void> {
    Lock lock;
    Condition given(lock);
    Condition own;
    EXPECT_EQ(&given.lock(), &lock);
    for (Condition* condition : {&given, &own}) {
      Lock& inner = condition->lock();
      EXPECT_FALSE(inner.locked() || condition->locked());
      {
        const auto guard = co_await condition->acquire();
        EXPECT_TRUE(inner.locked() && condition->locked());
      }
      EXPECT_FALSE(inner.locked() || condition->locked());
      {
        const auto guard = co_await inner.acquire();
        EXPECT_TRUE(inner.locked() && condition->locked());
      }
      EXPECT_FALSE(inner.locked() || condition->locked());
    }
  });
}

// test_timeout_in_block: the lock is back when the time is over.
TEST(ConditionTest, WaitTimesOut) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              {
                const auto guard = co_await condition.acquire();
                auto result = co_await outcome(wait_for(condition.wait(), 500ms));
                notes.push_back(result.error_message());
                EXPECT_TRUE(condition.locked());
              }
              EXPECT_FALSE(condition.locked());
            }),
            (Notes{"timed out"}));
}

// test_ambiguous_loops: the lock, or the condition, belongs to another loop. An error of the wait leaves the lock held.
// Two loops run by hand, hence no trace.
TEST(ConditionTest, OfAnotherLoop) {
  Notes notes;
  NotingLoop first(notes);
  NotingLoop second(notes);
  {
    Lock lock;
    const Lock::Guard held = second->run_until_complete(lock.acquire());
    auto bound = first->create_task([](Lock& l) -> Coro<void> { (co_await l.acquire()).detach(); }, std::ref(lock));
    first->run_once();
    Condition condition(lock);
    EXPECT_THROW(static_cast<void>(second->run_until_complete(condition.acquire())), RuntimeError);
    bound.cancel();
    first->run_once();
    EXPECT_TRUE(lock.locked());
  }
  Condition condition;
  auto bound = first->create_task(waiter(condition, notes, "first"));
  first->run_once();
  auto wrong = [&]() -> Coro<void> {
    const auto guard = co_await condition.acquire();
    auto result = co_await outcome(condition.wait());
    notes.push_back(result.error_message());
    EXPECT_TRUE(condition.locked());
  };
  second->run_until_complete(wrong());
  EXPECT_FALSE(condition.locked());
  bound.cancel();
  first->run_once();
  EXPECT_TRUE(bound.cancelled());
  EXPECT_EQ(notes, (Notes{"this primitive belongs to another event loop"}));
}

}  // namespace
