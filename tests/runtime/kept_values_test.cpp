// SPDX-License-Identifier: Apache-2.0
// What random programs found where unit tests had not looked: values moved out of futures that others still hold, and a
// callback that outlived its wait.
#include <corolla/runtime/gather.hpp>
#include <corolla/runtime/shield.hpp>
#include <corolla/runtime/wait_for.hpp>

#include <string>
#include <vector>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::trace;

Coro<std::string> text() { co_return "a value too long for a small string"; }

TEST(KeptValuesTest, AwaitingAShieldOfADoneTaskLeavesItsValue) {
  trace([](Notes&) -> Coro<void> {
    const auto task = create_task(text());
    const std::string first = co_await task;
    const auto value = co_await shield(task);
    EXPECT_EQ(value, first);
    const auto value2 = co_await shield(task);
    EXPECT_EQ(value2, first);
    const auto kept = co_await outcome(shield(task));
    EXPECT_EQ(*kept, first);
    EXPECT_EQ(task.result(), first);
  });
}

TEST(KeptValuesTest, WaitForLeavesTheValueOfSomebodysFuture) {
  trace([](Notes&) -> Coro<void> {
    const auto task = create_task(text());
    const std::string first = co_await wait_for(task, 1s);
    const auto value = co_await wait_for(task, 1s);
    EXPECT_EQ(value, first);
    const auto value2 = co_await wait_for(task, 0s);
    EXPECT_EQ(value2, first);
    EXPECT_EQ(task.result(), first);
  });
}

TEST(WaitForWithoutTimeTest, AGatherThatFailsWithItsCancellationTimedOut) {
  trace([](Notes&) -> Coro<void> {
    std::vector<Task<std::string>> tasks;
    tasks.push_back(create_task(text()));
    const auto all = gather(return_exceptions, tasks);
    const auto result = co_await outcome(wait_for(all, 0s));
    EXPECT_FALSE(result.cancelled());
    EXPECT_THROW(static_cast<void>(result.value()), TimeoutError);
  });
}

// The wait is cancelled when the callback of the awaitable's end is queued already; it must not end the next wait.
TEST(WaitForWithoutTimeTest, CancelledItDisturbsNoLaterWait) {
  trace([](Notes&) -> Coro<void> {
    auto waiter = create_task([]() -> Coro<bool> {
      try {
        co_await wait_for(text(), 0s);
      } catch (const CancelledError&) {
      }
      const auto before = get_running_loop().time();
      co_await sleep(1h);
      co_return get_running_loop().time() - before >= 1h;
    });
    co_await sleep(0s);
    waiter.cancel();
    const auto waiter_value = co_await waiter;
    EXPECT_TRUE(waiter_value);
  });
}

}  // namespace
