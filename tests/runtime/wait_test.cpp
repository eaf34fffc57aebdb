// SPDX-License-Identifier: Apache-2.0
// The cases on wait() in CPython's test_tasks, re-expressed.
#include <corolla/runtime/as_completed.hpp>
#include <corolla/runtime/wait.hpp>

#include <ranges>
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

Coro<int> after(std::chrono::nanoseconds delay, int value) {
  co_await sleep(delay);
  co_return value;
}

Coro<int> fail_after(std::chrono::nanoseconds delay) {
  co_await sleep(delay);
  throw ValueError("failed");
}

std::string show(const std::vector<Task<int>>& tasks) {
  std::string text;
  for (const auto& task : tasks) {
    text += task.cancelled()   ? "cancelled "
            : !task.done()     ? "pending "
            : task.exception() ? "failed "
                               : std::to_string(task.result()) + " ";
  }
  return text;
}

Coro<void> note_wait(Notes& notes, const std::vector<Task<int>>& tasks, ReturnWhen when,
                     std::optional<EventLoop::duration> timeout = std::nullopt) {
  auto [done, pending] = co_await wait(tasks, when, timeout);
  const auto now = get_running_loop().time().time_since_epoch() / 1ms;
  notes.push_back("done " + show(done) + "pending " + std::to_string(pending.size()) + " at " + std::to_string(now));
}

// test_wait, test_wait_first_completed, test_wait_first_exception
TEST(WaitTest, ReturnsWhenAsked) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(create_task(after(30ms, 3)));
              tasks.push_back(create_task(after(10ms, 1)));
              tasks.push_back(create_task(fail_after(20ms)));
              co_await note_wait(notes, tasks, ReturnWhen::kFirstCompleted);
              co_await note_wait(notes, tasks, ReturnWhen::kFirstException);
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted);
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted);
            }),
            (Notes{"done 1 pending 2 at 10", "done 1 failed pending 1 at 20", "done 3 1 failed pending 0 at 30",
                   "done 3 1 failed pending 0 at 30"}));
}

// test_wait_with_timeout: no TimeoutError, nothing cancelled.
TEST(WaitTest, TimeoutOnlyEndsTheWait) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(create_task(after(10ms, 1)));
              tasks.push_back(create_task(after(50ms, 5)));
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted, 20ms);
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted, 0ms);
              auto rest = co_await wait(tasks, 1h);
              notes.push_back(show(rest.done));
            }),
            (Notes{"done 1 pending 1 at 20", "done 1 pending 1 at 20", "1 5 "}));
}

// test_wait_first_exception: a cancelled one is done, but is not an exception.
TEST(WaitTest, CancellationIsNotAnException) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(create_task(after(10ms, 1)));
              tasks.push_back(create_task(after(10ms, 2)));
              tasks[0].cancel();
              co_await note_wait(notes, tasks, ReturnWhen::kFirstException);
              co_await note_wait(notes, tasks, ReturnWhen::kFirstCompleted);
            }),
            (Notes{"done cancelled 2 pending 0 at 10", "done cancelled 2 pending 0 at 10"}));
}

// test_wait_errors, test_wait_duplicate_coroutines
TEST(WaitTest, EmptyIsAnErrorAndDuplicatesCountOnce) {
  trace([](Notes&) -> Coro<void> {
    std::vector<Future<int>> futures;
    auto result = co_await outcome(wait(futures));
    EXPECT_EQ(result.error_message(), "wait() needs at least one future");
    auto future = get_running_loop().create_future<int>();
    future.set_result(1);
    futures = {future, future, future};
    auto [done, pending] = co_await wait(futures);
    EXPECT_EQ(done.size(), 1U);
    EXPECT_EQ(pending.size(), 0U);
  });
}

// Two hops, whether the child is done before the call or after.
TEST(WaitTest, CostsTwoHops) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Future<void>> futures{get_running_loop().create_future()};
              for (const bool before : {true, false}) {
                futures[0] = get_running_loop().create_future();
                if (before) futures[0].set_result();
                auto waiter = create_task(
                    [](std::vector<Future<void>>& f, Notes& n) -> Coro<void> {
                      co_await wait(f);
                      n.push_back("waited");
                    },
                    std::ref(futures), std::ref(notes));
                co_await steps(1);
                if (!before) futures[0].set_result();
                co_await steps(1);
                notes.push_back("one hop");
                co_await steps(1);
                notes.push_back("two hops");
                co_await waiter;
              }
            }),
            (Notes{"one hop", "waited", "two hops", "one hop", "waited", "two hops"}));
}

