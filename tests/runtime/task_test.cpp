// SPDX-License-Identifier: Apache-2.0
// Tests that look at a loop from outside, or at its end, are no bodies that could be destroyed at each step.
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace corolla_tests;

class TaskTest : public RuntimeTest {};

Coro<int> number_after(int hops, int value) {
  co_await turns(hops);
  co_return value;
}
Coro<void> note(Log& log, std::string text) {
  log.push_back(std::move(text));
  co_return;
}
Coro<void> failing() {
  co_await turns(1);
  throw ValueError("task failed");
}

TEST_F(TaskTest, StartsInTheNextIterationInOrderOfCreation) {
  run_and_destroy([this]() -> Coro<void> {
    auto a = create_task(note(log, "a"));
    get_running_loop().call_soon([this] { log.push_back("callback"); });
    auto b = create_task(note(log, "b"));
    log.push_back("main");
    co_await b;
    EXPECT_TRUE(a.done());
  });
  EXPECT_EQ(log, (Log{"main", "a", "callback", "b"}));
}

TEST_F(TaskTest, HasANameAndANumberOfItsOwn) {
  run_and_destroy([]() -> Coro<void> {
    EXPECT_EQ(current_task().get_name(), "Task-1");
    auto a = create_task(turns(1));
    auto b = create_task(turns(1));
    EXPECT_EQ(a.get_name(), "Task-2");
    EXPECT_EQ(b.get_name(), "Task-3");
    b.set_name("worker");
    EXPECT_EQ(b.get_name(), "worker");
    EXPECT_EQ(a.get_name(), "Task-2");
    co_await b;
    EXPECT_EQ(b.get_name(), "worker");
  });
}

TEST_F(TaskTest, IsCurrentInItsStepsAndNotInCallbacks) {
  EXPECT_THROW(static_cast<void>(current_task()), RuntimeError);
  run_and_destroy([]() -> Coro<void> {
    const Task<> me = current_task();
    EXPECT_TRUE(me.valid());
    auto other = create_task(
        [](Task<> parent) -> Coro<void> {
          EXPECT_NE(current_task(), parent);
          co_return;
        },
        me);
    bool in_callback = false;
    get_running_loop().call_soon([&in_callback] {
      EXPECT_FALSE(current_task().valid());
      in_callback = true;
    });
    co_await other;
    EXPECT_TRUE(in_callback);
    EXPECT_EQ(current_task(), me);
  });
}

TEST_F(TaskTest, AwaitedTwiceGivesTheSameOutcome) {
  run_and_destroy([]() -> Coro<void> {
    auto good = create_task(number_after(1, 5));
    const auto good_value = co_await good;
    EXPECT_EQ(good_value, 5);
    const auto good_value2 = co_await good;
    EXPECT_EQ(good_value2, 5);
    auto bad = create_task(failing());
    for (int i = 0; i < 2; ++i) {
      auto result = co_await outcome(bad);
      EXPECT_EQ(result.error_message(), "task failed");
    }
  });
}

Coro<std::string> text() { co_return "a text that is too long for the small buffer"; }

TEST_F(TaskTest, AwaitingAnLvalueCopiesAndAnRvalueMoves) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(text());
    const auto copy = co_await task;
    EXPECT_EQ(task.result(), copy);
    const auto second_handle = task;
    const auto moved = co_await std::move(task);
    EXPECT_EQ(moved, copy);
    EXPECT_NE(second_handle.result(), copy);
    auto pointer = create_task([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); });
    const auto owned = co_await std::move(pointer);
    EXPECT_EQ(*owned, 3);
  });
}

TEST_F(TaskTest, DroppingItsHandleDetachesIt) {
  run_and_destroy([this]() -> Coro<void> {
    {
      auto dropped = create_task(note(log, "ran detached"));
    }
    co_await turns(2);
    log.push_back("end");
  });
  EXPECT_EQ(log, (Log{"ran detached", "end"}));
}

TEST_F(TaskTest, OwnsItsCallableAndArgumentsUntilItsFrameIsGone) {
  auto body = [](const Farewell& /*farewell*/, Log* out) -> Coro<void> {
    const Farewell local(*out, "local");
    co_await turns(1);
    out->push_back("body");
  };
  run_and_destroy([this, body]() -> Coro<void> {
    Farewell argument(log, "argument");
    auto task = create_task(body, std::move(argument), &log);
    task.add_done_callback([this](const auto&) { log.push_back("callback"); });
    co_await task;
  });
  EXPECT_EQ(log, (Log{"body", "local", "argument", "callback"}));
}

TEST_F(TaskTest, ArgumentsOfATaskCancelledBeforeItsFirstStepAreDestroyed) {
  auto body = [](Farewell /*farewell*/, Log* out) -> Coro<void> {
    out->push_back("must not run");
    co_return;
  };
  run_and_destroy([this, body]() -> Coro<void> {
    Farewell argument(log, "argument");
    auto task = create_task(body, std::move(argument), &log);
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
  });
  EXPECT_EQ(log, Log{"argument"});
}

struct ThrowsOnCopy {
  ThrowsOnCopy() = default;
  ThrowsOnCopy(const ThrowsOnCopy& /*other*/) { throw RuntimeError("copy failed"); }
  ThrowsOnCopy& operator=(const ThrowsOnCopy&) = delete;
};

TEST_F(TaskTest, AnArgumentThatCannotBeCopiedLeavesNoTaskBehind) {
  auto first = loop().create_task(note(log, "first"));
  const ThrowsOnCopy argument;
  auto body = [](const ThrowsOnCopy& /*argument*/) -> Coro<void> { co_return; };
  EXPECT_THROW(loop().create_task(body, argument), RuntimeError);
  EXPECT_EQ(loop().core().first_task(), &first.base());
  EXPECT_EQ(first.base().next_task(), nullptr);
  auto last = loop().create_task(note(log, "last"));
  loop().run_until_complete(last);
  EXPECT_EQ(log, (Log{"first", "last"}));
}

