// SPDX-License-Identifier: Apache-2.0
// The cases on as_completed() in CPython's test_tasks, re-expressed.
#include <corolla/runtime/as_completed.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<std::string> after(std::chrono::nanoseconds delay, std::string value) {
  co_await sleep(delay);
  if (value == "error") throw ValueError("failed");
  co_return value;
}

// test_as_completed, test_as_completed_reverse_wait
TEST(AsCompletedTest, GivesResultsInOrderOfCompletion) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<std::string>> tasks;
              tasks.push_back(create_task(after(30ms, "c")));
              tasks.push_back(create_task(after(10ms, "a")));
              tasks.push_back(create_task(after(20ms, "error")));
              for (auto& next : as_completed(tasks)) {
                auto result = co_await outcome(next);
                notes.push_back(result ? *result : result.error_message());
              }
              EXPECT_EQ(tasks[1].result(), "a");  // copied, not moved
            }),
            (Notes{"a", "failed", "c"}));
}

// test_as_completed_coroutine_without_loop's counterpart: Coros become tasks at the call; move-only values are moved.
TEST(AsCompletedTest, TakesCoros) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Coro<std::unique_ptr<int>>> coros;
              for (int i = 3; i > 0; --i) {
                coros.push_back([](int n) -> Coro<std::unique_ptr<int>> {
                  co_await sleep(n * 1ms);
                  co_return std::make_unique<int>(n);
                }(i));
              }
              for (auto& next : as_completed(coros)) notes.push_back(std::to_string(*co_await next));
            }),
            (Notes{"1", "2", "3"}));
}

// test_as_completed_with_timeout: the limit is for the whole, each step that is left fails, nothing is cancelled.
TEST(AsCompletedTest, TimeoutIsForTheWhole) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<std::string>> tasks;
              tasks.push_back(create_task(after(5ms, "a")));
              tasks.push_back(create_task(after(50ms, "b")));
              tasks.push_back(create_task(after(60ms, "c")));
              for (auto& next : as_completed(tasks, 20ms)) {
                auto result = co_await outcome(next);
                const auto now = get_running_loop().time().time_since_epoch() / 1ms;
                notes.push_back((result ? *result : result.error_message()) + " " + std::to_string(now));
              }
              const auto value = co_await tasks[2];
              EXPECT_EQ(value, "c");
            }),
            (Notes{"a 5", "timed out 20", "timed out 20"}));
}

// test_as_completed_with_unused_timeout: the timer does not hold the loop up.
TEST(AsCompletedTest, UnusedTimeoutIsDisarmed) {
  trace([](Notes&) -> Coro<void> {
    std::vector<Coro<std::string>> coros;
    coros.push_back(after(1ms, "a"));
    for (auto& next : as_completed(coros, 1h)) {
      const auto value = co_await next;
      EXPECT_EQ(value, "a");
    }
    co_await sleep(2h);
  });
}

// test_as_completed_duplicate_coroutines, and an empty range
TEST(AsCompletedTest, DuplicatesComeOnce) {
  trace([](Notes&) -> Coro<void> {
    std::vector<Future<int>> futures;
    for (auto& next : as_completed(futures)) ADD_FAILURE() << co_await next;
    auto future = get_running_loop().create_future<int>();
    futures = {future, future};
    future.set_result(1);
    int count = 0;
    for (auto& next : as_completed(futures)) count += co_await next;
    EXPECT_EQ(count, 1);
  });
}

// test_as_completed_concurrent: steps may be awaited by several tasks; each completion goes to one.
TEST(AsCompletedTest, StepsMayBeAwaitedConcurrently) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<std::string>> tasks;
              tasks.push_back(create_task(after(20ms, "b")));
              tasks.push_back(create_task(after(10ms, "a")));
              std::vector<Task<std::string>> getters;
              for (auto& next : as_completed(tasks)) getters.push_back(create_task(next.coro()));
              for (auto& getter : getters) notes.push_back(co_await getter);
            }),
            (Notes{"a", "b"}));
}

// The step that is cancelled takes nothing with it.
TEST(AsCompletedTest, CancelledStepLosesNothing) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Future<std::string>> futures;
              for (int i = 0; i < 2; ++i) futures.push_back(get_running_loop().create_future<std::string>());
              auto range = as_completed(futures);
              auto it = range.begin();
              auto first = create_task(it->coro());
              ++it;
              auto second = create_task(it->coro());
              co_await steps(1);
              futures[1].set_result("one");
              co_await steps(1);  // `first` is woken
              first.cancel();
              notes.push_back(co_await second);
              EXPECT_TRUE(first.cancelled());
            }),
            (Notes{"one"}));
}

