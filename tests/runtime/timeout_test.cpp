// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace corolla_tests;

class TimeoutTest : public RuntimeTest {};
class WaitForTest : public RuntimeTest {};

Coro<int> number_after(std::chrono::nanoseconds delay, int value) {
  co_await sleep(delay);
  co_return value;
}

TEST_F(TimeoutTest, InTimeGivesTheValue) {
  run_and_destroy([]() -> Coro<void> {
    const auto value = co_await timeout(2s, [] { return number_after(1s, 5); });
    EXPECT_EQ(value, 5);
    const auto value2 = co_await timeout(std::nullopt, [] { return number_after(1h, 6); });
    EXPECT_EQ(value2, 6);
    co_await timeout(1s, [](Timeout& scope) -> Coro<void> {
      EXPECT_FALSE(scope.expired());
      EXPECT_EQ(scope.when(), get_running_loop().time() + 1s);
      co_return;
    });
    co_await sleep(2s);  // no timer is left to fire
  });
}

TEST_F(TimeoutTest, TooLateCancelsTheBodyAndThrowsTimeoutError) {
  run_and_destroy([this]() -> Coro<void> {
    bool expired = false;
    const auto body = [&](Timeout& scope) -> Coro<void> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
        expired = scope.expired();
        throw;
      }
    };
    const auto result = co_await outcome(timeout(3s, body));
    EXPECT_EQ(result.error_message(), "timed out");
    EXPECT_THROW(static_cast<void>(result.value()), TimeoutError);
    EXPECT_TRUE(expired);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);  // no cancellation is left over
    log.push_back("went on");
  });
  EXPECT_EQ(log, Log{"went on"});
}

TEST_F(TimeoutTest, ADeadlineInThePastFiresInTheNextIteration) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this]() -> Coro<void> {
      log.push_back("body started");
      co_await turns(1);
      log.push_back("too late");
    };
    const auto result = co_await outcome(timeout(-1s, body));
    EXPECT_TRUE(result.error());
    // A body that does not suspend is not interrupted.
    const auto value = co_await timeout(0s, []() -> Coro<int> { co_return 1; });
    EXPECT_EQ(value, 1);
  });
  EXPECT_EQ(log, Log{"body started"});
}

TEST_F(TimeoutTest, OtherExceptionsPassUnchanged) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = []() -> Coro<void> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
        throw ValueError("instead");
      }
    };
    const auto result = co_await outcome(timeout(1s, body));
    EXPECT_EQ(result.error_message(), "instead");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
}

TEST_F(TimeoutTest, ABodyThatSwallowsTheCancellationGivesItsValue) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = []() -> Coro<int> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
      }
      co_return 9;
    };
    const auto value = co_await timeout(1s, body);
    EXPECT_EQ(value, 9);
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
}

TEST_F(TimeoutTest, ACancellationFromOutsideIsNotATimeout) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          try {
            co_await timeout(5s, [] { return forever(); });
          } catch (const CancelledError& error) {
            out->push_back("cancelled " + error.message());
            throw;
          }
        },
        &log);
    co_await turns(1);
    task.cancel("from outside");
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
    co_await sleep(10s);
  });
  EXPECT_EQ(log, Log{"cancelled from outside"});
}

TEST_F(TimeoutTest, ExpiringAndCancelledAtOnceTheCancellationWins) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> { co_await timeout(5s, [] { return forever(); }); });
    co_await turns(1);
    get_running_loop().call_later(5s, [task] { task.cancel(); });
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
    EXPECT_EQ(task.cancelling(), 1U);
  });
}

TEST_F(TimeoutTest, ACancellationFromBeforeDoesNotHideTheTimeout) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<std::string> {
      try {
        co_await forever();
      } catch (const CancelledError&) {  // swallowed; the count stays at 1
      }
      std::string result = "no timeout";
      try {
        co_await timeout(1s, [] { return forever(); });
      } catch (const TimeoutError&) {
        result = "timeout";
      }
      co_return result;
    });
    co_await turns(1);
    task.cancel();
    const auto task_value = co_await task;
    EXPECT_EQ(task_value, "timeout");
    EXPECT_EQ(task.cancelling(), 1U);
  });
}

