// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

namespace corolla_tests {
namespace {

using TaskOptionsTest = RuntimeTest;

Coro<int> log_and_return(Log* log, std::string text, int value) {
  log->push_back(std::move(text));
  co_return value;
}

Coro<void> log_twice(Log* log, std::string text) {
  log->push_back(text + " begins");
  co_await sleep(0ns);
  log->push_back(text + " ends");
}

TEST_F(TaskOptionsTest, NameIsGiven) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(turns(1), TaskOptions().name("worker"));
    EXPECT_EQ(task.get_name(), "worker");
    auto other = create_task(TaskOptions().name("counter"), turns, 1);
    EXPECT_EQ(other.get_name(), "counter");
    auto third = get_running_loop().create_task(turns(1), TaskOptions().name("third"));
    EXPECT_EQ(third.get_name(), "third");
    co_await gather(task, other, third);
  });
}

TEST_F(TaskOptionsTest, EagerStartRunsTheFirstStepInsideCreateTask) {
  run_and_destroy([this]() -> Coro<void> {
    auto lazy = create_task(log_twice(&log, "lazy"));
    auto eager = create_task(log_twice(&log, "eager"), TaskOptions().eager_start());
    log.push_back("created");
    EXPECT_FALSE(eager.done());
    co_await eager;
    co_await lazy;
  });
  EXPECT_EQ(log, (Log{"eager begins", "created", "lazy begins", "eager ends", "lazy ends"}));
}

TEST_F(TaskOptionsTest, AnEagerTaskThatDoesNotSuspendIsDoneAtOnce) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(log_and_return(&log, "ran", 3), TaskOptions().eager_start());
    EXPECT_TRUE(task.done());
    EXPECT_EQ(task.result(), 3);
    EXPECT_EQ(all_tasks().size(), 1U);
    auto failed = create_task(TaskOptions().eager_start(), []() -> Coro<void> {
      throw ValueError("at once");
      co_return;
    });
    EXPECT_TRUE(failed.done());  // the exception stays in the task
    EXPECT_EQ(describe(failed.exception()), "at once");
    co_return;
  });
}

TEST_F(TaskOptionsTest, AnEagerTaskIsCurrentInItsFirstStep) {
  run_and_destroy([]() -> Coro<void> {
    const Task<> parent = current_task();
    Task<> inside;
    auto body = [](Task<>* out) -> Coro<void> {
      *out = current_task();
      co_return;
    };
    auto task = create_task(TaskOptions().eager_start(), body, &inside);
    EXPECT_TRUE(inside == task);
    EXPECT_TRUE(current_task() == parent);
    co_return;
  });
}

TEST_F(TaskOptionsTest, AnEagerTaskMayCancelItsParentOrBeCancelled) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task(log_twice(&log, "eager"), TaskOptions().eager_start());
    EXPECT_TRUE(task.cancel());
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
  });
  EXPECT_EQ(log, (Log{"eager begins"}));
}

TEST_F(TaskOptionsTest, WithoutARunningLoopAnEagerTaskWaitsForIt) {
  auto task = loop().create_task(log_and_return(&log, "ran", 1), TaskOptions().eager_start());
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(loop().run_until_complete(task), 1);
}

Coro<int> nested(int depth) {
  if (depth == 0) co_return 0;
  auto inner = create_task(nested(depth - 1), TaskOptions().eager_start());
  const int below = co_await inner;
  co_return below + 1;
}

TEST_F(TaskOptionsTest, DeeplyNestedEagerTasksDoNotUseUpTheStack) { EXPECT_EQ(run(nested(20'000)), 20'000); }

TEST_F(TaskOptionsTest, AFactoryDecidesHowTasksBegin) {
  EXPECT_FALSE(loop().get_task_factory());
  loop().set_task_factory(eager_task_factory);
  EXPECT_TRUE(loop().get_task_factory());
  run([](Log* out) -> Coro<void> {
    auto eager = create_task(log_twice(out, "eager"));
    auto lazy = create_task(log_twice(out, "lazy"), TaskOptions().eager_start(false));
    out->push_back("created");
    co_await gather(eager, lazy);
  }(&log));
  EXPECT_EQ(log, (Log{"eager begins", "created", "eager ends", "lazy begins", "lazy ends"}));
  loop().set_task_factory(nullptr);
  EXPECT_FALSE(loop().get_task_factory());
}

TEST_F(TaskOptionsTest, AFactorySeesTheOptionsAndItsExceptionUndoesTheTask) {
  loop().set_task_factory([this](EventLoop&, TaskBase& task, const TaskOptions&) {
    log.push_back(task.name());
    if (task.name() == "refused") throw RuntimeError("no more tasks");
    task.start();
    if (task.name() == "too late") throw RuntimeError("begun already");
  });
  run([]() -> Coro<void> {
    co_await create_task(turns(1), TaskOptions().name("accepted"));
    EXPECT_THROW(static_cast<void>(create_task(turns(1), TaskOptions().name("refused"))), RuntimeError);
    EXPECT_EQ(all_tasks().size(), 1U);
    EXPECT_THROW(static_cast<void>(create_task(turns(1), TaskOptions().name("too late"))), RuntimeError);
    EXPECT_EQ(all_tasks().size(), 2U);
    co_await sleep(1ms);
    EXPECT_EQ(all_tasks().size(), 1U);
  }());
  EXPECT_EQ(log.back(), "too late");
}

TEST_F(TaskOptionsTest, AllTasksAreThoseNotDoneInTheOrderOfCreation) {
  run_and_destroy([]() -> Coro<void> {
    auto first = create_task(forever(), TaskOptions().name("first"));
    auto done = create_task(turns(0), TaskOptions().name("done"));
    auto last = create_task(forever(), TaskOptions().name("last"));
    co_await done;
    const std::vector<Task<>> tasks = all_tasks();
    EXPECT_EQ(tasks.size(), 3U);
    EXPECT_TRUE(tasks[0] == current_task());
    EXPECT_TRUE(tasks[1] == first);
    EXPECT_TRUE(tasks[2] == last);
    EXPECT_TRUE(all_tasks(get_running_loop()) == tasks);
    first.cancel();
    last.cancel();
  });
}

TEST_F(TaskOptionsTest, ATaskOfAnyTypeIsAHandleWithoutAValue) {
  run_and_destroy([this]() -> Coro<void> {
    auto number = create_task(log_and_return(&log, "one", 1));
    auto text = create_task([]() -> Coro<std::string> { co_return "two"; });
    std::vector<Task<>> tasks{number, text};
    co_await gather(tasks);
    EXPECT_EQ(number.result(), 1);
    EXPECT_EQ(text.result(), "two");
    const auto waited = co_await wait(tasks);
    EXPECT_EQ(waited.done.size(), 2U);
    EXPECT_THROW(tasks[0].set_result(), RuntimeError);
  });
}

TEST_F(TaskOptionsTest, AFutureKnowsItsLoop) {
  auto future = loop().create_future<int>();
  EXPECT_EQ(&future.get_loop(), &loop());
  destroy_loop();
  EXPECT_THROW(static_cast<void>(future.get_loop()), RuntimeError);
}

}  // namespace
}  // namespace corolla_tests
