// SPDX-License-Identifier: Apache-2.0
#include "tests/support/children.hpp"
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <string>
#include <utility>

namespace {

using namespace corolla_tests;

// TaskGroup::start(): a child says when it is ready.
class TaskGroupStartTest : public RuntimeTest {};

Coro<void> serve(TaskStatus<int> status, Log* log, int port) {
  co_await sleep(1s);
  status.started(port);
  log->push_back("serving");
  co_await note_after(1s, log, "server");
}
/// Never becomes ready; leaves a note when it is cancelled and has cleaned up.
Coro<void> never_ready(TaskStatus<int> /*status*/, Log* log) {
  std::exception_ptr cancelled;
  try {
    co_await forever();
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  const auto clean_up = co_await outcome(sleep(1s));
  log->push_back(clean_up ? "cleaned up" : "clean-up interrupted");
  std::rethrow_exception(cancelled);
}

TEST_F(TaskGroupStartTest, GivesTheValueOnceTheChildIsReadyAndTheChildGoesOn) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      const auto begin = get_running_loop().time();
      const int port = co_await group.start(serve, &log, 8080);
      EXPECT_EQ(port, 8080);
      EXPECT_EQ(get_running_loop().time(), begin + 1s);
      EXPECT_EQ(group.size(), 1U);
      log.push_back("body");
    };
    co_await task_group(body);
    log.push_back("joined");
  });
  EXPECT_EQ(log, (Log{"serving", "body", "server", "joined"}));
}

TEST_F(TaskGroupStartTest, WithoutAValueAndWithALambdaThatCaptures) {
  run_and_destroy([this]() -> Coro<void> {
    const auto child = [this](TaskStatus<> status) -> Coro<void> {
      status.started();
      co_await note_after(1s, &log, "child");
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      co_await group.start(child);
      log.push_back("ready");
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, (Log{"ready", "child"}));
}

TEST_F(TaskGroupStartTest, AValueThatCanOnlyBeMoved) {
  run_and_destroy([]() -> Coro<void> {
    const auto child = [](TaskStatus<std::unique_ptr<int>> status, std::unique_ptr<int> value) -> Coro<void> {
      status.started(std::move(value));
      co_return;
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto value = co_await group.start(child, std::make_unique<int>(7));
      EXPECT_EQ(*value, 7);
    };
    co_await task_group(body);
  });
}

TEST_F(TaskGroupStartTest, AnErrorBeforeReadinessComesOutOfStartAndIsNoneOfTheGroups) {
  run_and_destroy([this]() -> Coro<void> {
    const auto child = [](TaskStatus<int>) -> Coro<void> { co_await fail_after(1s, "cannot bind"); };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(2s, &log, "sibling"));
      const auto port = co_await outcome(group.start(child));
      EXPECT_EQ(port.error_message(), "cannot bind");
      EXPECT_EQ(current_task().cancelling(), 0U);
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, Log{"sibling"});
  EXPECT_EQ(reports, Log{});
}

TEST_F(TaskGroupStartTest, AnErrorAfterReadinessIsTheGroups) {
  run_and_destroy([]() -> Coro<void> {
    const auto child = [](TaskStatus<int> status) -> Coro<void> {
      status.started(1);
      co_await fail_after(1s, "later");
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const int value = co_await group.start(child);
      EXPECT_EQ(value, 1);
      co_await forever();
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "later");
  });
}

TEST_F(TaskGroupStartTest, AnErrorInTheStepThatSaidReadyIsTheGroups) {
  run_and_destroy([]() -> Coro<void> {
    const auto child = [](TaskStatus<int> status) -> Coro<void> {
      status.started(1);
      throw ValueError("at once");
      co_return;
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const int value = co_await group.start(child);
      EXPECT_EQ(value, 1);
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "at once");
  });
}

TEST_F(TaskGroupStartTest, AChildThatReturnsWithoutBeingReadyIsAnErrorOfStart) {
  run_and_destroy([]() -> Coro<void> {
    const auto child = [](TaskStatus<int>) -> Coro<void> { co_await turns(1); };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto result = co_await outcome(group.start(child));
      EXPECT_EQ(result.error_message(), "the child ended without calling started()");
    };
    co_await task_group(body);
  });
}

TEST_F(TaskGroupStartTest, StartedIsCalledOnce) {
  run_and_destroy([]() -> Coro<void> {
    const auto child = [](TaskStatus<int> status) -> Coro<void> {
      status.started(1);
      EXPECT_THROW(status.started(2), RuntimeError);
      co_return;
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const int value = co_await group.start(child);
      EXPECT_EQ(value, 1);
    };
    co_await task_group(body);
  });
}

TEST_F(TaskGroupStartTest, CancellingStartCancelsTheChildAndWaitsForItsEnd) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(note_after(5s, &log, "sibling"));
      const auto begin = get_running_loop().time();
      const auto starting = [&] { return group.start(never_ready, &log); };
      const auto result = co_await outcome(timeout(1s, starting));
      EXPECT_EQ(result.error_message(), "timed out");
      EXPECT_EQ(get_running_loop().time(), begin + 2s);
      EXPECT_EQ(group.size(), 1U);
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, (Log{"cleaned up", "sibling"}));
}