TEST_F(TimeoutTest, NestsAndTheScopeThatExpiredThrows) {
  run_and_destroy([this]() -> Coro<void> {
    const auto inner_first = [this]() -> Coro<void> {
      try {
        co_await timeout(1s, [] { return forever(); });
      } catch (const TimeoutError&) {
        log.push_back("inner");
      }
      co_await sleep(1s);
    };
    co_await timeout(10s, inner_first);
    const auto outer_first = [this]() -> Coro<void> {
      try {
        co_await timeout(10s, [] { return forever(); });
      } catch (const TimeoutError&) {
        log.push_back("wrong scope");
      }
    };
    const auto result = co_await outcome(timeout(1s, outer_first));
    EXPECT_EQ(result.error_message(), "timed out");
  });
  EXPECT_EQ(log, Log{"inner"});
}

TEST_F(TimeoutTest, BothExpiringInOneIterationAreToldApart) {
  run_and_destroy([this]() -> Coro<void> {
    const auto nested = [this]() -> Coro<void> {
      try {
        co_await timeout(1s, [] { return forever(); });
      } catch (const TimeoutError&) {
        log.push_back("inner timeout");
      } catch (const CancelledError&) {
        log.push_back("inner cancelled");
        throw;
      }
      co_await turns(1);
    };
    const auto result = co_await outcome(timeout(1s, nested));
    EXPECT_EQ(result.error_message(), "timed out");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, Log{"inner cancelled"});
}

TEST_F(TimeoutTest, RescheduleMovesTheDeadlineUntilItFired) {
  run_and_destroy([]() -> Coro<void> {
    const auto begin = get_running_loop().time();
    const auto body = [&](Timeout& scope) -> Coro<void> {
      scope.reschedule(begin + 10s);
      EXPECT_EQ(scope.when(), begin + 10s);
      try {
        co_await forever();
      } catch (const CancelledError&) {
        EXPECT_EQ(get_running_loop().time(), begin + 10s);
        EXPECT_THROW(scope.reschedule(begin + 20s), RuntimeError);
        throw;
      }
    };
    const auto result = co_await outcome(timeout(1s, body));
    EXPECT_TRUE(result.error());
    const auto never = [](Timeout& scope) -> Coro<int> {
      scope.reschedule(std::nullopt);
      EXPECT_EQ(scope.when(), std::nullopt);
      co_return co_await number_after(1h, 3);
    };
    const auto value = co_await timeout(1s, never);
    EXPECT_EQ(value, 3);
    const auto into_the_past = [begin](Timeout& scope) -> Coro<void> {
      scope.reschedule(begin);
      co_await turns(1);
      ADD_FAILURE();
    };
    const auto result2 = co_await outcome(timeout(1s, into_the_past));
    EXPECT_TRUE(result2.error());
    const auto result3 = co_await outcome(timeout_at(get_running_loop().time() + 1s, [] { return forever(); }));
    EXPECT_TRUE(result3.error());
  });
}

TEST_F(TimeoutTest, ATimeoutThatComesWhenTheBodyIsDoneIsTakenBack) {
  run_and_destroy([this]() -> Coro<void> {
    // The body ends in the very iteration in which the deadline fires, before the cancellation is delivered.
    const auto body = [](Timeout& scope) -> Coro<void> {
      co_await sleep(500ms);
      scope.reschedule(get_running_loop().time());
    };
    co_await timeout(1s, body);
    co_await sleep(0ns);
    co_await sleep(1s);
    EXPECT_EQ(current_task().cancelling(), 0U);
    log.push_back("undisturbed");
  });
  EXPECT_EQ(log, Log{"undisturbed"});
}

TEST_F(TimeoutTest, NeedsATask) {
  loop().call_soon([] {
    Timeout scope(std::nullopt);
    EXPECT_THROW(scope.enter(), RuntimeError);
    EXPECT_THROW(scope.reschedule(std::nullopt), RuntimeError);
  });
  loop().run_once();
}

// -- wait_for -------------------------------------------------------------------------------------------------------

TEST_F(WaitForTest, InTimeGivesTheValue) {
  run_and_destroy([]() -> Coro<void> {
    const auto value = co_await wait_for(number_after(1s, 4), 2s);
    EXPECT_EQ(value, 4);
    const auto value2 = co_await wait_for(number_after(1h, 5), std::nullopt);
    EXPECT_EQ(value2, 5);
    auto task = create_task(number_after(1s, 6));
    const auto value3 = co_await wait_for(task, 2s);
    EXPECT_EQ(value3, 6);
    co_await wait_for(turns(1), 1s);
  });
}

TEST_F(WaitForTest, RunsACoroInTheSameTask) {
  run_and_destroy([]() -> Coro<void> {
    const Task<> me = current_task();
    co_await wait_for(
        [](Task<> expected) -> Coro<void> {
          EXPECT_EQ(current_task(), expected);
          co_return;
        }(me),
        1s);
  });
}

TEST_F(WaitForTest, TooLateCancelsAndWaitsForTheEnd) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          bool cancelled = false;
          try {
            co_await forever();
          } catch (const CancelledError&) {
            cancelled = true;
          }
          co_await sleep(5s);
          out->push_back("cleaned up");
          if (cancelled) throw CancelledError();
        },
        &log);
    const auto result = co_await outcome(wait_for(task, 1s));
    EXPECT_EQ(result.error_message(), "timed out");
    log.push_back("timed out");
    EXPECT_TRUE(task.cancelled());
  });
  EXPECT_EQ(log, (Log{"cleaned up", "timed out"}));
}

