// SPDX-License-Identifier: Apache-2.0
#include "tests/support/children.hpp"
#include "tests/support/runtime_test.hpp"

#include <string>
#include <utility>

namespace {

using namespace corolla_tests;

// Which errors come out, and what they stop.
class TaskGroupErrorsTest : public RuntimeTest {};

/// Stands for a Python exception that is a BaseException and no Exception.
struct NoStdException {};

Coro<void> throw_after(std::chrono::nanoseconds delay, std::exception_ptr error) {
  co_await sleep(delay);
  std::rethrow_exception(std::move(error));
}
/// Answers a cancellation with an error of its own.
Coro<void> throw_when_cancelled(std::exception_ptr error) {
  try {
    co_await forever();
  } catch (const CancelledError&) {
    std::rethrow_exception(std::move(error));
  }
}
std::exception_ptr value_error(const char* text) { return std::make_exception_ptr(ValueError(text)); }

TEST_F(TaskGroupErrorsTest, AFailingChildCancelsSiblingsWhileTheGroupIsLeaving) {
  run_and_destroy([this]() -> Coro<void> {
    Task<void> sibling;
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(100ms, "broken"));
      sibling = group.create_task(note_after(1s, &log, "sibling"));
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "broken");
    EXPECT_TRUE(sibling.cancelled());
  });
  EXPECT_EQ(log, Log{"sibling cancelled"});
}

TEST_F(TaskGroupErrorsTest, SeveralChildrenThatFailInOneIterationAreAllThere) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      for (int i = 0; i < 3; ++i) group.create_task(fail_after(100ms, "broken"));
      group.create_task(note_after(5s, &log, "sibling"));
      try {
        co_await forever();
      } catch (const CancelledError&) {
        log.push_back("body cancelled");
        throw;
      }
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "broken,broken,broken");
  });
  EXPECT_EQ(log, (Log{"sibling cancelled", "body cancelled"}));
}

TEST_F(TaskGroupErrorsTest, ABodyThatFailsAtOnceKeepsTheChildrenFromStarting) {
  run_and_destroy([this]() -> Coro<void> {
    Task<void> child;
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      child = group.create_task(note_after(1s, &log, "child"));
      throw ValueError("body failed");
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "body failed");
    EXPECT_TRUE(child.cancelled());
  });
  EXPECT_EQ(log, Log{});
}

TEST_F(TaskGroupErrorsTest, WithoutChildrenABodysErrorIsWrappedToo) {
  run_and_destroy([]() -> Coro<void> {
    const auto body = [](TaskGroup&) -> Coro<void> {
      throw ValueError("alone");
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "alone");
    EXPECT_EQ(result.error_message(), "unhandled errors in a TaskGroup (1 sub-exception): alone");
  });
}

TEST_F(TaskGroupErrorsTest, AnErrorOfTheOuterGroupInterruptsTheInnerOneWithoutATrace) {
  run_and_destroy([]() -> Coro<void> {
    const auto inner = [](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(10s, "too late"));
      co_return;
    };
    const auto outer = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(100ms, "outer"));
      co_await task_group(inner);
    };
    const auto result = co_await outcome(task_group(outer));
    EXPECT_EQ(members(result.error()), "outer");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
}

TEST_F(TaskGroupErrorsTest, BothGroupsInterruptedAtOnceTakeBackEachItsOwnRequest) {
  run_and_destroy([this]() -> Coro<void> {
    const auto outer = [this](TaskGroup& outer_group) -> Coro<void> {
      const auto inner = [&outer_group](TaskGroup& inner_group) -> Coro<void> {
        inner_group.create_task(fail_after(0ns, "inner"));
        outer_group.create_task(fail_after(0ns, "outer"));
        co_return;
      };
      const auto result = co_await outcome(task_group(inner));
      log.push_back(members(result.error()));
      EXPECT_EQ(current_task().cancelling(), 1U);
    };
    const auto result = co_await outcome(task_group(outer));
    EXPECT_EQ(members(result.error()), "outer");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, Log{"inner"});
}

// What a context manager does that fails on the way out.
TEST_F(TaskGroupErrorsTest, ABodyThatReplacesTheInterruptionLeavesTheCountInOrder) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(
        [](Log* out) -> Coro<void> {
          const auto body = [](TaskGroup& group) -> Coro<void> {
            group.create_task(fail_after(0ns, "child"));
            co_await throw_when_cancelled(value_error("clean-up"));
          };
          const auto result = co_await outcome(task_group(body));
          out->push_back(members(result.error()));
          EXPECT_EQ(current_task().cancelling(), 0U);
          co_await sleep(1s);
          out->push_back("went on");
        },
        &log);
    co_await task;
  });
  EXPECT_EQ(log, (Log{"child,clean-up", "went on"}));
}

