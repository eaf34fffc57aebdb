// SPDX-License-Identifier: Apache-2.0
// Cancellation of tasks: the cases of CPython's test_tasks that cancel_test.cpp does not have, re-expressed.
#include "tests/support/runtime_test.hpp"

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class CancelRequestTest : public RuntimeTest {};

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError& cancelled) {
    return cancelled.message();
  }
}

Coro<int> value_after(Future<> future, int value) {
  co_await future;
  co_return value;
}

TEST_F(CancelRequestTest, AnUncancelledTaskCanBeCancelledAgain) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      try {
        co_await sleep(10s);
      } catch (const CancelledError&) {
        current_task().uncancel();
      }
      co_await sleep(10s);
    });
    co_await sleep(10ms);
    EXPECT_EQ(task.cancelling(), 0U);
    EXPECT_TRUE(task.cancel());
    EXPECT_EQ(task.cancelling(), 1U);
    EXPECT_FALSE(task.cancelled());
    co_await sleep(10ms);
    EXPECT_EQ(task.cancelling(), 0U);
    EXPECT_FALSE(task.cancelled());
    EXPECT_TRUE(task.cancel());
    EXPECT_TRUE(task.cancel());
    EXPECT_EQ(task.cancelling(), 2U);
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    task.uncancel();
    EXPECT_TRUE(task.cancelled());
    EXPECT_TRUE(task.done());
  });
}

// A timeout as users built them before timeout(): cancel, then uncancel on the way out.
Coro<std::string> with_own_timeout(std::chrono::nanoseconds delay, std::chrono::nanoseconds limit) {
  const Task<> me = current_task();
  bool timed_out = false;
  bool finished = false;
  auto timer = get_running_loop().call_later(limit, [&timed_out, me] {
    timed_out = true;
    me.cancel();
  });
  try {
    co_await sleep(delay);
    finished = true;
  } catch (const CancelledError&) {
    if (!timed_out || me.uncancel() > 0) throw;
  }
  timer.cancel();
  co_await turns(1);
  co_return std::string(timed_out ? "timed out" : "in time") + (finished ? ", finished" : ", not finished");
}

TEST_F(CancelRequestTest, StructuredBlocksUndoTheirOwnRequest) {
  run_and_destroy([this]() -> Coro<void> {
    auto late = create_task(with_own_timeout(10s, 100ms));
    const auto first = co_await late;
    EXPECT_EQ(late.cancelling(), 0U);
    auto in_time = create_task(with_own_timeout(0s, 10s));
    const auto second = co_await in_time;
    EXPECT_EQ(in_time.cancelling(), 0U);
    log = {first, second};
  });
  EXPECT_EQ(log, (Log{"timed out, not finished", "in time, finished"}));
  EXPECT_EQ(elapsed(), 100ms);
}

TEST_F(CancelRequestTest, UncancelledBeforeItsStepItGoesOn) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<>();
    auto task = create_task(value_after(future, 42));
    co_await turns(1);
    future.set_result();  // the task is in the ready queue
    EXPECT_TRUE(task.cancel());
    EXPECT_EQ(task.cancelling(), 1U);
    EXPECT_EQ(task.uncancel(), 0U);
    const int value = co_await task;
    EXPECT_EQ(value, 42);
  });
}

TEST_F(CancelRequestTest, TheMessageIsThatOfResultAndException) {
  run_and_destroy([]() -> Coro<void> {
    for (const bool begun : {true, false}) {
      for (const std::string text : {"", "my message"}) {
        std::vector<Task<void>> tasks{create_task(forever())};
        if (begun) co_await turns(1);
        tasks[0].cancel(text);
        const auto [done, pending] = co_await wait(tasks);
        EXPECT_EQ(done.size(), 1U);
        for (int i = 0; i < 2; ++i) {
          try {
            tasks[0].result();
            ADD_FAILURE();
          } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), text);
          }
          try {
            static_cast<void>(tasks[0].exception());
            ADD_FAILURE();
          } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), text);
          }
        }
      }
    }
  });
}

TEST_F(CancelRequestTest, ACallbackCancelsWithAMessage) {
  run_and_destroy([this]() -> Coro<void> {
    auto begun = get_running_loop().create_future<>();
    const auto body = [](Future<> started) -> Coro<void> {
      started.set_result();
      co_await sleep(10s);
    };
    auto inner = create_task(body, begun);
    co_await begun;
    get_running_loop().call_soon([inner] { inner.cancel("msg"); });
    const auto result = co_await outcome(inner);
    log.push_back(message_of(result.error()));
  });
  EXPECT_EQ(log, Log{"msg"});
}

TEST_F(CancelRequestTest, AYieldIsCancelled) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(turns(2));
    co_await turns(1);
    EXPECT_TRUE(task.cancel());
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_TRUE(task.cancelled());
    EXPECT_FALSE(task.cancel());
  });
}

