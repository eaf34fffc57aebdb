// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.ConditionTests: cancellation at each point of a wait.
#include <corolla/sync/condition.hpp>

#include "tests/support/trace.hpp"

#include <exception>
#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> take(Condition& condition) { (co_await condition.acquire()).detach(); }

// test_wait_cancel: the wait of another task's lock, cancelled: the lock is locked again.
TEST(ConditionTest, CancelledWaitLocksAgain) {
  trace([](Notes&) -> Coro<void> {
    Condition condition;
    co_await take(condition);
    auto waiting = create_task(condition.wait());
    get_running_loop().call_soon([waiting] { waiting.cancel(); });
    co_await outcome(waiting);
    EXPECT_TRUE(waiting.cancelled());
    EXPECT_TRUE(condition.locked());
    condition.notify();  // nobody is left in line
    condition.release();
  });
}

// test_wait_cancel_contested: notified, then cancelled while the lock is another's, then that one lets it go.
TEST(ConditionTest, CancelledAtTheContestedLockLocksAgain) {
  trace([](Notes&) -> Coro<void> {
    Condition condition;
    co_await take(condition);
    auto waiting = create_task(condition.wait());
    co_await steps(1);
    EXPECT_FALSE(condition.locked());
    co_await take(condition);
    condition.notify();
    get_running_loop().call_soon([waiting] { waiting.cancel(); });
    get_running_loop().call_soon([&condition] { condition.release(); });
    co_await outcome(waiting);
    EXPECT_TRUE(waiting.cancelled());
    EXPECT_TRUE(condition.locked());
  });
}

// test_wait_cancel_after_notify
TEST(ConditionTest, CancelledAtTheLockAfterTheNotification) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Condition condition;
              auto body = [&]() -> Coro<void> {
                const auto guard = co_await condition.acquire();
                notes.push_back("waits");
                co_await condition.wait();
                notes.push_back("notified");
              };
              auto waiting = create_task(body());
              co_await steps(1);
              co_await take(condition);
              condition.notify();
              co_await steps(1);
              waiting.cancel();
              co_await steps(1);
              EXPECT_FALSE(waiting.done());
              condition.release();
              co_await steps(1);
              EXPECT_TRUE(waiting.cancelled());
              EXPECT_FALSE(condition.locked());
            }),
            (Notes{"waits"}));
}

/// Waits, notes the message it is cancelled with, and whether that very exception goes on.
Coro<void> cancelled_with(Condition& condition, std::exception_ptr& seen) {
  const auto guard = co_await condition.acquire();
  try {
    co_await condition.wait_for([] { return false; });
  } catch (const CancelledError&) {
    seen = std::current_exception();
    throw;
  }
}

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError& cancelled) {
    return cancelled.message();
  } catch (...) {
    return "another error";
  }
}

// test_cancelled_error_wakeup: the cancellation comes out as it went in.
TEST(ConditionTest, MessageOfACancellationAtTheWait) {
  trace([](Notes&) -> Coro<void> {
    Condition condition;
    std::exception_ptr seen;
    auto task = create_task(cancelled_with(condition, seen));
    co_await steps(1);
    task.cancel("foo");
    std::string message = "none";
    try {
      co_await task;
    } catch (const CancelledError& error) {
      message = error.message();
    }
    EXPECT_EQ(message, "foo");
    EXPECT_EQ(message_of(seen), "foo");
  });
}

// test_cancelled_error_re_aquire: the last of several, when they come while it waits for the lock.
TEST(ConditionTest, MessageOfTheLastCancellationAtTheLock) {
  trace([](Notes&) -> Coro<void> {
    Condition condition;
    std::exception_ptr seen;
    auto task = create_task(cancelled_with(condition, seen));
    co_await steps(1);
    co_await take(condition);
    condition.notify();
    co_await steps(1);
    task.cancel("bar");
    co_await steps(1);
    task.cancel("foo");
    condition.release();
    std::string message = "none";
    try {
      co_await task;
    } catch (const CancelledError& error) {
      message = error.message();
    }
    EXPECT_EQ(message, "foo");
    EXPECT_EQ(message_of(seen), "foo");
  });
}

/// Takes items, one a turn, until `state` is negative.
Coro<void> consumer(Condition& condition, int& state) {
  const auto guard = co_await condition.acquire();
  for (;;) {
    co_await condition.wait_for([&state] { return state != 0; });
    if (state < 0) co_return;
    --state;
  }
}

/// One item for two consumers, the first of which is notified and then cancelled, `later` iterations later.
Coro<void> item_survives_cancellation(int later) {
  Condition condition;
  int state = 0;
  auto a = create_task(consumer(condition, state));
  auto b = create_task(consumer(condition, state));
  co_await steps(1);
  {
    const auto guard = co_await condition.acquire();
    ++state;
    condition.notify(1);
    co_await steps(later);
    a.cancel();
    auto consumed = [&]() -> Coro<void> { co_await condition.wait_for([&state] { return state == 0; }); };
    co_await outcome(timeout(10ms, consumed));  // nobody notifies of that
    EXPECT_EQ(state, 0);
    state = -1;
    condition.notify_all();
  }
  co_await b;
  co_await outcome(a);
  EXPECT_TRUE(a.cancelled());
}

// test_cancelled_wakeup, test_cancelled_wakeup_relock
TEST(ConditionTest, NotificationOfACancelledConsumerReachesAnother) {
  trace([](Notes&) { return item_survives_cancellation(0); });  // before it runs
  trace([](Notes&) { return item_survives_cancellation(1); });  // while it waits for the lock
  trace([](Notes&) { return item_survives_cancellation(2); });
}

}  // namespace
