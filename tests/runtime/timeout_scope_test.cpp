// SPDX-License-Identifier: Apache-2.0
#include "tests/support/children.hpp"
#include "tests/support/runtime_test.hpp"

#include <optional>
#include <string>

namespace {

using namespace corolla_tests;

// The life of a Timeout, and what it makes of exceptions that are not its own.
class TimeoutScopeTest : public RuntimeTest {};

std::string refused(Timeout& scope) {
  try {
    scope.reschedule(std::nullopt);
  } catch (const RuntimeError& error) {
    return error.what();
  }
  return "rescheduled";
}
/// The CancelledError that ended forever(), for a clean-up that waits.
Coro<std::exception_ptr> cancellation() {
  try {
    co_await forever();
  } catch (const CancelledError&) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

TEST_F(TimeoutScopeTest, AScopeOfTheCallersTellsAfterwardsThatItExpired) {
  run_and_destroy([]() -> Coro<void> {
    const auto deadline = get_running_loop().time() + 1s;
    Timeout scope(deadline);
    EXPECT_FALSE(scope.expired());
    const auto late = co_await outcome(timeout(scope, [] { return forever(); }));
    EXPECT_EQ(late.error_message(), "timed out");
    EXPECT_TRUE(scope.expired());
    EXPECT_EQ(scope.when(), deadline);
    EXPECT_EQ(get_running_loop().time(), deadline);

    Timeout in_time = Timeout::after(10s);
    co_await timeout(in_time, [] { return turns(1); });
    EXPECT_FALSE(in_time.expired());
    EXPECT_EQ(in_time.when(), deadline + 10s);
    co_await sleep(20s);
    EXPECT_FALSE(in_time.expired());
  });
}

TEST_F(TimeoutScopeTest, WithoutADeadlineItNeverExpires) {
  run_and_destroy([]() -> Coro<void> {
    Timeout scope(std::nullopt);
    co_await timeout(scope, [] { return as_coro(sleep(1h)); });
    EXPECT_FALSE(scope.expired());
    EXPECT_EQ(scope.when(), std::nullopt);
    const auto body = [](Timeout& own) -> Coro<void> {
      co_await sleep(1h);
      EXPECT_EQ(own.when(), std::nullopt);
    };
    co_await timeout(std::nullopt, body);
    co_await timeout_at(std::nullopt, body);
  });
}

TEST_F(TimeoutScopeTest, NoTimeOrLessExpiresAtTheFirstWait) {
  run_and_destroy([this]() -> Coro<void> {
    for (const auto delay : {std::chrono::seconds(0), std::chrono::seconds(-11)}) {
      for (const auto pause : {std::chrono::seconds(10), std::chrono::seconds(0)}) {
        const auto now = get_running_loop().time();
        Timeout scope = Timeout::after(delay);
        const auto body = [&]() -> Coro<void> {
          co_await sleep(pause);
          log.push_back("not interrupted");
        };
        const auto result = co_await outcome(timeout(scope, body));
        EXPECT_EQ(result.error_message(), "timed out");
        EXPECT_TRUE(scope.expired());
        EXPECT_EQ(scope.when(), now + delay);
        EXPECT_EQ(get_running_loop().time(), now);
      }
    }
  });
  EXPECT_EQ(log, Log{});
}

TEST_F(TimeoutScopeTest, IsEnteredOnce) {
  run_and_destroy([]() -> Coro<void> {
    Timeout scope = Timeout::after(10s);
    const auto again = []() -> Coro<void> {
      ADD_FAILURE() << "entered again";
      co_return;
    };
    const auto body = [&]() -> Coro<void> {
      const auto inner = co_await outcome(timeout(scope, again));
      EXPECT_EQ(inner.error_message(), "Timeout has already been entered");
    };
    co_await timeout(scope, body);
    const auto afterwards = co_await outcome(timeout(scope, again));
    EXPECT_EQ(afterwards.error_message(), "Timeout has already been entered");
  });
}

TEST_F(TimeoutScopeTest, IsRescheduledOnlyWhileItIsActive) {
  run_and_destroy([]() -> Coro<void> {
    Timeout scope = Timeout::after(1s);
    EXPECT_EQ(refused(scope), "Timeout has not been entered");
    const auto body = [&]() -> Coro<void> {
      const auto cancelled = co_await cancellation();
      EXPECT_EQ(refused(scope), "Cannot change the deadline of an expiring Timeout");
      std::rethrow_exception(cancelled);
    };
    const auto result = co_await outcome(timeout(scope, body));
    EXPECT_TRUE(exception_is<TimeoutError>(result.error()));
    EXPECT_EQ(refused(scope), "Cannot change the deadline of an expired Timeout");
    Timeout finished = Timeout::after(1s);
    co_await timeout(finished, [] { return turns(0); });
    EXPECT_EQ(refused(finished), "Cannot change the deadline of a finished Timeout");
  });
}

TEST_F(TimeoutScopeTest, IsRescheduledByAnotherTask) {
  run_and_destroy([]() -> Coro<void> {
    const auto begin = get_running_loop().time();
    Timeout scope(begin + 10s);
    const auto main = [](Timeout* own) -> Coro<void> { co_await timeout(*own, [] { return as_coro(sleep(50s)); }); };
    auto task = create_task(main, &scope);
    co_await turns(1);
    EXPECT_EQ(scope.when(), begin + 10s);
    scope.reschedule(begin + 30s);
    EXPECT_EQ(scope.when(), begin + 30s);
    scope.reschedule(std::nullopt);
    EXPECT_EQ(scope.when(), std::nullopt);
    co_await sleep(40s);
    EXPECT_FALSE(task.done());
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_FALSE(scope.expired());
  });
}

TEST_F(TimeoutScopeTest, IsUsedInsideOfATask) {
  loop().call_soon([] {
    Timeout scope = Timeout::after(1s);
    EXPECT_THROW(scope.enter(), RuntimeError);
    EXPECT_EQ(refused(scope), "Timeout has not been entered");
  });
  loop().run_once();
}

TEST_F(TimeoutScopeTest, OutlivesItsLoop) {
  Timeout scope(loop().time() + 1h);
  const auto main = [&]() -> Coro<void> { co_await timeout(scope, [] { return forever(); }); };
  loop().create_task(main());
  loop().run_once();
  destroy_loop();
  EXPECT_EQ(refused(scope), "Cannot change the deadline of a finished Timeout");
}

// -- other people's exceptions ------------------------------------------------------------------------------------

TEST_F(TimeoutScopeTest, AnExceptionInTimePassesAndItDidNotExpire) {
  run_and_destroy([]() -> Coro<void> {
    Timeout scope = Timeout::after(1s);
    const auto result = co_await outcome(timeout(scope, [] { return fail_after(0s, "own error"); }));
    EXPECT_EQ(result.error_message(), "own error");
    EXPECT_FALSE(scope.expired());
  });
}

TEST_F(TimeoutScopeTest, AnExceptionOnTheWayOutPassesAndItDidExpire) {
  run_and_destroy([]() -> Coro<void> {
    Timeout scope = Timeout::after(1s);
    const auto result = co_await outcome(timeout(scope, [] { return fail_when_cancelled("clean-up"); }));
    EXPECT_EQ(result.error_message(), "clean-up");
    EXPECT_TRUE(scope.expired());
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
}

TEST_F(TimeoutScopeTest, AGroupOfErrorsOnTheWayOutPasses) {
  run_and_destroy([]() -> Coro<void> {
    const auto group = [](TaskGroup& entered) -> Coro<void> {
      entered.create_task(fail_when_cancelled("child"));
      co_await forever();
    };
    const auto result = co_await outcome(timeout(1s, [&] { return task_group(group); }));
    EXPECT_EQ(members(result.error()), "child");
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
  });
}

TEST_F(TimeoutScopeTest, TheTasksOwnCancelIsNotATimeout) {
  run_and_destroy([]() -> Coro<void> {
    const auto main = []() -> Coro<void> {
      Timeout scope = Timeout::after(10s);
      const auto body = []() -> Coro<void> {
        current_task().cancel();
        co_await sleep(10s);
      };
      bool cancelled = false;
      try {
        co_await timeout(scope, body);
      } catch (const CancelledError&) {
        cancelled = true;
      }
      EXPECT_TRUE(cancelled);
      EXPECT_FALSE(scope.expired());
    };
    co_await create_task(main);
  });
}

TEST_F(TimeoutScopeTest, ATaskWhoseScopeExpiredIsNotCancelled) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      const auto result = co_await outcome(timeout(1s, [] { return forever(); }));
      EXPECT_EQ(result.error_message(), "timed out");
    });
    co_await task;
    EXPECT_FALSE(task.cancelled());
  });
}

