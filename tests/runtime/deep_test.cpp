// SPDX-License-Identifier: Apache-2.0
// No depth of awaiting, destroying, cancelling or releasing uses the machine's stack.
#include "tests/support/runtime_test.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class DeepTest : public RuntimeTest {};

constexpr int kAwaits = 1'000'000;
constexpr int kDepth = 100'000;
constexpr int kTasks = 1'000'000;

Coro<int> one() { co_return 1; }
Coro<int> descend(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await descend(depth - 1);
}
Coro<int> descend_and_wait(int depth, Future<> gate) {
  if (depth == 0) {
    co_await gate;
    co_return 0;
  }
  co_return 1 + co_await descend_and_wait(depth - 1, gate);
}
Coro<void> descend_and_throw(int depth) {
  if (depth == 0) throw ValueError("from the bottom");
  co_await descend_and_throw(depth - 1);
}

TEST_F(DeepTest, AMillionSynchronousAwaits) {
  auto body = []() -> Coro<int> {
    int sum = 0;
    for (int i = 0; i < kAwaits; ++i) sum += co_await one();
    co_return sum;
  };
  EXPECT_EQ(run(body()), kAwaits);
}

TEST_F(DeepTest, AMillionAwaitsOfDoneFutures) {
  auto body = []() -> Coro<int> {
    auto future = get_running_loop().create_future<int>();
    future.set_result(1);
    int sum = 0;
    for (int i = 0; i < kAwaits; ++i) sum += co_await future;
    co_return sum;
  };
  EXPECT_EQ(run(body()), kAwaits);
}

TEST_F(DeepTest, ARecursionOfCoroutinesReturns) { EXPECT_EQ(run(descend(kDepth)), kDepth); }

TEST_F(DeepTest, ARecursionOfCoroutinesThrows) { EXPECT_THROW(run(descend_and_throw(kDepth)), ValueError); }

TEST_F(DeepTest, ASuspendedRecursionGoesOn) {
  auto gate = loop().create_future();
  auto task = loop().create_task(descend_and_wait(kDepth, gate));
  loop().run_once();
  gate.set_result();
  EXPECT_EQ(loop().run_until_complete(task), kDepth);
}

TEST_F(DeepTest, ASuspendedRecursionIsDestroyed) {
  auto gate = loop().create_future();
  auto task = loop().create_task(descend_and_wait(kDepth, gate));
  loop().run_once();
  EXPECT_GE(live_objects().frames, kDepth);
  destroy_loop();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(DeepTest, ASuspendedRecursionIsCancelled) {
  auto gate = loop().create_future();
  auto task = loop().create_task(descend_and_wait(kDepth, gate));
  loop().run_once();
  task.cancel();
  EXPECT_THROW(loop().run_until_complete(task), CancelledError);
}

// Each task awaits the one before it; the first awaits a future.
struct Chain {
  explicit Chain(EventLoop& loop, int length) : gate(loop.create_future<int>()) {
    Future<int> previous = gate;
    for (int i = 0; i < length; ++i) {
      last = loop.create_task(link(std::move(previous)));
      previous = last;
    }
    loop.run_once();
  }
  static Coro<int> link(Future<int> previous) { co_return 1 + co_await std::move(previous); }
  Future<int> gate;
  Task<int> last;
};

// The same, but each task makes the next one and so is older than what it awaits.
Coro<int> spawn_chain(int depth, Future<int> gate) {
  if (depth == 0) co_return co_await std::move(gate);
  auto next = create_task(spawn_chain(depth - 1, std::move(gate)));
  co_return 1 + co_await std::move(next);
}

TEST_F(DeepTest, AChainOfTasksFinishes) {
  Chain chain(loop(), kTasks);
  chain.gate.set_result(0);
  EXPECT_EQ(loop().run_until_complete(std::move(chain.last)), kTasks);
}

TEST_F(DeepTest, AChainOfTasksIsCancelled) {
  Chain chain(loop(), kTasks);
  chain.last.cancel();
  EXPECT_TRUE(chain.gate.cancelled());
  EXPECT_THROW(loop().run_until_complete(std::move(chain.last)), CancelledError);
}

TEST_F(DeepTest, AChainOfTasksIsDestroyed) {
  const Chain chain(loop(), kTasks);
  destroy_loop();
  EXPECT_TRUE(chain.last.cancelled());
}

TEST_F(DeepTest, AChainOfTasksThatMadeEachOtherFinishes) {
  auto gate = loop().create_future<int>();
  auto root = loop().create_task(spawn_chain(kTasks, gate));
  while (loop().core().first_task() == nullptr || live_objects().frames < kTasks) loop().run_once();
  gate.set_result(0);
  EXPECT_EQ(loop().run_until_complete(std::move(root)), kTasks);
}

TEST_F(DeepTest, AChainOfTasksThatMadeEachOtherIsDestroyed) {
  auto gate = loop().create_future<int>();
  auto root = loop().create_task(spawn_chain(kTasks, gate));
  while (live_objects().frames < kTasks) loop().run_once();
  destroy_loop();
  EXPECT_TRUE(root.cancelled());
}

TEST_F(DeepTest, NestedGathersAreCancelledAndDestroyed) {
  for (const bool cancel : {true, false}) {
    auto gate = loop().create_future<int>();
    auto body = [&]() -> Coro<void> {
      std::vector<Future<int>> leaf{gate};
      Future<std::vector<int>> gathered = gather(leaf);
      auto link = [](Future<std::vector<int>> inner) -> Coro<std::vector<int>> { co_return co_await inner; };
      for (int i = 0; i < kDepth / 10; ++i) {
        std::vector<Task<std::vector<int>>> one_task{get_running_loop().create_task(link, gathered)};
        auto outer = gather(one_task);
        auto flatten = [](Future<std::vector<std::vector<int>>> nested) -> Coro<std::vector<int>> {
          auto values = co_await nested;
          co_return values.front();
        };
        gathered = get_running_loop().create_task(flatten, outer);
      }
      static_cast<void>(co_await gathered);
    };
    auto task = loop().create_task(body());
    loop().run_once();
    loop().run_once();
    if (cancel) {
      task.cancel();
      EXPECT_TRUE(gate.cancelled());
      EXPECT_THROW(loop().run_until_complete(task), CancelledError);
    } else {
      destroy_loop();
      EXPECT_TRUE(task.cancelled());
    }
  }
}

}  // namespace
