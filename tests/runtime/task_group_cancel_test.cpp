// SPDX-License-Identifier: Apache-2.0
#include "tests/support/children.hpp"
#include "tests/support/runtime_test.hpp"

#include <string>
#include <utility>

namespace {

using namespace corolla_tests;

// TaskGroup::cancel(), and cancellations of the group's task from outside.
class TaskGroupCancelTest : public RuntimeTest {};

TEST_F(TaskGroupCancelTest, CancelsChildrenAndBodyAndIsSwallowed) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1h, &log, "child"));
      co_await turns(1);
      group.cancel();
      EXPECT_EQ(current_task().cancelling(), 1U);
      try {
        co_await forever();
      } catch (const CancelledError&) {
        log.push_back("body cancelled");
        throw;
      }
    };
    co_await task_group(body);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
    log.push_back("went on");
  });
  EXPECT_EQ(log, (Log{"child cancelled", "body cancelled", "went on"}));
}

TEST_F(TaskGroupCancelTest, ByAChildWhileTheGroupIsLeaving) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1h, &log, "sibling"));
      group.create_task(
          [](TaskGroup* own, Log* out) -> Coro<void> {
            own->cancel();
            out->push_back("goes on until it waits");
            co_await sleep(0s);
            out->push_back("not cancelled");
          },
          &group, &log);
      co_return;
    };
    co_await task_group(body);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(0s);
    log.push_back("left");
  });
  EXPECT_EQ(log, (Log{"goes on until it waits", "sibling cancelled", "left"}));
}

TEST_F(TaskGroupCancelTest, ByACallback) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      get_running_loop().call_later(5s, [&group] { group.cancel(); });
      group.create_task(note_after(1h, &log, "child"));
      co_await forever();
    };
    const auto begin = get_running_loop().time();
    co_await task_group(body);
    EXPECT_EQ(get_running_loop().time(), begin + 5s);
  });
  EXPECT_EQ(log, Log{"child cancelled"});
}

TEST_F(TaskGroupCancelTest, BeforeItIsEnteredItCancelsOnEntry) {
  run_and_destroy([this]() -> Coro<void> {
    TaskGroup group;
    group.cancel();
    const auto body = [this](TaskGroup& entered) -> Coro<void> {
      log.push_back("body began");
      EXPECT_THROW(entered.create_task(forever()), RuntimeError);
      co_await sleep(0s);
      log.push_back("body went on");
    };
    co_await task_group(group, body);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(0s);
    log.push_back("left");
  });
  EXPECT_EQ(log, (Log{"body began", "left"}));
}

TEST_F(TaskGroupCancelTest, AfterItWasLeftItDoesNothing) {
  run_and_destroy([]() -> Coro<void> {
    TaskGroup group;
    co_await task_group(group, [](TaskGroup&) -> Coro<void> { co_return; });
    group.cancel();
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
  });
}

TEST_F(TaskGroupCancelTest, OutlivesItsLoop) {
  TaskGroup group;
  const auto body = [](TaskGroup& entered) -> Coro<void> {
    entered.create_task(forever());
    co_await forever();
  };
  const auto main = [&]() -> Coro<void> { co_await task_group(group, body); };
  loop().create_task(main());
  loop().run_once();
  loop().run_once();
  EXPECT_EQ(group.size(), 1U);
  destroy_loop();
  EXPECT_EQ(group.size(), 0U);
  group.cancel();
}

TEST_F(TaskGroupCancelTest, IsIdempotent) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      Task<void> child = group.create_task(note_after(1h, &log, "child"));
      co_await turns(1);
      group.cancel();
      group.cancel();
      EXPECT_EQ(current_task().cancelling(), 1U);
      EXPECT_EQ(child.cancelling(), 1U);
    };
    co_await task_group(body);
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, Log{"child cancelled"});
}

TEST_F(TaskGroupCancelTest, ABodyThatEndsWithoutWaitingIsNotInterrupted) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = [](TaskGroup& group) -> Coro<int> {
      group.cancel();
      co_return 5;
    };
    const int value = co_await task_group(body);
    EXPECT_EQ(value, 5);
    co_await sleep(1s);
  });
}

TEST_F(TaskGroupCancelTest, WithoutAValueFromItsBodyTheGroupHasNoneEither) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = [](TaskGroup& group) -> Coro<int> {
      group.cancel();
      co_await forever();
      co_return 5;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(result.error_message(), "the TaskGroup was cancelled before its body returned a value");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
}

TEST_F(TaskGroupCancelTest, ErrorsOfCancelledChildrenComeOut) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = [](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_when_cancelled("child"));
      co_await turns(1);
      group.cancel();
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "child");
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
  });
}

TEST_F(TaskGroupCancelTest, AnErrorOfTheBodyComesOut) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = [](TaskGroup& group) -> Coro<void> {
      group.cancel();
      throw ValueError("body");
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "body");
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
  });
}

TEST_F(TaskGroupCancelTest, AnInnerGroupsCancellationStaysInside) {
  run_and_destroy([this]() -> Coro<void> {
    const auto inner = [](TaskGroup& group) -> Coro<void> {
      group.cancel();
      co_await forever();
    };
    const auto outer = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(1s, &log, "outer child"));
      co_await task_group(inner);
      log.push_back("inner left");
    };
    co_await task_group(outer);
  });
  EXPECT_EQ(log, (Log{"inner left", "outer child"}));
}

