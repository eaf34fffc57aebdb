// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <optional>
#include <string>

namespace {

using namespace corolla_tests;

// wait_for and what does not end when it is told to, or ends just then.
class WaitForRacesTest : public RuntimeTest {};

/// Ends in two seconds, whoever cancels it.
Coro<int> stubborn(Log* log) {
  const auto end = get_running_loop().time() + 2s;
  while (get_running_loop().time() < end) {
    try {
      co_await sleep(end - get_running_loop().time());
    } catch (const CancelledError&) {
      log->push_back("ignored a cancellation");
    }
  }
  log->push_back("ended");
  co_return 42;
}
/// Needs a second to end when it is cancelled.
Coro<void> slow_to_cancel(Log* log) {
  std::exception_ptr cancelled;
  try {
    co_await forever();
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  co_await sleep(1s);
  log->push_back("ended");
  std::rethrow_exception(cancelled);
}

TEST_F(WaitForRacesTest, CancelledItWaitsForACoroThatIgnoresIt) {
  run_and_destroy([this]() -> Coro<void> {
    auto waiter = create_task(wait_for(stubborn(&log), 4s));
    co_await turns(1);
    waiter.cancel();
    const auto result = co_await outcome(waiter);
    EXPECT_TRUE(result) << "the cancellation was swallowed by the awaitable, as its own await would have";
    EXPECT_EQ(waiter.cancelling(), 1U);
  });
  EXPECT_EQ(log, (Log{"ignored a cancellation", "ended"}));
}

TEST_F(WaitForRacesTest, TooLateItWaitsForACoroThatIgnoresItAndGivesItsValue) {
  run_and_destroy([this]() -> Coro<void> {
    const int value = co_await wait_for(stubborn(&log), 1s);
    EXPECT_EQ(value, 42);
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, (Log{"ignored a cancellation", "ended"}));
}

TEST_F(WaitForRacesTest, TooLateItWaitsForATaskThatNeedsTimeToEnd) {
  for (const auto limit : {std::chrono::seconds(1), std::chrono::seconds(0)}) {
    run_and_destroy([this, limit]() -> Coro<void> {
      auto task = create_task(slow_to_cancel(&log));
      co_await turns(2);
      const auto result = co_await outcome(wait_for(task, limit));
      EXPECT_TRUE(exception_is<TimeoutError>(result.error()));
      log.push_back("timed out");
    });
    EXPECT_EQ(log, (Log{"ended", "timed out"}));
  }
}

TEST_F(WaitForRacesTest, WithoutTimeLeftARunningTaskIsCancelled) {
  for (const auto limit : {std::chrono::seconds(0), std::chrono::seconds(-1)}) {
    run_and_destroy([this, limit]() -> Coro<void> {
      auto task = create_task(
          [](Log* out) -> Coro<std::string> {
            const Farewell end(*out, "ended");
            co_await sleep(10s);
            co_return "done";
          },
          &log);
      co_await turns(1);
      const auto begin = get_running_loop().time();
      const auto result = co_await outcome(wait_for(task, limit));
      EXPECT_TRUE(exception_is<TimeoutError>(result.error()));
      EXPECT_TRUE(task.cancelled());
      EXPECT_EQ(get_running_loop().time(), begin);
    });
    EXPECT_EQ(log, Log{"ended"});
  }
}

TEST_F(WaitForRacesTest, AValueThatComesFromACallbackIsGiven) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<std::string>();
    get_running_loop().call_soon([future] { future.set_result("ok"); });
    const std::string value = co_await wait_for(future, 200ms);
    EXPECT_EQ(value, "ok");
  });
}

TEST_F(WaitForRacesTest, AnErrorOnTheWayOutIsPassedOn) {
  for (const auto limit : {std::chrono::seconds(1), std::chrono::seconds(0)}) {
    run_and_destroy([limit]() -> Coro<void> {
      auto task = create_task([]() -> Coro<void> {
        try {
          co_await forever();
        } catch (const CancelledError&) {
          throw ValueError("clean-up");
        }
      });
      co_await turns(2);
      const auto result = co_await outcome(wait_for(task, limit));
      EXPECT_EQ(result.error_message(), "clean-up");
    });
  }
}

TEST_F(WaitForRacesTest, CancelledWithOrWithoutALimitItCancelsTheTask) {
  const std::optional<EventLoop::duration> limits[] = {std::nullopt, std::chrono::minutes(1)};
  for (const auto& limit : limits) {
    run_and_destroy([limit]() -> Coro<void> {
      auto task = create_task([]() -> Coro<void> { co_await get_running_loop().create_future(); });
      auto waiter = create_task(wait_for(task, limit));
      get_running_loop().call_soon([waiter] { waiter.cancel(); });
      const auto result = co_await outcome(waiter);
      EXPECT_TRUE(result.cancelled());
      EXPECT_TRUE(task.cancelled());
    });
  }
}

TEST_F(WaitForRacesTest, CancelledWhenTheTaskHasJustEndedItIsCancelledAllTheSame) {
  run_and_destroy([this]() -> Coro<void> {
    auto inner = create_task([]() -> Coro<std::string> { co_return "done"; });
    auto waiter = create_task(
        [](Task<std::string> awaited, Log* out) -> Coro<void> {
          co_await wait_for(awaited, 100s);
          co_await sleep(1s);
          out->push_back("the cancellation was lost");
        },
        inner, &log);
    co_await turns(1);
    waiter.cancel();
    const auto result = co_await outcome(waiter);
    EXPECT_TRUE(result.cancelled());
    EXPECT_EQ(inner.result(), "done");
  });
  EXPECT_EQ(log, Log{});
}

// -- around a shield --------------------------------------------------------------------------------------------------

Coro<std::string> done_after(std::chrono::nanoseconds delay) {
  co_await sleep(delay);
  co_return "done";
}

TEST_F(WaitForRacesTest, AShieldedTaskGoesOnAfterTheTimeout) {
  for (const auto limit : {std::chrono::seconds(1), std::chrono::seconds(0)}) {
    run_and_destroy([limit]() -> Coro<void> {
      auto task = create_task(done_after(10s));
      const auto shielded = shield(task);
      const auto result = co_await outcome(wait_for(shielded, limit));
      EXPECT_TRUE(exception_is<TimeoutError>(result.error()));
      EXPECT_FALSE(task.done());
      EXPECT_TRUE(shielded.cancelled());
      const std::string value = co_await task;
      EXPECT_EQ(value, "done");
    });
  }
}

TEST_F(WaitForRacesTest, AShieldedTaskWithoutALimitIsWaitedFor) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(done_after(1s));
    const std::string value = co_await wait_for(shield(task), std::nullopt);
    EXPECT_EQ(value, "done");
    EXPECT_TRUE(task.done());
  });
}

}  // namespace