TEST_F(WaitForTest, AValueThatCameInSpiteOfTheTimeoutIsPassedOn) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<int> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
      }
      co_return 8;
    });
    const auto value = co_await wait_for(task, 1s);
    EXPECT_EQ(value, 8);
    auto failing = create_task([]() -> Coro<int> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
        throw ValueError("own error");
      }
      co_return 0;
    });
    const auto result = co_await outcome(wait_for(failing, 1s));
    EXPECT_EQ(result.error_message(), "own error");
  });
}

TEST_F(WaitForTest, WithoutTimeLeftACoroNeverStarts) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [](Log* out) -> Coro<int> {
      out->push_back("started");
      co_return 1;
    };
    const auto result = co_await outcome(wait_for(body(&log), 0s));
    EXPECT_EQ(result.error_message(), "timed out");
    auto done = get_running_loop().create_future<int>();
    done.set_result(2);
    const auto value = co_await wait_for(done, 0s);
    EXPECT_EQ(value, 2);
    const auto value2 = co_await wait_for(done, -1s);
    EXPECT_EQ(value2, 2);
    auto pending = get_running_loop().create_future<int>();
    const auto result2 = co_await outcome(wait_for(pending, 0s));
    EXPECT_EQ(result2.error_message(), "timed out");
    EXPECT_TRUE(pending.cancelled());
  });
  EXPECT_TRUE(log.empty());
}

TEST_F(WaitForTest, CancelledItCancelsTheAwaitable) {
  run_and_destroy([]() -> Coro<void> {
    auto inner = create_task(forever());
    auto waiter = create_task([](Task<void> awaited) -> Coro<void> { co_await wait_for(awaited, 1h); }, inner);
    co_await turns(1);
    waiter.cancel();
    const auto waiter_outcome = co_await outcome(waiter);
    EXPECT_TRUE(waiter_outcome.cancelled());
    EXPECT_TRUE(inner.cancelled());
  });
}

TEST_F(WaitForTest, ACancellationIsNotLostWhenTheResultComesInTheSameIteration) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    auto waiter = create_task([](Future<int> awaited) -> Coro<void> { co_await wait_for(awaited, 1h); }, future);
    co_await turns(1);
    future.set_result(1);
    waiter.cancel();
    const auto waiter_outcome = co_await outcome(waiter);
    EXPECT_TRUE(waiter_outcome.cancelled());
  });
}

TEST_F(WaitForTest, KeepsTheValueOfSomebodysTaskAndMovesOneOfItsOwn) {
  run_and_destroy([]() -> Coro<void> {
    const auto text = []() -> Coro<std::string> { co_return "a text that is too long for the small buffer"; };
    auto task = create_task(text());
    const auto value = co_await wait_for(task, 1s);
    EXPECT_EQ(task.result(), value);
    auto pointer = create_task([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(1); });
    const auto value2 = co_await wait_for(std::move(pointer), 1s);
    EXPECT_EQ(*value2, 1);
  });
}

}  // namespace