TEST_F(TaskGroupCancelTest, AnOuterGroupsCancellationPassesThroughTheInnerOne) {
  run_and_destroy([this]() -> Coro<void> {
    const auto outer = [this](TaskGroup& outer_group) -> Coro<void> {
      const auto inner = [&](TaskGroup& group) -> Coro<void> {
        group.create_task(note_after(1h, &log, "inner child"));
        outer_group.cancel();
        co_await forever();
      };
      co_await task_group(inner);
      log.push_back("must not go on");
    };
    co_await task_group(outer);
    EXPECT_EQ(current_task().cancelling(), 0U);
    log.push_back("left");
  });
  EXPECT_EQ(log, (Log{"inner child cancelled", "left"}));
}

TEST_F(TaskGroupCancelTest, AChildMayNotBeMadeAfterwards) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.cancel();
      try {
        group.create_task(forever());
      } catch (const RuntimeError& error) {
        log.push_back(error.what());
      }
      co_return;
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, Log{"TaskGroup is shutting down"});
}

// -- from outside -----------------------------------------------------------------------------------------------------

TEST_F(TaskGroupCancelTest, ACancellationFromOutsideAfterCancelIsNotLost) {
  for (const bool while_leaving : {false, true}) {
    run_and_destroy([this, while_leaving]() -> Coro<void> {
      auto task = create_task(
          [](bool leaves, Log* out) -> Coro<void> {
            const auto slow_end = []() -> Coro<void> {
              bool cancelled = false;
              try {
                co_await forever();
              } catch (const CancelledError&) {
                cancelled = true;
              }
              co_await sleep(1s);
              if (cancelled) throw CancelledError();
            };
            const auto body = [&](TaskGroup& group) -> Coro<void> {
              group.create_task(slow_end);
              co_await turns(1);
              group.cancel();
              if (!leaves) co_await forever();
            };
            co_await task_group(body);
            out->push_back("the cancellation was lost");
          },
          while_leaving, &log);
      co_await sleep(10ms);
      task.cancel("from outside");
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result.cancelled());
      // A body that was interrupted ended with the group's own CancelledError, and that one goes on.
      EXPECT_EQ(result.error_message(), while_leaving ? "cancelled: from outside" : "cancelled");
      EXPECT_EQ(task.cancelling(), 1U);
    });
    EXPECT_EQ(log, Log{}) << while_leaving;
  }
}

TEST_F(TaskGroupCancelTest, FromOutsideTheErrorsOfAnInnerGroupNest) {
  for (const bool with_sibling : {false, true}) {
    run_and_destroy([with_sibling]() -> Coro<void> {
      auto task = create_task(
          [](bool sibling) -> Coro<void> {
            const auto inner = [](TaskGroup& group) -> Coro<void> {
              for (int i = 0; i < 3; ++i) group.create_task(fail_when_cancelled("deep"));
              co_await forever();
            };
            const auto outer = [&](TaskGroup& group) -> Coro<void> {
              if (sibling) group.create_task(forever());
              co_await task_group(inner);
            };
            co_await task_group(outer);
          },
          with_sibling);
      co_await sleep(100ms);
      task.cancel();
      const auto result = co_await outcome(task);
      EXPECT_EQ(members(result.error()), "unhandled errors in a TaskGroup (3 sub-exceptions): deep; deep; deep");
    });
  }
}

TEST_F(TaskGroupCancelTest, AChildThatFailsWhileTheBodyCleansUpWinsOverTheCancellation) {
  for (const bool through_a_task : {false, true}) {
    run_and_destroy([through_a_task]() -> Coro<void> {
      const auto cleans_up = []() -> Coro<void> {
        const auto body = [](TaskGroup& group) -> Coro<void> {
          group.create_task(fail_after(300ms, "child"));
          std::exception_ptr cancelled;
          try {
            co_await forever();
          } catch (const CancelledError&) {
            cancelled = std::current_exception();
          }
          co_await outcome(sleep(500ms));
          std::rethrow_exception(cancelled);
        };
        co_await task_group(body);
      };
      auto task = through_a_task
                      ? create_task([](Task<void> inner) -> Coro<void> { co_await inner; }, create_task(cleans_up()))
                      : create_task(cleans_up());
      co_await sleep(100ms);
      EXPECT_FALSE(task.done());
      task.cancel();
      const auto result = co_await outcome(task);
      EXPECT_EQ(members(result.error()), "child");
    });
  }
}

TEST_F(TaskGroupCancelTest, FromOutsideWithoutChildrenTheBodyAloneIsCancelled) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          const auto body = [&](TaskGroup&) -> Coro<void> { co_await note_after(10s, out, "body"); };
          co_await task_group(body);
        },
        &log);
    co_await sleep(100ms);
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
  });
  EXPECT_EQ(log, Log{"body cancelled"});
}

TEST_F(TaskGroupCancelTest, ABodyThatReplacesTheCancellationIsAnErrorOfTheGroup) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      const auto body = [](TaskGroup&) -> Coro<void> { co_await fail_when_cancelled("instead"); };
      co_await task_group(body);
    });
    co_await sleep(100ms);
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_EQ(members(result.error()), "instead");
  });
}

TEST_F(TaskGroupCancelTest, AnErrorAndACancellationInOneIterationBothCount) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          const auto body = [](TaskGroup& group) -> Coro<void> {
            group.create_task(fail_after(0s, "child"));
            co_await sleep(1s);
          };
          const auto result = co_await outcome(task_group(body));
          out->push_back(members(result.error()));
          EXPECT_EQ(current_task().cancelling(), 1U);
          co_await sleep(1s);
          out->push_back("the cancellation was lost");
        },
        &log);
    co_await turns(2);
    EXPECT_EQ(task.cancelling(), 0U);
    task.cancel();
    EXPECT_EQ(task.cancelling(), 1U);
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
  });
  EXPECT_EQ(log, Log{"child"});
}

}  // namespace
