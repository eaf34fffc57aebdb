// SPDX-License-Identifier: Apache-2.0
// gather(): the cases of CPython's test_tasks that gather_test.cpp does not have, re-expressed. Several call it outside of a
// running loop, where there is no step to be destroyed at.
#include "tests/support/runtime_test.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class GatherLoopTest : public RuntimeTest {
 protected:
  void iterate(int count) {
    for (int i = 0; i < count; ++i) {
      loop().call_soon([] {});
      loop().run_once();
    }
  }
  std::vector<Future<int>> futures(int count) {
    std::vector<Future<int>> result;
    for (int i = 0; i < count; ++i) result.push_back(loop().create_future<int>());
    return result;
  }
};

Coro<int> value_of(Future<int> future) {
  const int value = co_await future;
  co_return value;
}

TEST_F(GatherLoopTest, OfFuturesBelongsToTheirLoop) {
  const auto children = futures(3);
  int called = 0;
  for (const bool as_range : {false, true}) {
    if (as_range) {
      auto all = gather(children);
      EXPECT_EQ(&all.get_loop(), &loop());
      EXPECT_FALSE(all.done());
      all.add_done_callback([&](const Future<std::vector<int>>& f) {
        EXPECT_EQ(f.result(), (std::vector<int>{2, 1, 3}));
        ++called;
      });
    } else {
      auto all = gather(children[0], children[1], children[2]);
      EXPECT_EQ(&all.get_loop(), &loop());
      all.add_done_callback([&](const auto& f) {
        EXPECT_EQ(f.result(), (std::tuple{2, 1, 3}));
        ++called;
      });
    }
  }
  auto settled = gather(return_exceptions, children);
  children[1].set_result(1);
  children[0].set_result(2);
  iterate(3);
  EXPECT_EQ(called, 0);
  EXPECT_FALSE(settled.done());
  children[2].set_result(3);
  iterate(3);
  EXPECT_EQ(called, 2);
  EXPECT_EQ(*settled.result()[2], 3);
}

TEST_F(GatherLoopTest, OfFuturesOfSeveralLoopsIsRefused) {
  VirtualLoop other;
  const auto mine = loop().create_future<int>();
  const auto foreign = other.loop().create_future<int>();
  EXPECT_THROW(static_cast<void>(gather(mine, foreign)), ValueError);
  EXPECT_THROW(static_cast<void>(gather(return_exceptions, mine, foreign)), ValueError);
  const std::vector<Future<int>> both{mine, foreign};
  EXPECT_THROW(static_cast<void>(gather(both)), ValueError);
  const auto theirs = gather(foreign);
  EXPECT_EQ(&theirs.get_loop(), &other.loop());
}

TEST_F(GatherLoopTest, OfNothingOrOfCorosNeedsARunningLoop) {
  EXPECT_THROW(static_cast<void>(gather()), RuntimeError);
  const std::vector<Future<int>> none;
  EXPECT_THROW(static_cast<void>(gather(none)), RuntimeError);
  EXPECT_THROW(static_cast<void>(gather(turns(1), turns(1))), RuntimeError);
  run_and_destroy([]() -> Coro<void> {
    auto nothing = gather();
    EXPECT_EQ(&nothing.get_loop(), &get_running_loop());
    auto coros = gather(turns(1), turns(2));
    EXPECT_EQ(&coros.get_loop(), &get_running_loop());
    co_await coros;
  });
}

// The first argument was a task already when the second was refused; it goes on.
TEST_F(GatherLoopTest, RefusedItLeavesNothingButTheTasksItMade) {
  VirtualLoop other;
  const auto foreign = other.loop().create_future<int>();
  auto body = [&]() -> Coro<void> {
    const auto note = [](Log* out) -> Coro<void> {
      out->push_back("ran");
      co_return;
    };
    EXPECT_THROW(static_cast<void>(gather(note(&log), foreign)), ValueError);
    co_await turns(2);
  };
  run(body());
  EXPECT_EQ(log, Log{"ran"});
  EXPECT_TRUE(reports.empty());
}

