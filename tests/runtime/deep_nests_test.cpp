// SPDX-License-Identifier: Apache-2.0
// No depth of nested scopes, shields, unstarted coroutines or chained callbacks uses the machine's stack.
#include "tests/support/runtime_test.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class DeepNestsTest : public RuntimeTest {
 protected:
  enum class End { kFinish, kCancel, kDestroy };

  /// Runs nest(depth, gate) until it waits for the gate at its bottom, then ends it in each of three ways.
  template <class Nest>
  void end_in_each_way(Nest nest, int depth) {
    for (const End end : {End::kFinish, End::kCancel, End::kDestroy}) {
      auto gate = loop().create_future();
      auto task = loop().create_task(nest(depth, gate));
      while (live_objects().frames < depth) loop().run_once();
      loop().call_soon([] {});
      loop().run_once();
      EXPECT_FALSE(task.done());
      if (end == End::kFinish) {
        gate.set_result();
        EXPECT_EQ(loop().run_until_complete(std::move(task)), depth);
      } else if (end == End::kCancel) {
        EXPECT_TRUE(task.cancel());
        EXPECT_THROW(loop().run_until_complete(std::move(task)), CancelledError);
      } else {
        destroy_loop();
        EXPECT_TRUE(task.cancelled());
      }
    }
  }
};

constexpr int kDepth = 100'000;
constexpr int kScopes = 20'000;  // three frames each
constexpr int kChain = 1'000'000;

Coro<int> nested_timeouts(int depth, Future<> gate) {
  if (depth == 0) {
    co_await gate;
    co_return 0;
  }
  auto body = [&]() -> Coro<int> { co_return co_await nested_timeouts(depth - 1, gate); };
  co_return 1 + co_await timeout(1h, body);
}

Coro<int> nested_wait_fors(int depth, Future<> gate) {
  if (depth == 0) {
    co_await gate;
    co_return 0;
  }
  co_return 1 + co_await wait_for(nested_wait_fors(depth - 1, gate), 1h);
}

Coro<int> nested_groups(int depth, Future<> gate) {
  if (depth == 0) {
    co_await gate;
    co_return 0;
  }
  int inner = 0;
  auto body = [&](TaskGroup& group) -> Coro<void> {
    group.create_task(
        [](int* result, int below, Future<> last) -> Coro<void> { *result = co_await nested_groups(below, last); },
        &inner, depth - 1, gate);
    co_return;
  };
  co_await task_group(body);
  co_return 1 + inner;
}

/// Each level awaits a shield of a task that is the level below.
Coro<int> shielded(Task<int> inner) { co_return 1 + co_await shield(inner); }
Coro<int> bottom(Future<> gate) {
  co_await gate;
  co_return 0;
}
Coro<int> nested_shields(int depth, Future<> gate) {
  auto task = create_task(bottom(std::move(gate)));
  for (int i = 1; i < depth; ++i) task = create_task(shielded(task));
  co_return 1 + co_await shield(task);
}

TEST_F(DeepNestsTest, Timeouts) { end_in_each_way(nested_timeouts, kScopes); }
TEST_F(DeepNestsTest, WaitFors) { end_in_each_way(nested_wait_fors, kScopes); }
TEST_F(DeepNestsTest, TaskGroups) { end_in_each_way(nested_groups, kScopes); }
TEST_F(DeepNestsTest, Shields) { end_in_each_way(nested_shields, kDepth); }

/// Each level owns the one below and has not begun.
Coro<int> wrapped(Coro<int> inner) { co_return 1 + co_await std::move(inner); }
Coro<int> nothing() { co_return 0; }
Coro<int> wrap(int depth) {
  Coro<int> coro = nothing();
  for (int i = 0; i < depth; ++i) coro = wrapped(std::move(coro));
  return coro;
}

TEST_F(DeepNestsTest, UnstartedCoroutinesRun) { EXPECT_EQ(run(wrap(kDepth)), kDepth); }

TEST_F(DeepNestsTest, UnstartedCoroutinesAreDestroyed) {
  {
    const Coro<int> coro = wrap(kDepth);
  }
  EXPECT_EQ(live_objects().frames, 0);
}

TEST_F(DeepNestsTest, UnstartedCoroutinesOfATaskAreDestroyedAndCancelled) {
  auto cancelled = loop().create_task(wrap(kDepth));
  cancelled.cancel();
  EXPECT_THROW(loop().run_until_complete(cancelled), CancelledError);
  auto task = loop().create_task(wrap(kDepth));
  destroy_loop();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(live_objects().frames, 0);
}

Coro<int> logs_its_end(Farewell /*before*/, Coro<int> inner, Farewell /*after*/) {
  co_return co_await std::move(inner);
}

TEST_F(DeepNestsTest, AnUnstartedCoroutineDiesInsideItsOwnerAsAnyArgumentDoes) {
  {
    Coro<int> coro = nothing();
    for (const char* name : {"inner", "middle", "outer"})
      coro = logs_its_end(Farewell(log, name), std::move(coro), Farewell(log, name));
  }
  // Compilers differ in the order of a coroutine's arguments; the one between two others dies between them.
  EXPECT_EQ(log, (Log{"outer", "middle", "inner", "inner", "middle", "outer"}));
}

/// The callback of each future owns the only handle of the next one.
Future<> callback_chain(EventLoop& loop, int length, Future<>* last = nullptr) {
  Future<> head = loop.create_future();
  if (last) *last = head;
  for (int i = 0; i < length; ++i) {
    auto before = loop.create_future();
    before.add_done_callback([next = std::move(head)](const Future<>&) { next.set_result(); });
    head = std::move(before);
  }
  return head;
}

TEST_F(DeepNestsTest, AChainOfDoneCallbacksFinishes) {
  Future<> last;
  const auto head = callback_chain(loop(), kChain, &last);
  head.set_result();
  loop().run_until_complete(last);
}

TEST_F(DeepNestsTest, AChainOfDoneCallbacksIsDropped) {
  callback_chain(loop(), kChain) = Future<>();
  EXPECT_EQ(live_objects().futures, 0);
}

}  // namespace
