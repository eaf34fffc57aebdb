// SPDX-License-Identifier: Apache-2.0
#include "tests/support/children.hpp"
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <string>

namespace {

using namespace corolla_tests;

// When a group may be entered and take children, and what it holds on to.
class TaskGroupScopeTest : public RuntimeTest {};

std::string refused(TaskGroup& group, Coro<void> child) {
  try {
    group.create_task(std::move(child));
  } catch (const RuntimeError& error) {
    return error.what();
  }
  return "taken";
}

TEST_F(TaskGroupScopeTest, TakesNoChildBeforeItIsEntered) {
  run_and_destroy([]() -> Coro<void> {
    TaskGroup group;
    EXPECT_EQ(refused(group, forever()), "TaskGroup has not been entered");
    EXPECT_EQ(group.size(), 0U);
    co_return;
  });
}

TEST_F(TaskGroupScopeTest, TakesNoChildWhenItIsFinishedAndDestroysWhatItWasGiven) {
  run_and_destroy([this]() -> Coro<void> {
    TaskGroup group;
    co_await task_group(group, [](TaskGroup&) -> Coro<void> { co_return; });
    const auto child = [](Farewell) -> Coro<void> { co_return; };
    EXPECT_EQ(refused(group, child(Farewell(log, "destroyed"))), "TaskGroup is finished");
    log.push_back("refused");
  });
  EXPECT_EQ(log, (Log{"destroyed", "refused"}));
}

TEST_F(TaskGroupScopeTest, IsEnteredOnce) {
  run_and_destroy([]() -> Coro<void> {
    TaskGroup group;
    const auto again = [](TaskGroup&) -> Coro<void> {
      ADD_FAILURE() << "entered again";
      co_return;
    };
    const auto body = [&](TaskGroup& entered) -> Coro<void> {
      EXPECT_EQ(&entered, &group);
      const auto inner = co_await outcome(task_group(group, again));
      EXPECT_EQ(inner.error_message(), "TaskGroup has already been entered");
    };
    co_await task_group(group, body);
    const auto afterwards = co_await outcome(task_group(group, again));
    EXPECT_EQ(afterwards.error_message(), "TaskGroup has already been entered");
  });
}

TEST_F(TaskGroupScopeTest, IsUsedInsideOfATask) {
  loop().call_soon([] {
    TaskGroup group;
    try {
      group.enter();
      ADD_FAILURE();
    } catch (const RuntimeError& error) {
      EXPECT_NE(std::string(error.what()).find("parent task"), std::string::npos);
    }
    EXPECT_EQ(refused(group, forever()), "TaskGroup has not been entered");
  });
  loop().run_once();
}

TEST_F(TaskGroupScopeTest, ASiblingIsRefusedWhileTheGroupShutsDown) {
  run_and_destroy([this]() -> Coro<void> {
    const auto late = [this](TaskGroup* group) -> Coro<void> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
        log.push_back(refused(*group, forever()));
      }
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(fail_after(1ms, "broken"));
      group.create_task(late, &group);
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "broken");
  });
  EXPECT_EQ(log, Log{"TaskGroup is shutting down"});
}

TEST_F(TaskGroupScopeTest, ChildrenMadeAtDifferentTimesGiveTheirResults) {
  run_and_destroy([]() -> Coro<void> {
    const auto number = [](std::chrono::nanoseconds delay, int value) -> Coro<int> {
      co_await sleep(delay);
      co_return value;
    };
    Task<int> first;
    Task<int> second;
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      first = group.create_task(number, 100ms, 42);
      co_await sleep(150ms);
      second = group.create_task(number, 200ms, 11);
    };
    co_await task_group(body);
    EXPECT_EQ(first.result(), 42);
    EXPECT_EQ(second.result(), 11);
  });
}

TEST_F(TaskGroupScopeTest, SizeCountsTheChildrenThatAreNotDone) {
  run_and_destroy([]() -> Coro<void> {
    TaskGroup group;
    const auto body = [](TaskGroup& entered) -> Coro<void> {
      for (int count = 0; count < 10; ++count) {
        co_await sleep(100ms);
        entered.create_task(sleep(300ms));
        if (count == 5) {
          EXPECT_LT(entered.size(), 5U);
        }
      }
      co_await sleep(1350ms);
      EXPECT_EQ(entered.size(), 0U);
    };
    co_await task_group(group, body);
    EXPECT_EQ(group.size(), 0U);
  });
}

Coro<void> hydra(TaskGroup* group, int* heads) {
  ++*heads;
  co_await sleep(10ms);
  group->create_task(hydra, group, heads);
  group->create_task(hydra, group, heads);
}

TEST_F(TaskGroupScopeTest, ChildrenThatGoOnMakingChildrenAreStoppedByAnError) {
  run_and_destroy([]() -> Coro<void> {
    int heads = 0;
    const auto hercules = [&heads]() -> Coro<void> {
      while (heads < 10) co_await sleep(15ms);
      throw ValueError("enough");
    };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(hydra, &group, &heads);
      group.create_task(hercules);
      co_return;
    };
    const auto result = co_await outcome(task_group(body));
    EXPECT_EQ(members(result.error()), "enough");
    EXPECT_GE(heads, 10);
    const int at_the_end = heads;
    co_await sleep(1s);
    EXPECT_EQ(heads, at_the_end);
  });
}

/// An error that shows whether anybody still holds it.
struct Tracked {
  std::shared_ptr<int> life = std::make_shared<int>();
};

TEST_F(TaskGroupScopeTest, HoldsNoExceptionOnceItIsLeft) {
  run_and_destroy([]() -> Coro<void> {
    TaskGroup outer;
    TaskGroup inner;
    std::weak_ptr<int> life;
    const auto failing = [&life](TaskGroup&) -> Coro<void> {
      Tracked error;
      life = error.life;
      throw error;
    };
    const auto child = [&]() -> Coro<void> { co_await task_group(inner, failing); };
    const auto body = [&](TaskGroup& group) -> Coro<void> {
      group.create_task(child);
      co_return;
    };
    auto result = co_await outcome(task_group(outer, body));
    EXPECT_FALSE(life.expired());
    result = Outcome<void>(std::monostate());
    EXPECT_TRUE(life.expired());
  });
}

TEST_F(TaskGroupScopeTest, HoldsNoBareExceptionOnceItIsLeft) {
  struct Interrupt : KeyboardInterrupt {
    std::shared_ptr<int> life = std::make_shared<int>();
  };
  run_and_destroy([]() -> Coro<void> {
    TaskGroup group;
    std::weak_ptr<int> life;
    const auto body = [&life](TaskGroup&) -> Coro<void> {
      Interrupt interrupt;
      life = interrupt.life;
      throw interrupt;
    };
    auto result = co_await outcome(task_group(group, body));
    EXPECT_TRUE(exception_is<Interrupt>(result.error()));
    result = Outcome<void>(std::monostate());
    EXPECT_TRUE(life.expired());
  });
}

TEST_F(TaskGroupScopeTest, ManyGroupsOneAfterAnotherLeaveNothingBehind) {
  run_and_destroy([this]() -> Coro<void> {
    for (int i = 0; i < 3; ++i) {
      const auto body = [](TaskGroup& group) -> Coro<void> {
        group.create_task(fail_after(0ns, "each time"));
        co_return;
      };
      const auto result = co_await outcome(task_group(body));
      EXPECT_EQ(members(result.error()), "each time");
      co_await sleep(0s);  // a cancellation that leaked out would strike here
      log.push_back("went on");
    }
  });
  EXPECT_EQ(log.size(), 3U);
}

}  // namespace
