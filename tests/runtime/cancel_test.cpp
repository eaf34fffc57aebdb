// SPDX-License-Identifier: Apache-2.0
// Tests whose task outlives or steers its loop from outside are no bodies that could be destroyed at each step.
#include "tests/support/runtime_test.hpp"

#include "runtime/side_table.hpp"

#include <string>
#include <utility>

namespace {

using namespace corolla_tests;

class CancelTest : public RuntimeTest {};

Coro<void> note_fate(Log& log, std::string name, std::chrono::nanoseconds delay) {
  log.push_back(name + " starts");
  try {
    co_await sleep(delay);
    log.push_back(name + " ends");
  } catch (const CancelledError& error) {
    log.push_back(name + " cancelled:" + error.message());
    throw;
  }
}

TEST_F(CancelTest, BeforeTheFirstStepTheBodyNeverRuns) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(note_fate(log, "t", 1s));
    EXPECT_TRUE(task.cancel());
    EXPECT_FALSE(task.done());  // asynchronous
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_TRUE(task.cancelled());
    EXPECT_FALSE(task.cancel());
  });
  EXPECT_TRUE(log.empty());
}

TEST_F(CancelTest, WhileWaitingItIsThrownAtTheInnermostAwait) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(note_fate(log, "t", 1h));
    co_await turns(2);
    task.cancel("enough");
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_EQ(result.error_message(), "cancelled: enough");
  });
  EXPECT_EQ(log, (Log{"t starts", "t cancelled:enough"}));
  EXPECT_EQ(elapsed(), 0ns);
}

TEST_F(CancelTest, WokenButNotRunItsResultIsDiscarded) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    auto task = create_task(
        [](Future<int> awaited, Log* out) -> Coro<void> {
          try {
            co_await awaited;
            out->push_back("value");
          } catch (const CancelledError&) {
            out->push_back("cancelled");
          }
        },
        future, &log);
    co_await turns(1);
    future.set_result(1);
    EXPECT_TRUE(task.cancel());
    EXPECT_EQ(future.result(), 1);
    co_await task;
  });
  EXPECT_EQ(log, Log{"cancelled"});
}

TEST_F(CancelTest, ASleepThatExpiredInTheSameIterationIsStillCancelled) {
  run_and_destroy([this]() -> Coro<void> {
    EventLoop& loop = get_running_loop();
    auto task = create_task(note_fate(log, "t", 5ms));
    co_await turns(1);
    loop.call_later(5ms, [task] { task.cancel(); });
    static_cast<void>(co_await outcome(task));
  });
  EXPECT_EQ(log, (Log{"t starts", "t cancelled:"}));
}

// The task is cancelled in one iteration and its timer expires at the start of the next one, before the task ran.
TEST_F(CancelTest, ATimerThatExpiresAfterTheCancellationTouchesNothing) {
  auto task = loop().create_task(note_fate(log, "t", 5ms));
  loop().run_once();
  task.cancel();
  task = {};
  clock().advance(1h);
  for (int i = 0; i < 3; ++i) {
    loop().call_soon([] {});
    loop().run_once();
  }
  EXPECT_EQ(log, (Log{"t starts", "t cancelled:"}));
}

TEST_F(CancelTest, ATimerThatExpiresAfterTheCancellationDoesNotEndTheNextWait) {
  std::chrono::nanoseconds woken{};
  auto body = [&]() -> Coro<void> {
    static_cast<void>(co_await outcome(create_task(turns(0))));
    try {
      co_await sleep(5ms);
    } catch (const CancelledError&) {
    }
    co_await sleep(3h);
    woken = elapsed();
  };
  auto task = loop().create_task(body());
  while (!task.base().waiting()) loop().run_once();
  task.cancel();
  clock().advance(1h);
  loop().run_until_complete(task);
  EXPECT_EQ(woken, 4h);
}

TEST_F(CancelTest, OneselfTakesEffectAtTheNextSuspension) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          EXPECT_TRUE(current_task().cancel());
          out->push_back("still running");
          try {
            co_await sleep(1h);
          } catch (const CancelledError&) {
            out->push_back("cancelled");
            throw;
          }
        },
        &log);
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
  });
  EXPECT_EQ(log, (Log{"still running", "cancelled"}));
}

TEST_F(CancelTest, ThenReturningInTheSameStepEndsCancelled) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<std::string> {
      current_task().cancel("late");
      co_return "a value that is thrown away, and long enough to be on the heap";
    });
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_EQ(result.error_message(), "cancelled: late");
  });
}

TEST_F(CancelTest, ThenThrowingInTheSameStepEndsWithThatException) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      current_task().cancel();
      throw ValueError("stronger");
      co_return;
    });
    const auto result = co_await outcome(task);
    EXPECT_EQ(result.error_message(), "stronger");
  });
}

TEST_F(CancelTest, SwallowedTheTaskGoesOnAndItsCountStays) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<int> {
      try {
        co_await sleep(1h);
      } catch (const CancelledError&) {
      }
      co_await turns(2);
      co_return 5;
    });
    co_await turns(1);
    task.cancel();
    EXPECT_EQ(task.cancelling(), 1U);
    const auto task_value = co_await task;
    EXPECT_EQ(task_value, 5);
    EXPECT_FALSE(task.cancelled());
    EXPECT_EQ(task.cancelling(), 1U);
  });
}

