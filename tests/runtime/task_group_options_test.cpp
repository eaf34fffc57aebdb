// SPDX-License-Identifier: Apache-2.0
#include "tests/support/children.hpp"
#include "tests/support/runtime_test.hpp"

#include <string>

namespace {

using namespace corolla_tests;

// Children with a name, a context, an eager start.
class TaskGroupOptionsTest : public RuntimeTest {};

ContextVar<int> colour("colour", 0);

TEST_F(TaskGroupOptionsTest, AChildHasTheNameItWasGiven) {
  run_and_destroy([this]() -> Coro<void> {
    const auto child = [this]() -> Coro<void> {
      log.push_back(current_task().get_name());
      co_return;
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto first = group.create_task(child(), TaskOptions().name("from a coroutine"));
      EXPECT_EQ(first.get_name(), "from a coroutine");
      group.create_task(TaskOptions().name("from a function"), child);
      co_return;
    };
    co_await task_group(body);
  });
  EXPECT_EQ(log, (Log{"from a coroutine", "from a function"}));
}

TEST_F(TaskGroupOptionsTest, AChildRunsInTheContextItWasGiven) {
  run_and_destroy([]() -> Coro<void> {
    const auto paint = [](int value) -> Coro<void> {
      co_await sleep(0s);
      colour.set(value);
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const Context context = copy_context();
      EXPECT_EQ(context.get(colour), nullptr);
      const auto first = group.create_task(paint(1), TaskOptions().context(context));
      co_await first;
      EXPECT_EQ(*context.get(colour), 1);
      const auto second = group.create_task(TaskOptions().context(context), paint, 2);
      co_await second;
      EXPECT_EQ(*context.get(colour), 2);
      EXPECT_EQ(colour.get(), 0);
    };
    co_await task_group(body);
  });
}

TEST_F(TaskGroupOptionsTest, AnEagerChildThatFailsAtOnceInterruptsTheBodyWhenItWaits) {
  run_and_destroy([this]() -> Coro<void> {
    const auto failing = []() -> Coro<void> {
      throw ValueError("at once");
      co_return;
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto child = group.create_task(failing(), TaskOptions().eager_start());
      EXPECT_TRUE(child.done());
      EXPECT_EQ(group.size(), 1U);
      EXPECT_EQ(current_task().cancelling(), 0U);
      group.create_task(note_after(1h, &log, "lazy sibling"));
      log.push_back("body goes on");
      co_await forever();
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "at once");
    EXPECT_EQ(current_task().cancelling(), 0U);
  });
  EXPECT_EQ(log, Log{"body goes on"}) << "the sibling was cancelled before its first step";
}

TEST_F(TaskGroupOptionsTest, AnEagerChildThatMakesAFailingOneIsCancelled) {
  run_and_destroy([this]() -> Coro<void> {
    get_running_loop().set_task_factory(eager_task_factory);
    const auto third = []() -> Coro<void> {
      throw ValueError("third");
      co_return;
    };
    const auto second = [&](TaskGroup* group) -> Coro<void> {
      group->create_task(third);
      co_await note_after(1h, &log, "second");
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(second, &group);
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "third");
    EXPECT_EQ(current_task().cancelling(), 0U);
    get_running_loop().set_task_factory(nullptr);
  });
  EXPECT_EQ(log, Log{"second cancelled"});
}

TEST_F(TaskGroupOptionsTest, AnEagerChildThatCancelsItsGroupBeforeItWaitsIsCancelledToo) {
  run_and_destroy([this]() -> Coro<void> {
    const auto child = [this](TaskGroup* group) -> Coro<void> {
      group->cancel();
      co_await note_after(1h, &log, "child");
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const auto task = group.create_task(TaskOptions().eager_start(), child, &group);
      EXPECT_EQ(task.cancelling(), 1U);
      EXPECT_FALSE(task.done());
      co_return;
    };
    co_await task_group(body);
    EXPECT_EQ(current_task().cancelling(), 0U);
    log.push_back("left");
  });
  EXPECT_EQ(log, (Log{"child cancelled", "left"}));
}

TEST_F(TaskGroupOptionsTest, AnEagerChildMayBeReadyOrFailBeforeStartWaits) {
  run_and_destroy([this]() -> Coro<void> {
    get_running_loop().set_task_factory(eager_task_factory);
    const auto ready = [this](TaskStatus<int> status) -> Coro<void> {
      status.started(5);
      co_await note_after(1s, &log, "ready");
    };
    const auto failing = [](TaskStatus<int>) -> Coro<void> {
      throw ValueError("at once");
      co_return;
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      const int value = co_await group.start(ready);
      EXPECT_EQ(value, 5);
      const auto result = co_await outcome(group.start(failing));
      EXPECT_EQ(result.error_message(), "at once");
      EXPECT_EQ(group.size(), 1U);
    };
    co_await task_group(body);
    get_running_loop().set_task_factory(nullptr);
  });
  EXPECT_EQ(log, Log{"ready"});
}

}  // namespace
