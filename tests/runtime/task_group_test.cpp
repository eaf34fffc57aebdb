// SPDX-License-Identifier: Apache-2.0
#include "tests/support/children.hpp"
#include "tests/support/runtime_test.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class TaskGroupTest : public RuntimeTest {};

TEST_F(TaskGroupTest, JoinsItsChildrenAndGivesTheBodysValue) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<int> {
      group.create_task(note_after(2ms, &log, "slow"));
      group.create_task(note_after, 1ms, &log, "quick");
      EXPECT_EQ(group.size(), 2U);
      log.push_back("body ends");
      co_return 5;
    };
    const auto value = co_await task_group(body);
    EXPECT_EQ(value, 5);
    log.push_back("joined");
  });
  EXPECT_EQ(log, (Log{"body ends", "quick", "slow", "joined"}));
}

TEST_F(TaskGroupTest, WithoutChildrenDoesNotSuspend) {
  run_and_destroy([this]() -> Coro<void> {
    get_running_loop().call_soon([this] { log.push_back("the loop ran"); });
    co_await task_group([](TaskGroup&) -> Coro<void> { co_return; });
    log.push_back("left");
  });
  EXPECT_EQ(log, (Log{"left", "the loop ran"}));
}

TEST_F(TaskGroupTest, AChildMayMakeSiblingsWhileTheGroupIsLeaving) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(
          [](TaskGroup* siblings, Log* out) -> Coro<void> {
            co_await sleep(1ms);
            siblings->create_task(note_after(1ms, out, "grandchild"));
          },
          &group, &log);
      co_return;
    };
    co_await task_group(body);
    log.push_back("joined");
  });
  EXPECT_EQ(log, (Log{"grandchild", "joined"}));
}

TEST_F(TaskGroupTest, AFailingChildCancelsSiblingsAndBody) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1h, &log, "a"));
      group.create_task(fail_after(1ms, "broken"));
      group.create_task(note_after(1h, &log, "b"));
      try {
        co_await forever();
      } catch (const CancelledError&) {
        log.push_back("body cancelled");
        throw;
      }
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "broken");
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
  });
  EXPECT_EQ(log, (Log{"a cancelled", "b cancelled", "body cancelled"}));
}

TEST_F(TaskGroupTest, ErrorsComeInTheOrderOfCompletionTheBodysLast) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = [](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_when_cancelled("second"));
      group.create_task(fail_after(1ms, "first"));
      group.create_task(fail_when_cancelled("third"));
      try {
        co_await forever();
      } catch (const CancelledError&) {
        throw ValueError("body");
      }
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "first,second,third,body");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
}

TEST_F(TaskGroupTest, ABodyThatFailsCancelsTheChildren) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1h, &log, "child"));
      co_await turns(1);
      throw ValueError("body failed");
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "body failed");
  });
  EXPECT_EQ(log, Log{"child cancelled"});
}

TEST_F(TaskGroupTest, ACancelledChildIsNoError) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      auto child = group.create_task(note_after(1h, &log, "child"));
      group.create_task(note_after(1ms, &log, "sibling"));
      co_await turns(1);
      child.cancel();
    };
    co_await task_group(body);
    log.push_back("joined");
  });
  EXPECT_EQ(log, (Log{"child cancelled", "sibling", "joined"}));
}

TEST_F(TaskGroupTest, CancelledFromOutsideItCancelsTheChildrenJoinsAndPassesItOn) {
  for (const bool while_leaving : {false, true}) {
    run_and_destroy([this, while_leaving]() -> Coro<void> {
      auto task = create_task(
          [](bool leaves, Log* out) -> Coro<void> {
            const auto body = [&](TaskGroup& group) -> Coro<void> {
              group.create_task(note_after(1h, out, "child"));
              if (!leaves) co_await forever();
            };
            co_await task_group(body);
            out->push_back("must not go on");
          },
          while_leaving, &log);
      co_await turns(3);
      task.cancel("outside");
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result.cancelled());
      EXPECT_EQ(result.error_message(), "cancelled: outside");
      EXPECT_EQ(task.cancelling(), 1U);
    });
    EXPECT_EQ(log, Log{"child cancelled"}) << while_leaving;
  }
}

TEST_F(TaskGroupTest, CancelledFromOutsideWithFailingChildrenTheGroupIsThrownAndTheCancellationComesNext) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          const auto body = [](TaskGroup& group) -> Coro<void> {
            group.create_task(fail_when_cancelled("child error"));
            co_await forever();
          };
          try {
            co_await task_group(body);
          } catch (const ExceptionGroup&) {
            out->push_back(members(std::current_exception()));
          }
          co_await sleep(1s);
          out->push_back("the cancellation was lost");
        },
        &log);
    co_await turns(2);
    task.cancel();
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
  });
  EXPECT_EQ(log, Log{"child error"});
}

TEST_F(TaskGroupTest, NestsAndAnInnerFailureIsOneErrorOfTheOuterGroup) {
  run_and_destroy([this]() -> Coro<void> {
    const auto inner = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1h, &log, "inner sibling"));
      group.create_task(fail_after(1ms, "deep"));
      co_return;
    };
    const auto outer = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1h, &log, "outer sibling"));
      co_await task_group(inner);
    };
    const auto result = co_await outcome(task_group(outer));
    EXPECT_NE(members(result.error()).find("unhandled errors in a TaskGroup (1 sub-exception): deep"),
              std::string::npos)
        << members(result.error());
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, (Log{"inner sibling cancelled", "outer sibling cancelled"}));
}

TEST_F(TaskGroupTest, InsideATimeoutThatExpires) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1h, &log, "child"));
      co_return;
    };
    const auto result = co_await outcome(timeout(1s, [&] { return task_group(body); }));
    EXPECT_EQ(result.error_message(), "timed out");
  });
  EXPECT_EQ(log, Log{"child cancelled"});
}

TEST_F(TaskGroupTest, TakesNoChildWhenShuttingDownOrFinished) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(0ns, "x"));
      try {
        co_await forever();
      } catch (const CancelledError&) {
        try {
          group.create_task(note_after(0ns, &log, "must not run"));
        } catch (const RuntimeError& error) {
          log.push_back(error.what());
        }
        throw;
      }
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_TRUE(result.error());
  });
  EXPECT_EQ(log, Log{"TaskGroup is shutting down"});
}

TEST_F(TaskGroupTest, ChildrenMayReferToWhatStandsOutsideOfTheCall) {
  run_and_destroy([]() -> Coro<void> {
    int sum = 0;
    co_await task_group([&](TaskGroup& group) -> Coro<void> {
      for (int i = 0; i < 10; ++i) {
        group.create_task(
            [&sum](int value) -> Coro<void> {
              co_await turns(value % 3);
              sum += value;
            },
            i);
      }
      co_return;
    });
    EXPECT_EQ(sum, 45);
  });
}

TEST_F(TaskGroupTest, NeedsATask) {
  loop().call_soon([] {
    TaskGroup group;
    EXPECT_THROW(group.enter(), RuntimeError);
  });
  loop().run_once();
}

TEST_F(TaskGroupTest, ManyChildrenOneOfWhichFails) {
  auto body = [](TaskGroup& group) -> Coro<void> {
    for (int i = 0; i < 20000; ++i) group.create_task(forever());
    group.create_task(fail_after(1ms, "one of many"));
    co_return;
  };
  auto main = [&]() -> Coro<std::string> { co_return members((co_await outcome(task_group(body))).error()); };
  EXPECT_EQ(run(main()), "one of many");
}

}  // namespace