TEST_F(TimeoutScopeTest, ACancellationWithinIsNotHiddenByOneFromBefore) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      current_task().cancel();
      const auto first = co_await cancellation();
      EXPECT_TRUE(first);
      const auto body = []() -> Coro<void> {
        current_task().cancel();
        co_await sleep(2s);
      };
      co_await timeout(1s, body);
      ADD_FAILURE() << "not cancelled";
    });
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_EQ(task.cancelling(), 2U);
  });
}

// -- nested -----------------------------------------------------------------------------------------------------------

TEST_F(TimeoutScopeTest, OfTwoThatExpireTogetherTheOuterOneThrows) {
  run_and_destroy([this]() -> Coro<void> {
    const auto deadline = get_running_loop().time() + 1s;
    Timeout outer(deadline);
    Timeout inner(deadline);
    const auto body = [&]() -> Coro<void> {
      try {
        co_await timeout(inner, [] { return forever(); });
      } catch (const CancelledError&) {
        log.push_back("inner cancelled");
        throw;
      }
    };
    const auto result = co_await outcome(timeout(outer, body));
    EXPECT_EQ(result.error_message(), "timed out");
    EXPECT_TRUE(outer.expired());
    EXPECT_TRUE(inner.expired());
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, Log{"inner cancelled"});
}

TEST_F(TimeoutScopeTest, OneInTheCleanUpOfAnotherExpiresByItself) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this]() -> Coro<void> {
      const auto cancelled = co_await cancellation();
      const auto clean_up = co_await outcome(timeout(1s, [] { return forever(); }));
      log.push_back(clean_up.error_message());
      std::rethrow_exception(cancelled);
    };
    const auto result = co_await outcome(timeout(1s, body));
    EXPECT_EQ(result.error_message(), "timed out");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, Log{"timed out"});
}