TEST_F(TaskGroupStartTest, AnErrorOfTheChildThatStartsCancellationCausedComesOutOfStart) {
  run_and_destroy([]() -> Coro<void> {
    const auto child = [](TaskStatus<int>) -> Coro<void> { co_await fail_when_cancelled("clean-up failed"); };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto starting = [&] { return group.start(child); };
      const auto result = co_await outcome(timeout(1s, starting));
      EXPECT_EQ(result.error_message(), "clean-up failed");
    };
    co_await task_group(body);
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
}

TEST_F(TaskGroupStartTest, AChildThatBecomesReadyInSpiteOfTheCancellationIsWaitedForAndNotTheGroups) {
  run_and_destroy([this]() -> Coro<void> {
    const auto child = [this](TaskStatus<int> status) -> Coro<void> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
      }
      status.started(1);
      co_await sleep(1s);
      log.push_back("child ended");
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto starting = [&] { return group.start(child); };
      const auto result = co_await outcome(timeout(1s, starting));
      EXPECT_EQ(result.error_message(), "timed out");
      log.push_back("start ended");
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, (Log{"child ended", "start ended"}));
}

TEST_F(TaskGroupStartTest, CancelledWhenTheChildWasReadyAlreadyTheChildStays) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      TaskGroup* const outer = &group;
      auto starter = create_task(
          [](TaskGroup* target, Log* out) -> Coro<void> {
            const int port = co_await target->start(serve, out, 1);
            out->push_back("not cancelled " + std::to_string(port));
          },
          outer, &log);
      get_running_loop().call_later(1s, [starter, this] {
        // The child says that it is ready one iteration from now, and the starter runs in the one after that.
        get_running_loop().call_soon([starter] { get_running_loop().call_soon([starter] { starter.cancel(); }); });
        log.push_back("armed");
      });
      const auto result = co_await outcome(starter);
      EXPECT_TRUE(result.cancelled());
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, (Log{"armed", "serving", "server"}));
}

TEST_F(TaskGroupStartTest, AFailingSiblingCancelsTheChildOnce) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(1s, "sibling"));
      co_await group.start(never_ready, &log);
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "sibling");
  });
  EXPECT_EQ(log, Log{"cleaned up"});
}

TEST_F(TaskGroupStartTest, AChildThatIsCancelledBeforeItIsReadyCancelsStart) {
  run_and_destroy([]() -> Coro<void> {
    const auto child = [](TaskStatus<int>) -> Coro<void> {
      current_task().cancel();
      co_await sleep(0s);
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto result = co_await outcome(group.start(child));
      EXPECT_TRUE(result.cancelled());
    };
    co_await task_group(body);
  });
}

TEST_F(TaskGroupStartTest, IsRefusedByAGroupThatShutsDown) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.cancel();
      const auto result = co_await outcome(group.start(serve, &log, 1));
      EXPECT_EQ(result.error_message(), "TaskGroup is shutting down");
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, Log{});
}

TEST_F(TaskGroupStartTest, DoesNothingUntilItIsAwaited) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      const auto dropped = group.start(serve, &log, 1);
      EXPECT_EQ(group.size(), 0U);
      co_return;
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, Log{});
}

}  // namespace