TEST_F(CancelTest, CatchingStdExceptionDoesNotSwallowIt) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      try {
        co_await sleep(1h);
      } catch (const std::exception&) {
        ADD_FAILURE();
      }
    });
    co_await turns(1);
    task.cancel();
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
  });
}

TEST_F(CancelTest, TwiceBeforeItRunsIsDeliveredOnce) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          for (int i = 0; i < 2; ++i) {
            try {
              co_await sleep(1s);
              out->push_back("slept");
            } catch (const CancelledError& error) {
              out->push_back("cancelled " + error.message());
            }
          }
        },
        &log);
    co_await turns(1);
    task.cancel("one");
    task.cancel("two");
    EXPECT_EQ(task.cancelling(), 2U);
    co_await task;
  });
  EXPECT_EQ(log, (Log{"cancelled one", "slept"}));
}

TEST_F(CancelTest, UncancelCountsDownToZeroAndWithdrawsWhatWasNotDelivered) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          const Task<> me = current_task();
          me.cancel();
          me.cancel();
          EXPECT_EQ(me.cancelling(), 2U);
          EXPECT_EQ(me.uncancel(), 1U);
          EXPECT_EQ(me.uncancel(), 0U);
          EXPECT_EQ(me.uncancel(), 0U);
          co_await sleep(1s);
          out->push_back("slept");
        },
        &log);
    co_await task;
  });
  EXPECT_EQ(log, Log{"slept"});
}

TEST_F(CancelTest, IsForwardedThroughTasksToTheFutureAndReachesAllItsWaiters) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<>();
    const auto waits = [](Future<> awaited, Log* out, std::string name) -> Coro<void> {
      try {
        co_await awaited;
      } catch (const CancelledError& error) {
        out->push_back(name + ":" + error.message());
        throw;
      }
    };
    auto leaf = create_task(waits, future, &log, std::string("leaf"));
    auto other = create_task(waits, future, &log, std::string("other"));
    auto middle = create_task(waits, static_cast<Future<>>(leaf), &log, std::string("middle"));
    auto root = create_task(waits, static_cast<Future<>>(middle), &log, std::string("root"));
    co_await turns(1);
    root.cancel("why");
    EXPECT_TRUE(future.cancelled());
    EXPECT_FALSE(leaf.done());
    const auto root_outcome = co_await outcome(root);
    EXPECT_TRUE(root_outcome.cancelled());
    EXPECT_TRUE(other.cancelled());
    EXPECT_EQ(middle.cancelling(), 1U);
    EXPECT_EQ(other.cancelling(), 0U);
  });
  EXPECT_EQ(log, (Log{"leaf:why", "other:why", "middle:why", "root:why"}));
}

TEST_F(CancelTest, RaisingCancelledErrorUnaskedMakesATaskCancelled) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      throw CancelledError("own idea");
      co_return;
    });
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(task.cancelling(), 0U);
  });
  EXPECT_TRUE(reports.empty());
}

TEST_F(CancelTest, ACycleOfAwaitsCanBeCancelled) {
  auto tasks = std::make_shared<std::vector<Task<void>>>();
  const auto waits = [](std::shared_ptr<std::vector<Task<void>>> all, std::size_t next) -> Coro<void> {
    co_await (*all)[next];
  };
  for (std::size_t i = 0; i < 3; ++i) tasks->push_back(loop().create_task(waits, tasks, (i + 1) % 3));
  loop().call_soon([] {});
  loop().run_once();
  (*tasks)[0].cancel();
  for (int i = 0; i < 8; ++i) {
    loop().call_soon([] {});
    loop().run_once();
  }
  for (const auto& task : *tasks) EXPECT_TRUE(task.cancelled());
  tasks->clear();
}

TEST_F(CancelTest, OutcomeNeverCapturesTheAwaitersOwnCancellation) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          static_cast<void>(co_await outcome(note_fate(*out, "inner", 1h)));
          out->push_back("captured");
        },
        &log);
    auto over_task = create_task(
        [](Log* out) -> Coro<void> {
          auto inner = create_task(forever());
          static_cast<void>(co_await outcome(inner));
          out->push_back("captured");
        },
        &log);
    co_await turns(2);
    task.cancel();
    over_task.cancel();
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
    const auto over_task_outcome = co_await outcome(over_task);
    EXPECT_TRUE(over_task_outcome.cancelled());
  });
  EXPECT_EQ(log, (Log{"inner starts", "inner cancelled:"}));
}

TEST_F(CancelTest, MessagesLeaveNothingBehind) {
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(loop().create_task(forever()));
  loop().run_once();
  for (auto& task : tasks) task.cancel("a message that is longer than a small string's own room");
  loop().run_once();
  for (auto& task : tasks) EXPECT_TRUE(task.cancelled());
  tasks.clear();
  EXPECT_EQ(loop().core().side_table().size(), 0U);
}

}  // namespace