// The task that waits is cancelled; in the same iteration, before or after, the future it waits for is done. Its node
// is in the ready queue then, and must not touch what is gone.
TEST(WaitTest, CancelledWhileACompletionIsOnItsWay) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              for (const bool cancel_first : {true, false}) {
                std::vector<Future<void>> futures{get_running_loop().create_future()};
                auto waiter = create_task([](std::vector<Future<void>> f) -> Coro<void> { co_await wait(f); }, futures);
                co_await steps(1);
                if (cancel_first) waiter.cancel();
                futures[0].set_result();
                if (!cancel_first) waiter.cancel();
                futures.clear();
                co_await outcome(waiter);
                notes.push_back(waiter.cancelled() ? "cancelled" : "waited");
              }
            }),
            (Notes{"cancelled", "cancelled"}));
}

// Expired and completed in the same iteration.
TEST(WaitTest, TimeoutAndCompletionTogether) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(create_task(after(10ms, 1)));
              tasks.push_back(create_task(after(10ms, 2)));
              co_await steps(1);
              co_await note_wait(notes, tasks, ReturnWhen::kFirstCompleted, 10ms);
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted, 10ms);
            }),
            (Notes{"done 1 2 pending 0 at 10", "done 1 2 pending 0 at 10"}));
}

// test_wait_first_exception, test_wait_first_exception_in_wait: failed before the call and during it
TEST(WaitTest, AnErrorEndsIt) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              for (const auto delay : {0ms, 10ms}) {
                std::vector<Task<int>> tasks;
                tasks.push_back(create_task(after(10s, 1)));
                tasks.push_back(create_task(fail_after(delay)));
                if (delay == 0ms) co_await steps(2);
                co_await note_wait(notes, tasks, ReturnWhen::kFirstException);
                tasks[0].cancel();
              }
            }),
            (Notes{"done failed pending 1 at 0", "done failed pending 1 at 10"}));
}

// test_wait_with_exception
TEST(WaitTest, GivesFailedOnesAndDoesNotThrow) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(create_task(after(10ms, 1)));
              tasks.push_back(create_task(fail_after(15ms)));
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted);
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted);
            }),
            (Notes{"done 1 failed pending 0 at 15", "done 1 failed pending 0 at 15"}));
}

// test_wait_really_done: one that ends between the wake-up and the return is done, too.
TEST(WaitTest, WhatIsDoneWhenItReturnsIsAmongTheDone) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<void>> tasks;
              tasks.push_back(create_task(steps(1)));
              tasks.push_back(create_task(steps(2)));
              auto [done, pending] = co_await wait(tasks, ReturnWhen::kFirstCompleted);
              notes.push_back(std::to_string(done.size()) + " " + std::to_string(pending.size()));
            }),
            (Notes{"2 0"}));
}

// test_wait_concurrent_complete: the sleep was armed before the timer that expires with it.
TEST(WaitTest, ATimeoutThatExpiresWithATaskReturnsBothAsTheyAre) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              std::vector<Task<int>> tasks;
              tasks.push_back(create_task(after(150ms, 2)));
              tasks.push_back(create_task(after(100ms, 1)));
              co_await steps(1);
              co_await note_wait(notes, tasks, ReturnWhen::kAllCompleted, 100ms);
            }),
            (Notes{"done 1 pending 1 at 100"}));
}

// test_wait_with_iterator_of_tasks, test_wait_generator
TEST(WaitTest, TakesAnyRangeThatIsGoneThroughOnce) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto made =
                  std::views::iota(0, 10) | std::views::transform([](int i) { return create_task(after(0ms, i)); });
              auto [done, pending] = co_await wait(made);
              notes.push_back(show(done) + std::to_string(pending.size()));
            }),
            (Notes{"0 1 2 3 4 5 6 7 8 9 0"}));
}

template <class A>
concept Waitable = requires(A a) { wait(a); };
static_assert(Waitable<std::vector<Task<int>>> && Waitable<std::vector<Future<int>>>);
static_assert(!Waitable<Future<int>> && !Waitable<Coro<int>> && !Waitable<std::vector<Coro<int>>>);
template <class A>
concept Completable = requires(A a) { as_completed(std::move(a)); };
static_assert(Completable<std::vector<Task<int>>> && Completable<std::vector<Coro<int>>>);
static_assert(!Completable<Future<int>> && !Completable<Coro<int>>);

// test_wait_invalid_args, test_as_completed_invalid_args: above, when this compiles
TEST(WaitTest, TakesARangeOfFuturesOnly) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              const std::vector<Task<int>> none;
              const auto result = co_await outcome(wait(none));
              notes.push_back(result.error_message());
            }),
            (Notes{"wait() needs at least one future"}));
}

}  // namespace