TEST_F(TaskTest, AFunctionThatThrowsInsteadOfReturningACoroLeavesNoTaskBehind) {
  auto body = [](int /*unused*/) -> Coro<void> { throw std::logic_error("not a coroutine"); };
  EXPECT_THROW(loop().create_task(body, 1), std::logic_error);
  EXPECT_EQ(loop().core().first_task(), nullptr);
}

TEST_F(TaskTest, IsListedUntilItIsDone) {
  auto a = loop().create_task(turns(1));
  auto b = loop().create_task(turns(3));
  EXPECT_EQ(loop().core().first_task(), &a.base());
  EXPECT_EQ(a.base().next_task(), &b.base());
  loop().run_until_complete(a);
  EXPECT_EQ(loop().core().first_task(), &b.base());
}

TEST_F(TaskTest, TakesNoResultFromOutside) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(number_after(1, 2));
    EXPECT_THROW(task.set_result(1), RuntimeError);
    EXPECT_THROW(task.set_exception(ValueError("x")), RuntimeError);
    const int value = co_await task;
    EXPECT_EQ(value, 2);
  });
}

TEST_F(TaskTest, CannotAwaitItself) {
  run_and_destroy([this]() -> Coro<void> {
    const auto body = [](Log* out) -> Coro<void> {
      const Task<> self = current_task();
      get_running_loop().call_soon([out] { out->push_back("the loop ran"); });
      try {
        co_await self;
      } catch (const RuntimeError& error) {
        out->push_back(error.what());
      }
      try {
        static_cast<void>(co_await outcome(self));
      } catch (const RuntimeError&) {
        out->push_back("no outcome either");
      }
      co_await turns(1);
      out->push_back("went on");
    };
    co_await create_task(body, &log);
  });
  EXPECT_EQ(log, (Log{"the loop ran", "Task cannot await on itself: Task-2", "no outcome either", "went on"}));
}

TEST_F(TaskTest, CancelledWhileItIsToldSoItIsCancelled) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      const Task<> self = current_task();
      co_await self;
    });
    co_await turns(1);
    EXPECT_FALSE(task.done());
    task.cancel("message");
    const auto result = co_await outcome(task);
    EXPECT_EQ(result.error_message(), "cancelled: message");
  });
}

TEST_F(TaskTest, CannotAwaitAFutureOfAnotherLoop) {
  VirtualLoop other;
  auto foreign = other.loop().create_future<int>();
  auto body = [&]() -> Coro<void> { static_cast<void>(co_await foreign); };
  EXPECT_THROW(run(body()), RuntimeError);
  foreign.set_result(1);
  EXPECT_EQ(other.loop().run_until_complete(foreign), 1);
}

TEST_F(TaskTest, AnExceptionNobodyRetrievesIsReportedOnceWithTaskAndPlace) {
  int reported = 0;
  std::string task_name;
  unsigned line = 0;
  loop().set_exception_handler([&](EventLoop&, const ErrorContext& context) {
    ++reported;
    task_name = context.task;
    line = context.where.line();
    EXPECT_NE(std::string(context.where.file_name()).find("task_test.cpp"), std::string::npos);
    EXPECT_EQ(describe(context.exception), "task failed");
  });
  unsigned expected_line = 0;
  auto body = [&]() -> Coro<void> {
    expected_line = __LINE__ + 1;
    auto task = create_task(failing());
    task.set_name("the failing one");
    co_await turns(4);
    EXPECT_EQ(reported, 0);  // a handle is left
  };
  run(body());
  EXPECT_EQ(reported, 1);
  EXPECT_EQ(task_name, "the failing one");
  EXPECT_EQ(line, expected_line);
}

TEST_F(TaskTest, ARetrievedExceptionIsNotReported) {
  run_and_destroy([]() -> Coro<void> {
    auto awaited = create_task(failing());
    auto asked = create_task(failing());
    static_cast<void>(co_await outcome(awaited));
    co_await turns(2);
    EXPECT_NE(asked.exception(), nullptr);
  });
  EXPECT_TRUE(reports.empty());
}

TEST_F(TaskTest, ACallableThatFailsIsReportedWhenDetached) {
  {
    loop().create_task(failing());
  }
  run(turns(5));
  EXPECT_EQ(reports, Log{"Task exception was never retrieved: task failed"});
}

TEST_F(TaskTest, NeedsARunningOrOpenLoop) {
  EXPECT_THROW(static_cast<void>(create_task(turns(1))), RuntimeError);
  loop().close();
  EXPECT_THROW(static_cast<void>(loop().create_task(turns(1))), RuntimeError);
}

TEST_F(TaskTest, HandlesOutliveTheLoop) {
  auto pending = loop().create_task(forever());
  auto done = loop().create_task(number_after(0, 4));
  loop().run_until_complete(done);
  destroy_loop();
  EXPECT_TRUE(pending.cancelled());
  EXPECT_FALSE(pending.cancel());
  EXPECT_EQ(done.result(), 4);
  EXPECT_THROW(pending.result(), CancelledError);
  EXPECT_EQ(pending.get_name(), "Task-1");
}

TEST_F(TaskTest, ADyingLoopDestroysTheNewestTaskFirst) {
  const auto holding = [](Farewell /*farewell*/) -> Coro<void> { co_await forever(); };
  for (const char* name : {"a", "b", "c"}) loop().create_task(holding, Farewell(log, name));
  loop().run_once();
  destroy_loop();
  EXPECT_EQ(log, (Log{"c", "b", "a"}));
}

}  // namespace
