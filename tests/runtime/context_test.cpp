// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <thread>

namespace corolla_tests {
namespace {

using ContextTest = RuntimeTest;

const ContextVar<int> number("number", 0);
const ContextVar<std::string> text("text");

Coro<void> set_inline(int value) {
  number.set(value);
  co_await sleep(1ms);
}

Coro<int> read_number() { co_return number.get(); }

TEST_F(ContextTest, GetFallsBackToDefaultsAndThrowsWithout) {
  EXPECT_EQ(number.get(), 0);
  EXPECT_EQ(number.get(7), 7);
  EXPECT_THROW(static_cast<void>(text.get()), LookupError);
  EXPECT_EQ(text.get("none"), "none");
  EXPECT_EQ(text.name(), "text");
}

TEST_F(ContextTest, ATaskKeepsItsChangesAndSeesThoseFromBeforeItsCreation) {
  run_and_destroy([]() -> Coro<void> {
    number.set(1);
    auto child = create_task([]() -> Coro<int> {
      const int before = number.get();
      number.set(100);
      co_await sleep(5ms);
      co_return before * 1000 + number.get();
    });
    number.set(2);  // after the creation: the child does not see it
    co_await sleep(1ms);
    EXPECT_EQ(number.get(), 2);
    const int seen = co_await child;
    EXPECT_EQ(seen, 1100);
    EXPECT_EQ(number.get(), 2);
  });
  EXPECT_EQ(number.get(), 0);
}

TEST_F(ContextTest, AnInlineAwaitSharesTheContext) {
  run_and_destroy([]() -> Coro<void> {
    co_await set_inline(5);
    EXPECT_EQ(number.get(), 5);
  });
}

TEST_F(ContextTest, CallbacksRunInTheContextOfTheirScheduling) {
  run_and_destroy([this]() -> Coro<void> {
    EventLoop& loop = get_running_loop();
    auto note = [this](const char* what) { log.push_back(what + std::to_string(number.get())); };
    auto future = loop.create_future<>();
    number.set(1);
    loop.call_soon(note, "soon ");
    loop.call_later(1ms, note, "later ");
    loop.call_at(loop.time() + 2ms, note, "at ");
    future.add_done_callback([note](const Future<>&) { note("done "); });
    loop.call_soon([] { number.set(50); });  // stays inside
    number.set(2);
    future.set_result();
    co_await sleep(5ms);
    EXPECT_EQ(number.get(), 2);
  });
  EXPECT_EQ(log, (Log{"soon 1", "done 1", "later 1", "at 1"}));
}

TEST_F(ContextTest, AGivenContextIsUsedAndNotCopied) {
  run_and_destroy([]() -> Coro<void> {
    EventLoop& loop = get_running_loop();
    Context shared;
    auto first = create_task(set_inline(3), TaskOptions().context(shared));
    co_await first;
    EXPECT_EQ(number.get(), 0);
    const int* const inside = shared.get(number);
    EXPECT_TRUE(inside && *inside == 3);
    auto second = create_task(read_number(), TaskOptions().context(shared));
    EXPECT_TRUE(second.get_context() == shared);
    const int seen = co_await second;
    EXPECT_EQ(seen, 3);
    loop.call_soon(shared, [] { number.set(number.get() + 1); });
    loop.call_later(1ms, shared, [](int by) { number.set(number.get() + by); }, 10);
    auto future = loop.create_future<>();
    future.add_done_callback([](const Future<>&) { number.set(number.get() + 100); }, shared);
    future.set_result();
    co_await sleep(2ms);
    EXPECT_EQ(*shared.get(number), 114);
    EXPECT_EQ(shared.size(), 1U);
  });
}

TEST_F(ContextTest, ATasksOwnContextIsTheOneItsChangesGoTo) {
  run_and_destroy([]() -> Coro<void> {
    auto child = create_task(set_inline(8));
    const Context context = child.get_context();
    EXPECT_FALSE(context.contains(number));
    co_await child;
    EXPECT_TRUE(context.contains(number));
    EXPECT_EQ(*context.get(number), 8);
  });
}

TEST_F(ContextTest, ResetGoesBackOnceAndOnlyInItsOwnContext) {
  run_and_destroy([]() -> Coro<void> {
    ContextToken first = number.set(1);
    ContextToken second = number.set(2);
    number.reset(std::move(second));
    EXPECT_EQ(number.get(), 1);
    EXPECT_THROW(text.reset(std::move(first)), ValueError);
    ContextToken third = number.set(3);
    Context other = copy_context();
    bool refused = false;
    other.run([&] {
      try {
        number.reset(std::move(third));
      } catch (const ValueError&) {
        refused = true;
      }
    });
    EXPECT_TRUE(refused);
    ContextToken unset = text.set("x");
    text.reset(std::move(unset));
    EXPECT_THROW(static_cast<void>(text.get()), LookupError);
    EXPECT_THROW(text.reset(std::move(unset)), RuntimeError);  // NOLINT(bugprone-use-after-move): used before
    co_return;
  });
}

TEST_F(ContextTest, RunEntersAContextOnceAtATime) {
  Context context;
  EXPECT_EQ(context.run([](int by) { return number.set(by), number.get(); }, 4), 4);
  EXPECT_EQ(number.get(), 0);
  EXPECT_EQ(*context.get(number), 4);
  Context copy = context.copy();
  copy.run([] { number.set(5); });
  EXPECT_EQ(*context.get(number), 4);
  EXPECT_EQ(*copy.get(number), 5);
  context.run([&] { EXPECT_THROW(context.run([] {}), RuntimeError); });
  EXPECT_THROW(context.run([] { throw ValueError("out"); }), ValueError);
  context.run([] {});  // left again, in spite of the exception
}

TEST_F(ContextTest, WhatIsSetOutsideOfALoopReachesTheMainTask) {
  ContextToken token = number.set(6);
  const int seen = run(read_number());
  EXPECT_EQ(seen, 6);
  number.reset(std::move(token));
  int in_thread = -1;
  std::thread([&] { in_thread = number.get(); }).join();
  EXPECT_EQ(in_thread, 0);
}

TEST_F(ContextTest, AnEagerTaskRunsInItsOwnCopy) {
  run_and_destroy([]() -> Coro<void> {
    number.set(1);
    auto eager = create_task(set_inline(2), TaskOptions().eager_start());
    EXPECT_EQ(number.get(), 1);
    const Context inside = eager.get_context();
    EXPECT_EQ(*inside.get(number), 2);
    co_await eager;
  });
}

}  // namespace
}  // namespace corolla_tests