TEST_F(CancelRequestTest, ACancelledFutureCancelsItsTask) {
  run_and_destroy([]() -> Coro<void> {
    for (const bool both : {false, true}) {
      auto future = get_running_loop().create_future<>();
      auto task = create_task(value_after(future, 12));
      co_await turns(1);
      future.cancel();
      if (both) task.cancel();
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result.cancelled());
      EXPECT_TRUE(task.cancelled());
      EXPECT_EQ(task.cancelling(), both ? 1U : 0U);
    }
  });
}

TEST_F(CancelRequestTest, ATaskMayCatchItAndReturnAValue) {
  run_and_destroy([]() -> Coro<void> {
    auto first = get_running_loop().create_future<>();
    auto second = get_running_loop().create_future<>();
    const auto body = [](Future<> one, Future<> two) -> Coro<int> {
      co_await one;
      int value = 0;
      try {
        co_await two;
      } catch (const CancelledError&) {
        value = 42;
      }
      co_return value;
    };
    auto task = create_task(body, first, second);
    co_await turns(1);
    EXPECT_EQ(task.base().waiting_for(), first.state().get());
    first.set_result();
    co_await turns(1);
    EXPECT_EQ(task.base().waiting_for(), second.state().get());
    task.cancel();
    EXPECT_TRUE(second.cancelled());
    const int value = co_await task;
    EXPECT_EQ(value, 42);
    EXPECT_FALSE(task.cancelled());
    EXPECT_EQ(task.base().waiting_for(), nullptr);
  });
}

TEST_F(CancelRequestTest, ATaskMayIgnoreItAndWaitForSomethingElse) {
  run_and_destroy([]() -> Coro<void> {
    auto first = get_running_loop().create_future<int>();
    auto second = get_running_loop().create_future<int>();
    const auto body = [](Future<int> one, Future<int> two) -> Coro<int> {
      try {
        co_await one;
      } catch (const CancelledError&) {
      }
      const int value = co_await two;
      co_return value;
    };
    auto task = create_task(body, first, second);
    co_await turns(1);
    task.cancel();
    EXPECT_TRUE(first.cancelled());
    co_await turns(1);
    EXPECT_EQ(task.base().waiting_for(), second.state().get());
    second.set_result(42);
    const int value = co_await task;
    EXPECT_EQ(value, 42);
    EXPECT_FALSE(second.cancelled());
    EXPECT_FALSE(task.cancelled());
  });
}

// A request to a task that does not wait reaches what it waits for next.
TEST_F(CancelRequestTest, OneselfThenAwaitingATaskCancelsThatTask) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<>();
    auto nested = create_task(value_after(future, 1));
    const auto body = [](Task<int> inner) -> Coro<void> {
      co_await turns(1);
      current_task().cancel();
      co_await inner;
    };
    auto task = create_task(body, nested);
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_TRUE(nested.cancelled());
    EXPECT_TRUE(future.cancelled());
  });
}

struct NoStandardException {
  int code;
};

TEST_F(CancelRequestTest, AnotherExceptionInItsPlaceIsHowTheTaskEnds) {
  run_and_destroy([this]() -> Coro<void> {
    auto task = create_task([]() -> Coro<void> {
      try {
        co_await sleep(10s);
      } catch (const CancelledError&) {
        throw NoStandardException{3};
      }
    });
    co_await turns(1);
    task.cancel();
    EXPECT_FALSE(task.done());
    co_await turns(1);
    EXPECT_TRUE(task.done());
    EXPECT_FALSE(task.cancelled());
    try {
      std::rethrow_exception(task.exception());
    } catch (const NoStandardException& error) {
      log.push_back(std::to_string(error.code));
    }
  });
  EXPECT_EQ(log, Log{"3"});
}

TEST_F(CancelRequestTest, GoesThroughCoroutinesThatAwaitEachOther) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<>();
    const auto inner = [](Future<> awaited, Log* out) -> Coro<void> {
      try {
        co_await awaited;
      } catch (const CancelledError&) {
        out->push_back("inner");
        throw;
      }
    };
    const auto outer = [](Coro<void> child, Log* out) -> Coro<void> {
      try {
        co_await std::move(child);
      } catch (const CancelledError&) {
        out->push_back("outer");
      }
    };
    auto task = create_task(outer, inner(future, &log), &log);
    co_await turns(1);
    task.cancel();
    co_await task;
    EXPECT_TRUE(future.cancelled());
    EXPECT_FALSE(task.cancelled());
  });
  EXPECT_EQ(log, (Log{"inner", "outer"}));
}

TEST_F(CancelRequestTest, OfATaskInWaitLeavesTheOthersRunning) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<>();
    auto inner = create_task(value_after(future, 1));
    const auto body = [](Task<int> waited) -> Coro<void> {
      std::vector<Task<int>> tasks{waited};
      co_await wait(tasks);
      ADD_FAILURE();
    };
    auto outer = create_task(body, inner);
    co_await turns(2);
    outer.cancel();
    const auto result = co_await outcome(outer);
    EXPECT_TRUE(result.cancelled());
    EXPECT_FALSE(inner.done());
    future.set_result();
    const int value = co_await inner;
    log.push_back(std::to_string(value));
  });
  EXPECT_EQ(log, Log{"1"});
}

}  // namespace
