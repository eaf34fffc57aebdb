// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace corolla_tests;

class GatherTest : public RuntimeTest {};

Coro<int> number_after(std::chrono::nanoseconds delay, int value) {
  co_await sleep(delay);
  co_return value;
}
Coro<std::string> text_after(std::chrono::nanoseconds delay, std::string value) {
  co_await sleep(delay);
  co_return value;
}
Coro<int> failing_after(std::chrono::nanoseconds delay, std::string message) {
  co_await sleep(delay);
  throw ValueError(message);
}
Coro<void> note_after(std::chrono::nanoseconds delay, Log& log, std::string text) {
  try {
    co_await sleep(delay);
    log.push_back(std::move(text));
  } catch (const CancelledError&) {
    log.push_back(text + " cancelled");
    throw;
  }
}

TEST_F(GatherTest, ValuesComeInTheOrderOfTheArguments) {
  run_and_destroy([]() -> Coro<void> {
    auto [a, b, c] = co_await gather(number_after(3ms, 1), text_after(1ms, "two"), turns(1));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, "two");
    static_assert(std::is_same_v<decltype(c), std::monostate>);
    static_cast<void>(c);
  });
  EXPECT_EQ(elapsed(), 3ms);
}

TEST_F(GatherTest, TakesARangeOfCorosTasksOrFutures) {
  run_and_destroy([]() -> Coro<void> {
    std::vector<Coro<int>> coros;
    for (int i = 0; i < 5; ++i) coros.push_back(number_after((5 - i) * 1ms, i));
    const auto of_coros = co_await gather(coros);
    EXPECT_EQ(of_coros, (std::vector<int>{0, 1, 2, 3, 4}));
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(create_task(number_after(1ms, i)));
    const auto of_tasks = co_await gather(tasks);
    EXPECT_EQ(of_tasks, (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(tasks[2].result(), 2);
  });
}

TEST_F(GatherTest, OfNothingOrOfWhatIsDoneIsDoneAtOnce) {
  run_and_destroy([]() -> Coro<void> {
    std::vector<Task<int>> none;
    auto empty = gather(none);
    EXPECT_TRUE(empty.done());
    EXPECT_TRUE(empty.result().empty());
    EXPECT_TRUE(gather().done());
    auto future = get_running_loop().create_future<int>();
    future.set_result(4);
    auto all_done = gather(future, future);
    EXPECT_TRUE(all_done.done());
    const auto all_done_value = co_await all_done;
    EXPECT_EQ(all_done_value, (std::tuple{4, 4}));
  });
}

TEST_F(GatherTest, MakesTasksAtTheCallInOrder) {
  run_and_destroy([this]() -> Coro<void> {
    auto later = gather(note_after(0ns, log, "a"), note_after(0ns, log, "b"));
    log.push_back("main");
    co_await later;
  });
  EXPECT_EQ(log, (Log{"main", "a", "b"}));
}

TEST_F(GatherTest, ADuplicateRunsOnceAndAppearsTwice) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<std::string> {
          out->push_back("ran");
          co_await turns(1);
          co_return "value";
        },
        &log);
    auto other = create_task(text_after(1ms, "other"));
    const auto [a, b, c] = co_await gather(task, other, task);
    EXPECT_EQ(a, "value");
    EXPECT_EQ(b, "other");
    EXPECT_EQ(c, "value");
  });
  EXPECT_EQ(log, Log{"ran"});
}

TEST_F(GatherTest, TheFirstErrorWinsAtOnceAndTheOthersRunOn) {
  run_and_destroy([this]() -> Coro<void> {
    auto slow = create_task(note_after(5ms, log, "sibling ran on"));
    const auto result = co_await outcome(gather(slow, failing_after(2ms, "second"), failing_after(1ms, "first")));
    EXPECT_EQ(result.error_message(), "first");
    EXPECT_FALSE(slow.done());
    co_await slow;
  });
  EXPECT_EQ(log, Log{"sibling ran on"});
  EXPECT_TRUE(reports.empty());  // the later error counts as retrieved
}

TEST_F(GatherTest, ACancelledChildCountsAsAnError) {
  run_and_destroy([this]() -> Coro<void> {
    auto child = create_task(forever());
    auto sibling = create_task(note_after(1ms, log, "sibling"));
    auto all = gather(child, sibling);
    co_await turns(1);
    child.cancel();
    const auto all_outcome = co_await outcome(all);
    EXPECT_TRUE(all_outcome.cancelled());
    EXPECT_FALSE(all.cancelled());  // it failed with CancelledError
    co_await sibling;
  });
  EXPECT_EQ(log, Log{"sibling"});
}