// These two move the fixture's clock themselves, so they run once.
TEST_F(TimeoutScopeTest, AnOuterScopeThatExpiredWhileTheLoopWasBusyInterruptsTheInnerOne) {
  const auto busy = [this]() -> Coro<void> {
    clock().advance(10ms);
    co_await sleep(1s);
  };
  const auto nested = [&]() -> Coro<void> {
    try {
      co_await timeout(100ms, busy);
    } catch (const TimeoutError&) {
      log.push_back("inner timeout");
    }
  };
  const auto main = [&]() -> Coro<void> {
    const auto result = co_await outcome(timeout(2ms, nested));
    EXPECT_EQ(result.error_message(), "timed out");
  };
  run(main());
  EXPECT_EQ(log, Log{});
}

TEST_F(TimeoutScopeTest, AnInnerScopeThatExpiredWhileTheLoopWasBusyLeavesTheOuterOneItsTime) {
  const auto busy = [this]() -> Coro<void> {
    clock().advance(50ms);
    co_await sleep(1s);
  };
  const auto nested = [&]() -> Coro<void> {
    try {
      co_await timeout(10ms, busy);
    } catch (const TimeoutError&) {
      log.push_back("inner timeout");
    }
    co_await sleep(10s);
  };
  const auto main = [&]() -> Coro<void> {
    const auto result = co_await outcome(timeout(100ms, nested));
    EXPECT_EQ(result.error_message(), "timed out");
  };
  run(main());
  EXPECT_EQ(log, Log{"inner timeout"});
  EXPECT_EQ(elapsed(), 100ms);
}

}  // namespace
