// SPDX-License-Identifier: Apache-2.0
// A test without a coroutine, or that destroys the loop itself, is not destroyed at each step.
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using namespace corolla_tests;

class CoroTest : public RuntimeTest {};

static_assert(!std::is_copy_constructible_v<Coro<int>> && !std::is_copy_assignable_v<Coro<int>>);
static_assert(std::is_nothrow_move_constructible_v<Coro<int>>);

Coro<int> number(int value) { co_return value; }
Coro<void> note(Log& log, std::string text) {
  log.push_back(std::move(text));
  co_return;
}
Coro<int> failing() {
  throw ValueError("no number");
  co_return 0;
}
Coro<int> calls_failing() { co_return 1 + co_await failing(); }
Coro<std::unique_ptr<int>> pointer(int value) { co_return std::make_unique<int>(value); }
Coro<int&> reference_to(int& value) { co_return value; }
Coro<void> hold(Farewell /*farewell*/) { co_return; }

TEST_F(CoroTest, DoesNothingUntilAwaitedAndThenRunsInline) {
  run_and_destroy([this]() -> Coro<void> {
    auto coro = note(log, "body");
    get_running_loop().call_soon([this] { log.push_back("callback"); });
    co_await sleep(0ns);
    log.push_back("before");
    get_running_loop().call_soon([this] { log.push_back("the loop ran"); });
    co_await std::move(coro);
    log.push_back("after");
  });
  EXPECT_EQ(log, (Log{"callback", "before", "body", "after", "the loop ran"}));
}

TEST_F(CoroTest, DestroyedUnawaitedDestroysItsArgumentsAndRunsNothing) {
  {
    auto coro = note(log, "ran");
  }
  EXPECT_TRUE(log.empty());
  {
    auto coro = hold(Farewell(log, "argument gone"));
  }
  EXPECT_EQ(log, Log{"argument gone"});
}

TEST_F(CoroTest, MovesAndKnowsWhetherItIsValid) {
  auto first = number(1);
  auto second = number(2);
  EXPECT_TRUE(first.valid());
  first = std::move(second);
  auto third = std::move(first);
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(run(std::move(third)), 2);
  EXPECT_FALSE(third.valid());  // NOLINT(bugprone-use-after-move)
}

TEST_F(CoroTest, AwaitedOnce) {
  run_and_destroy([this]() -> Coro<void> {
    auto coro = number(1);
    const auto coro_value = co_await std::move(coro);
    EXPECT_EQ(coro_value, 1);
    EXPECT_FALSE(coro.valid());
    try {
      co_await std::move(coro);
      log.push_back("awaited twice");
    } catch (const RuntimeError& error) {
      log.push_back(error.what());
    }
    EXPECT_THROW(create_task(std::move(coro)), RuntimeError);
    auto again = outcome(std::move(coro));
    try {
      static_cast<void>(co_await std::move(again));
    } catch (const RuntimeError&) {
      log.push_back("and as an outcome");
    }
  });
  EXPECT_EQ(log, (Log{"cannot reuse already awaited coroutine", "and as an outcome"}));
}

TEST_F(CoroTest, ExceptionsPassThroughAwaitsUnchanged) {
  run_and_destroy([]() -> Coro<void> {
    try {
      co_await calls_failing();
      ADD_FAILURE();
    } catch (const ValueError& error) {
      EXPECT_STREQ(error.what(), "no number");
    }
    const auto value = co_await number(7);
    EXPECT_EQ(value, 7);  // the coroutine goes on
  });
}

TEST_F(CoroTest, ReturnsMoveOnlyValuesAndReferences) {
  run_and_destroy([]() -> Coro<void> {
    auto value = co_await pointer(5);
    EXPECT_EQ(*value, 5);
    int target = 1;
    int& alias = co_await reference_to(target);
    alias = 9;
    EXPECT_EQ(target, 9);
  });
}

struct ThrowsOnMove {
  ThrowsOnMove() = default;
  ThrowsOnMove(ThrowsOnMove&& /*other*/) { throw RuntimeError("move failed"); }
  ThrowsOnMove(const ThrowsOnMove&) = delete;
  ThrowsOnMove& operator=(const ThrowsOnMove&) = delete;
};
Coro<ThrowsOnMove> hard_to_move() { co_return ThrowsOnMove(); }

TEST_F(CoroTest, AReturnValueThatCannotBeMovedIsAnException) {
  EXPECT_THROW(run([]() -> Coro<void> { static_cast<void>(co_await hard_to_move()); }()), RuntimeError);
}

Coro<void> two_locals(Log& log) {
  const Farewell first(log, "first");
  const Farewell second(log, "second");
  co_await sleep(1s);
}
Coro<void> outer_of(Log& log) {
  const Farewell local(log, "outer");
  co_await two_locals(log);
}

TEST_F(CoroTest, ASuspendedChainIsDestroyedLeafFirst) {
  auto task = loop().create_task(outer_of(log));
  loop().run_once();
  EXPECT_TRUE(log.empty());
  destroy_loop();
  EXPECT_EQ(log, (Log{"second", "first", "outer"}));
  EXPECT_TRUE(task.cancelled());
}

TEST_F(CoroTest, LocalsAreGoneWhenTheAwaiterGoesOn) {
  run_and_destroy([this]() -> Coro<void> {
    co_await two_locals(log);
    log.push_back("resumed");
  });
  EXPECT_EQ(log, (Log{"second", "first", "resumed"}));
}

TEST_F(CoroTest, OutcomeTakesTheErrorAsAValue) {
  run_and_destroy([]() -> Coro<void> {
    const auto good = co_await outcome(number(3));
    EXPECT_TRUE(good.has_value());
    EXPECT_EQ(*good, 3);
    EXPECT_EQ(good.error_message(), "");
    const auto bad = co_await outcome(failing());
    EXPECT_FALSE(bad);
    EXPECT_EQ(bad.error_message(), "no number");
    EXPECT_THROW(static_cast<void>(bad.value()), ValueError);
    auto moved = co_await outcome(pointer(4));
    EXPECT_EQ(*std::move(moved).value(), 4);
  });
}

}  // namespace
