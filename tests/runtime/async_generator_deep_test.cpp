// SPDX-License-Identifier: Apache-2.0
// No depth of generators uses the machine's stack: running, throwing, closing, cancelling, destroying.
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace {

using namespace corolla_tests;

class AsyncGeneratorDeepTest : public RuntimeTest {};

using Numbers = AsyncGenerator<int>;

constexpr int kDepth = 100'000;

// Each level hands on what the one below it gives; the lowest yields two values, then waits or throws.
Numbers nested(int depth, Future<> gate) {
  if (depth == 0) {
    co_yield 1;
    co_yield 2;
    co_await gate;
    throw ValueError("from the bottom");
  }
  auto below = nested(depth - 1, gate);
  while (auto number = co_await below.next()) co_yield *number;
}

// The same with a coroutine between each two.
Coro<std::optional<int>> through(Numbers& numbers) { co_return co_await numbers.next(); }
Numbers alternating(int depth, Future<> gate) {
  if (depth == 0) {
    co_yield 1;
    co_await gate;
  } else {
    auto below = alternating(depth - 1, gate);
    for (;;) {
      auto number = co_await through(below);
      if (!number) break;
      co_yield *number;
    }
  }
}

Coro<void> take(Numbers numbers, int count) {
  for (int i = 0; i < count; ++i) co_await numbers.next();
}

TEST_F(AsyncGeneratorDeepTest, AMillionValues) {
  auto upto = [](int count) -> Numbers {
    for (int i = 0; i < count; ++i) co_yield 1;
  };
  auto body = [&]() -> Coro<int> {
    auto it = upto(1'000'000);
    int sum = 0;
    while (auto one = co_await it.next()) sum += *one;
    co_return sum;
  };
  EXPECT_EQ(run(body()), 1'000'000);
}

TEST_F(AsyncGeneratorDeepTest, ANestIsDroppedAtAValue) {
  run(take(nested(kDepth, loop().create_future()), 2));
  EXPECT_EQ(live_objects().frames, 0);
}

// Nobody has seen these drive each other: never begun, or owned through a pointer.
Numbers pass_on(Numbers source) {
  while (auto number = co_await source.next()) co_yield *number;
}
Numbers pass_on_from(std::unique_ptr<Numbers> source) {
  while (auto number = co_await source->next()) co_yield *number;
}

TEST_F(AsyncGeneratorDeepTest, ANestThatNeverBeganIsDropped) {
  auto numbers = nested(0, loop().create_future());
  for (int i = 0; i < kDepth; ++i) numbers = pass_on(std::move(numbers));
  EXPECT_GE(live_objects().frames, kDepth);
}

TEST_F(AsyncGeneratorDeepTest, ANestBehindPointersIsDropped) {
  auto numbers = nested(0, loop().create_future());
  for (int i = 0; i < kDepth; ++i) numbers = pass_on_from(std::make_unique<Numbers>(std::move(numbers)));
  run(take(std::move(numbers), 2));
  EXPECT_EQ(live_objects().frames, 0);
}

TEST_F(AsyncGeneratorDeepTest, ANestIsClosedByTheShutdown) {
  auto numbers = nested(kDepth, loop().create_future());
  run([](Numbers& it) -> Coro<void> {
    co_await it.next();
    co_await get_running_loop().shutdown_asyncgens();
  }(numbers));
  EXPECT_TRUE(numbers.closed());
  EXPECT_EQ(live_objects().frames, 0);
}

TEST_F(AsyncGeneratorDeepTest, ANestThrows) {
  auto gate = loop().create_future();
  gate.set_result();
  EXPECT_THROW(run(take(nested(kDepth / 10, gate), 3)), ValueError);
}

TEST_F(AsyncGeneratorDeepTest, ASuspendedNestIsCancelled) {
  auto task = loop().create_task(take(nested(kDepth / 10, loop().create_future()), 3));
  loop().run_once();
  task.cancel();
  EXPECT_THROW(loop().run_until_complete(task), CancelledError);
}

TEST_F(AsyncGeneratorDeepTest, ASuspendedNestIsDestroyed) {
  auto task = loop().create_task(take(nested(kDepth, loop().create_future()), 3));
  loop().run_once();
  EXPECT_GE(live_objects().frames, kDepth);
  destroy_loop();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(AsyncGeneratorDeepTest, CoroutinesBetweenGeneratorsAreDestroyed) {
  auto task = loop().create_task(take(alternating(kDepth, loop().create_future()), 2));
  loop().run_once();
  EXPECT_GE(live_objects().frames, 2 * kDepth);
  destroy_loop();
  EXPECT_TRUE(task.cancelled());
}

}  // namespace