TEST_F(GatherTest, CancellingItCancelsTheChildrenAndWaitsForAll) {
  run_and_destroy([this]() -> Coro<void> {
    auto stubborn = create_task(
        [](Log* out) -> Coro<void> {
          try {
            co_await forever();
          } catch (const CancelledError&) {
          }
          co_await sleep(5ms);
          out->push_back("stubborn ends");
        },
        &log);
    auto all = gather(note_after(1h, log, "a"), stubborn, note_after(1h, log, "b"));
    co_await turns(1);
    EXPECT_TRUE(all.cancel());
    EXPECT_FALSE(all.done());
    const auto all_outcome = co_await outcome(all);
    EXPECT_TRUE(all_outcome.cancelled());
    EXPECT_FALSE(all.cancel());
    co_await outcome(stubborn);
  });
  EXPECT_EQ(log, (Log{"a cancelled", "b cancelled", "stubborn ends"}));
}

TEST_F(GatherTest, CancelledWithReturnExceptionsItEndsWithCancelledErrorAfterAll) {
  run_and_destroy([this]() -> Coro<void> {
    auto stubborn = create_task(
        [](Log* out) -> Coro<void> {
          try {
            co_await forever();
          } catch (const CancelledError&) {
          }
          co_await sleep(5ms);
          out->push_back("stubborn ends");
        },
        &log);
    auto all = gather(return_exceptions, note_after(1h, log, "a"), stubborn);
    co_await turns(1);
    all.cancel();
    const auto all_outcome = co_await outcome(all);
    EXPECT_TRUE(all_outcome.cancelled());
    log.push_back("joined");
  });
  EXPECT_EQ(log, (Log{"a cancelled", "stubborn ends", "joined"}));
}

TEST_F(GatherTest, CancellingTheAwaitingTaskCancelsTheChildren) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          co_await gather(note_after(1h, *out, "a"), gather(note_after(1h, *out, "b"), note_after(1h, *out, "c")));
        },
        &log);
    co_await turns(3);
    task.cancel();
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
    EXPECT_EQ(task.cancelling(), 1U);
  });
  EXPECT_EQ(log, (Log{"a cancelled", "b cancelled", "c cancelled"}));
}

TEST_F(GatherTest, ReturnExceptionsGivesOutcomes) {
  run_and_destroy([]() -> Coro<void> {
    auto cancelled = create_task(forever());
    cancelled.cancel();
    const auto [a, b, c] =
        co_await gather(return_exceptions, number_after(1ms, 5), failing_after(1ms, "no"), cancelled);
    EXPECT_EQ(*a, 5);
    EXPECT_EQ(b.error_message(), "no");
    EXPECT_TRUE(c.cancelled());
    std::vector<Coro<int>> coros;
    coros.push_back(number_after(1ms, 1));
    coros.push_back(failing_after(1ms, "x"));
    const auto outcomes = co_await gather(return_exceptions, coros);
    EXPECT_EQ(outcomes.size(), 2U);
    EXPECT_TRUE(outcomes[0].has_value());
    EXPECT_FALSE(outcomes[1].has_value());
  });
}

TEST_F(GatherTest, MoveOnlyValuesOfCorosAreMovedOut) {
  run_and_destroy([]() -> Coro<void> {
    const auto make = [](int value) -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
    auto all = gather(make(1), make(2));
    auto values = co_await std::move(all);
    EXPECT_EQ(*std::get<0>(values) + *std::get<1>(values), 3);
  });
}

TEST_F(GatherTest, ValuesOfTasksAreCopied) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(text_after(0ns, "a text that is too long for the small buffer"));
    const auto values = co_await gather(task);
    EXPECT_EQ(std::get<0>(values), task.result());
    EXPECT_FALSE(task.result().empty());
  });
}

TEST_F(GatherTest, ANestedOneCountsAsAFuture) {
  run_and_destroy([]() -> Coro<void> {
    auto inner = gather(number_after(1ms, 1), number_after(2ms, 2));
    const auto [pair, three] = co_await gather(inner, number_after(1ms, 3));
    EXPECT_EQ(std::get<1>(pair), 2);
    EXPECT_EQ(three, 3);
  });
}

TEST_F(GatherTest, DroppedItGoesOnAndLeavesNothing) {
  run_and_destroy([this]() -> Coro<void> {
    {
      auto dropped = gather(note_after(1ms, log, "a"), note_after(2ms, log, "b"));
    }
    co_await sleep(1s);
  });
  EXPECT_EQ(log, (Log{"a", "b"}));
}

TEST_F(GatherTest, OfAFutureNobodyCompletesLeavesNothing) {
  run_and_destroy([]() -> Coro<void> {
    auto never = get_running_loop().create_future<int>();
    auto all = gather(never, number_after(0ns, 1));
    co_await turns(3);
    EXPECT_FALSE(all.done());
  });
}

// Run to its end only: thousands of children at each of its steps would take minutes.
TEST_F(GatherTest, ManyChildrenKeepTheirOrder) {
  auto body = []() -> Coro<long> {
    std::vector<Coro<int>> coros;
    for (int i = 0; i < 20000; ++i) coros.push_back(number_after(std::chrono::nanoseconds(i % 7), i));
    const auto values = co_await gather(coros);
    long wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i) wrong += values[i] != static_cast<int>(i);
    co_return wrong;
  };
  EXPECT_EQ(run(body()), 0);
}

}  // namespace