TEST_F(GatherLoopTest, TheFirstErrorEndsItAndWhatComesLaterDoesNothing) {
  for (const bool cancelled : {false, true}) {
    const auto children = futures(5);
    auto all = gather(children);
    int called = 0;
    all.add_done_callback([&](const auto&) { ++called; });
    children[0].set_result(1);
    if (cancelled) children[1].cancel();
    else children[1].set_exception(ValueError("zero"));
    iterate(3);
    ASSERT_TRUE(all.done());
    EXPECT_EQ(called, 1);
    EXPECT_FALSE(all.cancelled());
    EXPECT_EQ(is_cancelled_error(all.exception()), cancelled);
    children[2].set_result(3);
    children[3].cancel();
    children[4].set_exception(ValueError("late"));
    iterate(3);
    EXPECT_EQ(called, 1);
  }
  EXPECT_TRUE(reports.empty());
}

TEST_F(GatherLoopTest, OutcomesStandWhereTheirArgumentsStood) {
  run_and_destroy([]() -> Coro<void> {
    std::vector<Future<int>> children;
    for (int i = 0; i < 6; ++i) children.push_back(get_running_loop().create_future<int>());
    auto all = gather(return_exceptions, children);
    auto of_coros = gather(return_exceptions, value_of(children[0]), value_of(children[1]));
    children[0].set_result(1);
    children[1].set_exception(ValueError("zero"));
    children[2].cancel();
    co_await turns(3);
    EXPECT_FALSE(all.done());
    children[3].set_result(3);
    children[4].cancel();
    children[5].set_exception(ValueError("last"));
    const auto values = co_await all;
    EXPECT_EQ(*values[0], 1);
    EXPECT_EQ(values[1].error_message(), "zero");
    EXPECT_TRUE(values[2].cancelled());
    EXPECT_EQ(*values[3], 3);
    EXPECT_TRUE(values[4].cancelled());
    EXPECT_EQ(values[5].error_message(), "last");
    const auto [first, second] = co_await of_coros;
    EXPECT_EQ(*first, 1);
    EXPECT_EQ(second.error_message(), "zero");
  });
}

// Its children are done, it has not heard of it yet: too late to cancel.
TEST_F(GatherLoopTest, CannotBeCancelledWhenAllItsChildrenAreDone) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    auto all = gather(value_of(future));
    co_await turns(1);  // the child waits
    future.add_done_callback([this, all](const Future<int>&) { log.push_back(all.cancel() ? "yes" : "no"); });
    future.set_result(42);
    const auto value = co_await all;
    EXPECT_FALSE(all.cancelled());
    log.push_back(std::to_string(std::get<0>(value)));
  });
  EXPECT_EQ(log, (Log{"no", "42"}));
}

TEST_F(GatherLoopTest, CancellingALoopOfGathersEndsIt) {
  run_and_destroy([this]() -> Coro<void> {
    for (const std::string text : {"", "my message"}) {
      auto task = create_task([]() -> Coro<void> {
        for (int i = 0; i < 20; ++i) co_await gather(return_exceptions, sleep(50ms));
      });
      co_await sleep(200ms);
      task.cancel(text);
      const auto result = co_await outcome(task);
      log.push_back(result.error_message());
    }
  });
  EXPECT_EQ(log, (Log{"cancelled", "cancelled: my message"}));
}

TEST_F(GatherLoopTest, ACancelledAwaiterCancelsAllChildrenOnce) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    auto a = create_task(value_of(future));
    auto b = create_task(value_of(future));
    auto all = gather(a, b);
    const auto body = [](Future<std::tuple<int, int>> gathered) -> Coro<void> {
      co_await gathered;
      ADD_FAILURE();
    };
    auto outer = create_task(body, all);
    co_await turns(2);
    EXPECT_TRUE(outer.cancel());
    const auto result = co_await outcome(outer);
    EXPECT_TRUE(result.cancelled());
    EXPECT_FALSE(all.cancel());
    EXPECT_TRUE(future.cancelled());
    EXPECT_TRUE(a.cancelled());
    EXPECT_TRUE(b.cancelled());
  });
}

// The second error comes when the gather is done; it counts as seen.
TEST_F(GatherLoopTest, ALaterErrorIsNotReported) {
  run_and_destroy([]() -> Coro<void> {
    const auto fails = [](Future<> awaited) -> Coro<void> {
      co_await awaited;
      throw RuntimeError("should not be ignored");
    };
    auto a = get_running_loop().create_future<>();
    auto b = get_running_loop().create_future<>();
    auto all = gather(fails(a), fails(b));
    co_await turns(1);
    a.set_result();
    co_await turns(2);
    EXPECT_TRUE(all.done());
    b.set_result();
    co_await turns(2);
    EXPECT_EQ(describe(all.exception()), "should not be ignored");
  });
  EXPECT_TRUE(reports.empty());
}

}  // namespace
