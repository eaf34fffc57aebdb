// SPDX-License-Identifier: Apache-2.0
// The cases on as_completed() in CPython's test_tasks, re-expressed.
#include <corolla/runtime/as_completed.hpp>

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
              EXPECT_EQ(co_await tasks[2], "c");
            }),
            (Notes{"a 5", "timed out 20", "timed out 20"}));
}

// test_as_completed_with_unused_timeout: the timer does not hold the loop up.
TEST(AsCompletedTest, UnusedTimeoutIsDisarmed) {
  trace([](Notes&) -> Coro<void> {
    std::vector<Coro<std::string>> coros;
    coros.push_back(after(1ms, "a"));
    for (auto& next : as_completed(coros, 1h)) EXPECT_EQ(co_await next, "a");
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

}  // namespace