TEST_F(TaskGroupErrorsTest, AChildMadeByAChildThatFailsAtOnceCancelsItsMaker) {
  run_and_destroy([this]() -> Coro<void> {
    const auto third = []() -> Coro<void> {
      throw ValueError("third");
      co_return;
    };
    const auto second = [&](TaskGroup* group) -> Coro<void> {
      group->create_task(third);
      try {
        co_await sleep(0s);
        co_await sleep(0s);
        log.push_back("not cancelled");
      } catch (const CancelledError&) {
        log.push_back("cancelled");
      }
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(second, &group);
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "third");
  });
  EXPECT_EQ(log, Log{"cancelled"});
}

TEST_F(TaskGroupErrorsTest, WhatIsNoStdExceptionIsWrappedAsWell) {
  run_and_destroy([]() -> Coro<void> {
    const std::exception_ptr foreign = std::make_exception_ptr(NoStdException());
    const auto from_body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(100ms, "child"));
      co_await throw_when_cancelled(foreign);
    };
    const auto first = co_await outcome(task_group(from_body));
    EXPECT_EQ(members(first.error()), "child,unknown exception");
    const auto from_child = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(throw_after(100ms, foreign));
      co_await throw_when_cancelled(value_error("body"));
    };
    const auto second = co_await outcome(task_group(from_child));
    EXPECT_EQ(members(second.error()), "unknown exception,body");
  });
}

// -- KeyboardInterrupt comes out bare -------------------------------------------------------------------------------

TEST_F(TaskGroupErrorsTest, AKeyboardInterruptOfAChildShutsTheGroupDownAndComesOutBare) {
  auto main = [this]() -> Coro<void> {
    const auto body = [this](TaskGroup& group) -> Coro<void> {
      group.create_task(throw_after(100ms, std::make_exception_ptr(KeyboardInterrupt())));
      group.create_task(note_after(1h, &log, "sibling"));
      group.create_task(fail_when_cancelled("suppressed"));
      co_await throw_when_cancelled(value_error("body"));
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_TRUE(exception_is<KeyboardInterrupt>(result.error()));
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
    log.push_back("went on");
  };
  run_and_destroy(main);
  EXPECT_EQ(log, (Log{"sibling cancelled", "went on"}));
  EXPECT_EQ(reports, (Log{"an exception in a TaskGroup gave way to a KeyboardInterrupt: suppressed",
                          "an exception in a TaskGroup gave way to a KeyboardInterrupt: body"}));
}

TEST_F(TaskGroupErrorsTest, AKeyboardInterruptOfTheBodyComesOutBareAndTheChildrensErrorsAreReported) {
  auto main = []() -> Coro<void> {
    const auto body = [](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(100ms, "child"));
      co_await throw_when_cancelled(std::make_exception_ptr(KeyboardInterrupt()));
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_TRUE(exception_is<KeyboardInterrupt>(result.error()));
    EXPECT_EQ(current_task().cancelling(), 0U);
  };
  run_and_destroy(main);
  EXPECT_EQ(reports, Log{"an exception in a TaskGroup gave way to a KeyboardInterrupt: child"});
}

TEST_F(TaskGroupErrorsTest, TheFirstOfTwoKeyboardInterruptsComesOut) {
  auto main = []() -> Coro<void> {
    const std::exception_ptr first = std::make_exception_ptr(KeyboardInterrupt());
    const std::exception_ptr second = std::make_exception_ptr(KeyboardInterrupt());
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(throw_when_cancelled(second));
      group.create_task(throw_after(1ms, first));
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(result.error(), first);
  };
  run_and_destroy(main);
  EXPECT_EQ(reports, Log{"an exception in a TaskGroup gave way to a KeyboardInterrupt: interrupted"});
}

}  // namespace