TEST(AsCompletedTest, AStepIsAwaitedOnce) {
  trace([](Notes&) -> Coro<void> {
    std::vector<Coro<std::string>> coros;
    coros.push_back(after(1ms, "a"));
    for (auto& next : as_completed(coros)) {
      co_await next;
      EXPECT_THROW((void)next.coro(), RuntimeError);
    }
  });
}

// Leaving early forgets the rest; completions on their way then touch nothing.
TEST(AsCompletedTest, MayBeLeftEarly) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Future<int>> futures;
              for (int i = 0; i < 3; ++i) futures.push_back(get_running_loop().create_future<int>());
              futures[0].set_result(0);
              for (auto& next : as_completed(futures, 1h)) {
                notes.push_back(std::to_string(co_await next));
                futures[1].set_result(1);
                break;
              }
              futures.clear();
              co_await steps(2);
            }),
            (Notes{"0"}));
}

// One hop for a child that is done, then nothing more for each that is in the FIFO.
TEST(AsCompletedTest, CostsOneHopForTheDone) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Future<int>> futures;
              for (int i = 0; i < 3; ++i) {
                futures.push_back(get_running_loop().create_future<int>());
                futures[static_cast<std::size_t>(i)].set_result(i);
              }
              auto range = as_completed(futures);
              get_running_loop().call_soon([&notes] { notes.push_back("next iteration"); });
              co_await steps(1);
              for (auto& next : range) notes.push_back(std::to_string(co_await next));
            }),
            (Notes{"next iteration", "0", "1", "2"}));
}

// test_as_completed_resume_iterator
TEST(AsCompletedTest, ASecondLoopGoesOnWhereTheFirstWasLeft) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Coro<std::string>> coros;
              for (const char* text : {"a", "b", "c", "d"}) coros.push_back(after(0ms, text));
              auto range = as_completed(coros);
              int count = 0;
              for (auto& next : range) {
                notes.push_back(co_await next);
                if (++count == 2) break;
              }
              notes.push_back("again");
              for (auto& next : range) notes.push_back(co_await next);
              for (auto& next : range) notes.push_back(co_await next);
            }),
            (Notes{"a", "b", "again", "c", "d"}));
}

// test_as_completed_same_tasks_in_as_out: the other spelling gives the tasks themselves.
TEST(AsCompletedTest, AStepTellsWhichOneItIs) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<std::string>> tasks;
              tasks.push_back(create_task(after(30ms, "c")));
              tasks.push_back(create_task(after(10ms, "error")));
              tasks.push_back(create_task(after(20ms, "b")));
              for (auto& next : as_completed(tasks)) {
                const auto which = co_await next.future();
                EXPECT_TRUE(which.done());
                for (std::size_t i = 0; i < tasks.size(); ++i)
                  if (tasks[i] == which) notes.push_back(std::to_string(i) + (which.exception() ? " failed" : ""));
              }
              auto range = as_completed(tasks);
              auto it = range.begin();
              co_await it->future();
              EXPECT_THROW((void)it->future(), RuntimeError);
            }),
            (Notes{"1 failed", "2", "0"}));
}

// test_as_completed_with_timeout, the other spelling
TEST(AsCompletedTest, AStepAfterTheTimeLimitIsNone) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<std::string>> tasks;
              tasks.push_back(create_task(after(100ms, "a")));
              tasks.push_back(create_task(after(150ms, "b")));
              try {
                for (auto& next : as_completed(tasks, 120ms)) {
                  const auto which = co_await next.future();
                  notes.push_back(which.result());
                }
              } catch (const TimeoutError&) {
                notes.push_back("timed out");
              }
            }),
            (Notes{"a", "timed out"}));
}

// test_as_completed_reverse_wait: who awaits first gets the first to be done, whichever step that is.
TEST(AsCompletedTest, StepsMayBeAwaitedInAnyOrder) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Coro<std::string>> coros;
              coros.push_back(after(50ms, "a"));
              coros.push_back(after(100ms, "b"));
              std::vector<Coro<std::string>> all;
              for (auto& next : as_completed(coros)) all.push_back(next.coro());
              notes.push_back(co_await std::move(all[1]));
              notes.push_back(co_await std::move(all[0]));
            }),
            (Notes{"a", "b"}));
}

// test_as_completed_coroutine_without_loop, and futures of another loop
TEST(AsCompletedTest, NeedsTheRunningLoop) {
  std::vector<Coro<std::string>> coros;
  coros.push_back(after(1ms, "a"));
  EXPECT_THROW((void)as_completed(coros), RuntimeError);
  trace([](Notes&) -> Coro<void> {
    corolla_tests::VirtualLoop other;
    std::vector<Future<int>> futures{other.loop().create_future<int>()};
    EXPECT_THROW((void)as_completed(futures), ValueError);
    co_return;
  });
}

}  // namespace
