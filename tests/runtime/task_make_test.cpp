// SPDX-License-Identifier: Apache-2.0
// create_task, ensure_future and current_task: the cases of CPython's test_tasks, re-expressed.
#include "tests/support/runtime_test.hpp"

#include <coroutine>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using namespace corolla_tests;

class TaskMakeTest : public RuntimeTest {};

Coro<std::string> ok() { co_return "ok"; }
Coro<int> number(int value) {
  co_await turns(1);
  co_return value;
}
Coro<int> sum() {
  const int a = co_await number(42);
  const int b = co_await number(1000);
  co_return a + b;
}
Coro<void> failing() {
  throw ValueError("failed");
  co_return;
}

/// An awaitable that the library does not know.
class Homemade {
 public:
  explicit Homemade(int value) : value_(value) {}
  [[nodiscard]] bool await_ready() const noexcept { return true; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> /*self*/) const noexcept {}
  [[nodiscard]] int await_resume() const noexcept { return value_; }

 private:
  int value_;
};

template <class A>
concept MakesATask = requires(A a) { create_task(std::move(a)); };
static_assert(MakesATask<Coro<int>> && MakesATask<Homemade> && !MakesATask<int> && !MakesATask<std::string>);
static_assert(!MakesATask<Future<int>>);
static_assert(std::is_base_of_v<Future<int>, Task<int>>);

TEST_F(TaskMakeTest, ACoroThatAwaitsOthersGivesItsValue) {
  run_and_destroy([]() -> Coro<void> {
    const int result = co_await create_task(sum());
    EXPECT_EQ(result, 1042);
    auto coro = sum();
    auto task = create_task(std::move(coro));
    EXPECT_FALSE(task.done());
    EXPECT_EQ(&task.get_loop(), &get_running_loop());
    co_await task;
    EXPECT_EQ(task.result(), 1042);
  });
}

TEST_F(TaskMakeTest, EnsureFutureMakesATaskOfACoro) {
  run_and_destroy([]() -> Coro<void> {
    auto task = ensure_future(ok());
    static_assert(std::is_same_v<decltype(task), Task<std::string>>);
    EXPECT_EQ(&task.get_loop(), &get_running_loop());
    auto of_loop = ensure_future(get_running_loop(), ok());
    const auto first = co_await task;
    const auto second = co_await of_loop;
    EXPECT_EQ(first, "ok");
    EXPECT_EQ(second, "ok");
  });
}

// Outside of a run there is nothing to destroy at a step.
TEST_F(TaskMakeTest, EnsureFutureOfACoroNeedsALoop) {
  EXPECT_THROW(static_cast<void>(ensure_future(ok())), RuntimeError);
  auto task = ensure_future(loop(), ok());
  EXPECT_EQ(&task.get_loop(), &loop());
  EXPECT_EQ(loop().run_until_complete(task), "ok");
}

TEST_F(TaskMakeTest, EnsureFutureOfAFutureOrTaskIsTheSame) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    EXPECT_TRUE(ensure_future(future) == future);
    EXPECT_TRUE(ensure_future(get_running_loop(), future) == future);
    auto task = create_task(number(1));
    EXPECT_TRUE(ensure_future(task) == task);
    EXPECT_TRUE(ensure_future(get_running_loop(), task) == task);
    const int value = co_await task;
    EXPECT_EQ(value, 1);
  });
}

TEST_F(TaskMakeTest, EnsureFutureTakesAnythingThatCanBeAwaited) {
  run_and_destroy([]() -> Coro<void> {
    auto task = ensure_future(Homemade(5));
    auto sleeper = ensure_future(get_running_loop(), sleep(0s, std::string("ok")));
    const int value = co_await task;
    const auto text = co_await sleeper;
    EXPECT_EQ(value, 5);
    EXPECT_EQ(text, "ok");
  });
}

TEST_F(TaskMakeTest, CreateTaskTakesAnythingThatCanBeAwaited) {
  run_and_destroy([]() -> Coro<void> {
    for (int i = 0; i < 2; ++i) {
      auto task = create_task(Homemade(42));
      EXPECT_FALSE(task.done());
      const int value = co_await task;
      EXPECT_EQ(value, 42);
    }
  });
}

