// SPDX-License-Identifier: Apache-2.0
// A million tasks under one gather, wait, as_completed or TaskGroup: they finish, are cancelled and are destroyed, in time
// that grows as their number does, and without the machine's stack.
#include "tests/support/runtime_test.hpp"

#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class DeepWideTest : public RuntimeTest {
 protected:
  enum class End { kFinish, kCancel, kDestroy };

  /// Starts body(gate), lets its million tasks wait for the gate, and ends that in each of three ways.
  template <class Body>
  void end_in_each_way(Body body) {
    for (const End end : {End::kFinish, End::kCancel, End::kDestroy}) {
      auto gate = loop().create_future();
      auto task = loop().create_task(body(gate));
      while (waiting_ < kTasks) loop().run_once();
      waiting_ = 0;
      if (end == End::kFinish) {
        gate.set_result();
        EXPECT_EQ(loop().run_until_complete(std::move(task)), kTasks);
      } else if (end == End::kCancel) {
        task.cancel();
        EXPECT_THROW(loop().run_until_complete(std::move(task)), CancelledError);
        // wait and as_completed leave their tasks alone; they follow the gate.
        gate.cancel();
        while (loop().core().first_task()) loop().run_once();
      } else {
        destroy_loop();
        EXPECT_TRUE(task.cancelled());
      }
    }
  }

#if defined(COROLLA_SANITIZE)
  static constexpr int kTasks = 200'000;  // a million cancellations take minutes there
#else
  static constexpr int kTasks = 1'000'000;
#endif
  static inline int waiting_ = 0;

  static Coro<int> wait_for_gate(Future<> gate) {
    ++waiting_;
    co_await gate;
    co_return 1;
  }
  static std::vector<Task<int>> start_tasks(const Future<>& gate) {
    std::vector<Task<int>> tasks;
    tasks.reserve(kTasks);
    for (int i = 0; i < kTasks; ++i) tasks.push_back(create_task(wait_for_gate(gate)));
    return tasks;
  }
};

TEST_F(DeepWideTest, Gather) {
  end_in_each_way([](Future<> gate) -> Coro<int> {
    auto tasks = start_tasks(gate);
    const std::vector<int> values = co_await gather(tasks);
    int sum = 0;
    for (const int value : values) sum += value;
    co_return sum;
  });
}

TEST_F(DeepWideTest, Wait) {
  end_in_each_way([](Future<> gate) -> Coro<int> {
    auto tasks = start_tasks(gate);
    const auto result = co_await wait(tasks);
    co_return static_cast<int>(result.done.size());
  });
}

TEST_F(DeepWideTest, AsCompleted) {
  end_in_each_way([](Future<> gate) -> Coro<int> {
    auto tasks = start_tasks(gate);
    int sum = 0;
    for (auto& next : as_completed(tasks)) sum += co_await next;
    co_return sum;
  });
}

TEST_F(DeepWideTest, ATaskGroup) {
  end_in_each_way([](Future<> gate) -> Coro<int> {
    int sum = 0;
    auto body = [&](TaskGroup& group) -> Coro<void> {
      for (int i = 0; i < kTasks; ++i) {
        group.create_task([](int* total, Future<> wanted) -> Coro<void> { *total += co_await wait_for_gate(wanted); },
                          &sum, gate);
      }
      co_return;
    };
    co_await task_group(body);
    co_return sum;
  });
}

TEST_F(DeepWideTest, ATaskGroupOneOfWhoseTasksFails) {
  auto gate = loop().create_future();
  auto body = [&](TaskGroup& group) -> Coro<void> {
    for (int i = 0; i < kTasks; ++i) group.create_task(wait_for_gate, gate);
    group.create_task([]() -> Coro<void> {
      co_await sleep(0ns);
      throw ValueError("one of a million");
    });
    co_return;
  };
  auto failing = [&]() -> Coro<void> { co_await task_group(body); };
  waiting_ = 0;
  EXPECT_THROW(run(failing()), ExceptionGroup);
  EXPECT_EQ(waiting_, kTasks);
  waiting_ = 0;
}

}  // namespace