// Two loops, seen from outside.
TEST_F(TaskMakeTest, AFutureOfAnotherLoopIsRefused) {
  VirtualLoop other;
  auto future = other.loop().create_future<int>();
  auto task = other.loop().create_task(number(3));
  EXPECT_THROW(static_cast<void>(ensure_future(loop(), future)), ValueError);
  EXPECT_THROW(static_cast<void>(ensure_future(loop(), task)), ValueError);
  EXPECT_THROW(loop().run_until_complete(future), ValueError);
  EXPECT_THROW(loop().run_until_complete(task), ValueError);
  EXPECT_TRUE(ensure_future(task) == task);
  EXPECT_EQ(other.loop().run_until_complete(task), 3);
}

TEST_F(TaskMakeTest, AFutureThatIsReturnedIsAValue) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    const auto give = [](Future<int> f) -> Coro<Future<int>> { co_return f; };
    auto task = create_task(give, future);
    const auto same = co_await task;
    EXPECT_TRUE(same == future);
    EXPECT_FALSE(future.done());
  });
}

TEST_F(TaskMakeTest, ATaskIsCurrentAgainAfterEachWait) {
  run_and_destroy([this]() -> Coro<void> {
    auto first = get_running_loop().create_future<>();
    auto second = get_running_loop().create_future<>();
    const auto body = [](Future<> mine, Future<> other, Log* out) -> Coro<void> {
      const Task<> me = current_task();
      EXPECT_EQ(current_task(get_running_loop()), me);
      if (!other.done()) other.set_result();
      co_await mine;
      EXPECT_EQ(current_task(), me);
      out->push_back(me.get_name());
    };
    auto a = create_task(body, first, second, &log);
    auto b = create_task(body, second, first, &log);
    a.set_name("a");
    b.set_name("b");
    co_await gather(a, b);
  });
  EXPECT_EQ(log, (Log{"b", "a"}));
}

// Outside of a run.
TEST_F(TaskMakeTest, ALoopThatDoesNotRunHasNoCurrentTask) {
  EXPECT_FALSE(current_task(loop()).valid());
  EXPECT_THROW(static_cast<void>(current_task()), RuntimeError);
  auto task = loop().create_task(number(1));
  EXPECT_FALSE(current_task(loop()).valid());
  loop().run_until_complete(task);
  EXPECT_FALSE(current_task(loop()).valid());
}

// Runs the loop three times from outside.
TEST_F(TaskMakeTest, ALoopThatIsStoppedMeanwhileLeavesItPending) {
  int x = 0;
  auto body = [&x]() -> Coro<void> {
    while (x < 10) {
      co_await sleep(100ms);
      if (++x == 2) get_running_loop().stop();
    }
  };
  auto task = loop().create_task(body());
  EXPECT_THROW(loop().run_until_complete(task), RuntimeError);
  EXPECT_FALSE(task.done());
  EXPECT_EQ(x, 2);
  EXPECT_EQ(elapsed(), 200ms);
  task.cancel();
  EXPECT_THROW(loop().run_until_complete(task), CancelledError);
}

// What cancels a failed task knows that it failed.
TEST_F(TaskMakeTest, AFailedTaskThatIsCancelledIsNotReported) {
  run_and_destroy([this]() -> Coro<void> {
    {
      auto task = create_task(failing());
      auto waits = create_task(failing());
      co_await turns(2);
      EXPECT_FALSE(task.cancel());
      EXPECT_FALSE(waits.cancel("message"));
      EXPECT_FALSE(task.cancelled());
    }
    co_await turns(1);
    log.push_back("end");
  });
  EXPECT_EQ(log, Log{"end"});
  EXPECT_TRUE(reports.empty());
}

TEST_F(TaskMakeTest, CannotBeCompletedThroughAFutureHandle) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(number(2));
    const Future<int> handle = task;
    EXPECT_THROW(handle.set_result(1), RuntimeError);
    EXPECT_THROW(handle.set_exception(ValueError("x")), RuntimeError);
    const int value = co_await handle;
    EXPECT_EQ(value, 2);
  });
}

}  // namespace
