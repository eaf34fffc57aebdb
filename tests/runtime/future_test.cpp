// SPDX-License-Identifier: Apache-2.0
// A test without a coroutine has no step at which it could be destroyed.
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace corolla_tests;

class FutureTest : public RuntimeTest {
 protected:
  /// One iteration that does not wait.
  void iterate() {
    loop().call_soon([] {});
    loop().run_once();
  }
};

TEST_F(FutureTest, PendingItHasNeitherResultNorException) {
  auto future = loop().create_future<int>();
  EXPECT_FALSE(future.done());
  EXPECT_FALSE(future.cancelled());
  EXPECT_THROW(static_cast<void>(future.result()), InvalidStateError);
  EXPECT_THROW(static_cast<void>(future.exception()), InvalidStateError);
}

TEST_F(FutureTest, AResultIsForEver) {
  auto future = loop().create_future<std::string>();
  future.set_result("value");
  EXPECT_TRUE(future.done());
  EXPECT_EQ(future.result(), "value");
  EXPECT_EQ(future.exception(), nullptr);
  EXPECT_THROW(future.set_result("other"), InvalidStateError);
  EXPECT_THROW(future.set_exception(ValueError("x")), InvalidStateError);
  EXPECT_FALSE(future.cancel());
  EXPECT_EQ(future.result(), "value");
}

TEST_F(FutureTest, AnExceptionIsForEver) {
  auto future = loop().create_future<>();
  EXPECT_THROW(future.set_exception(std::exception_ptr()), ValueError);
  future.set_exception(ValueError("broken"));
  EXPECT_THROW(future.set_result(), InvalidStateError);
  EXPECT_FALSE(future.cancel());
  EXPECT_FALSE(future.cancelled());
  EXPECT_THROW(future.result(), ValueError);
  EXPECT_EQ(describe(future.exception()), "broken");
}

TEST_F(FutureTest, CancelledIsDoneAndGivesTheMessageToEveryone) {
  auto future = loop().create_future<>();
  EXPECT_TRUE(future.cancel("no more"));
  EXPECT_TRUE(future.done());
  EXPECT_TRUE(future.cancelled());
  EXPECT_FALSE(future.cancel("again"));
  EXPECT_THROW(future.set_result(), InvalidStateError);
  for (int i = 0; i < 2; ++i) {
    try {
      future.result();
      ADD_FAILURE();
    } catch (const CancelledError& error) {
      EXPECT_EQ(error.message(), "no more");
    }
  }
  EXPECT_THROW(static_cast<void>(future.exception()), CancelledError);
}

TEST_F(FutureTest, CallbacksRunThroughTheLoopInOrderOfRegistration) {
  auto future = loop().create_future<int>();
  future.add_done_callback([this](const Future<int>& f) { log.push_back("a" + std::to_string(f.result())); });
  future.add_done_callback([this](const Future<int>&) { log.push_back("b"); });
  loop().call_soon([this] { log.push_back("already queued"); });
  future.set_result(1);
  future.add_done_callback([this](const Future<int>&) { log.push_back("late"); });
  EXPECT_TRUE(log.empty());
  iterate();
  EXPECT_EQ(log, (Log{"already queued", "a1", "b", "late"}));
}

TEST_F(FutureTest, ARemovedCallbackIsDestroyedAndNotCalled) {
  auto future = loop().create_future<>();
  const auto id = future.add_done_callback(
      [farewell = std::make_shared<Farewell>(log, "destroyed")](const Future<>&) { ADD_FAILURE(); });
  const auto kept = future.add_done_callback([this](const Future<>&) { log.push_back("kept"); });
  EXPECT_TRUE(future.remove_done_callback(id));
  EXPECT_EQ(log, Log{"destroyed"});
  EXPECT_FALSE(future.remove_done_callback(id));
  future.set_result();
  EXPECT_FALSE(future.remove_done_callback(kept));  // too late
  iterate();
  EXPECT_EQ(log, (Log{"destroyed", "kept"}));
}

TEST_F(FutureTest, CallbacksStandInLineWithTheTasksThatAwait) {
  auto future = loop().create_future<>();
  const auto waits = [](Future<> awaited, Log* out) -> Coro<void> {
    co_await awaited;
    out->push_back("task");
  };
  auto task = loop().create_task(waits, future, &log);
  loop().run_once();
  future.add_done_callback([this](const Future<>&) { log.push_back("callback"); });
  auto second = loop().create_task(waits, future, &log);
  loop().run_once();
  future.set_result();
  iterate();
  EXPECT_EQ(log, (Log{"task", "callback", "task"}));
}

TEST_F(FutureTest, ACallbackThatThrowsIsReportedAndTheOthersRun) {
  auto future = loop().create_future<>();
  future.add_done_callback([](const Future<>&) { throw std::runtime_error("bad callback"); });
  future.add_done_callback([this](const Future<>&) { log.push_back("second"); });
  future.set_result();
  iterate();
  EXPECT_EQ(log, Log{"second"});
  EXPECT_EQ(reports, Log{"Exception in done callback: bad callback"});
}

TEST_F(FutureTest, ACallbackMayDropTheLastHandle) {
  auto future = loop().create_future<>();
  future.add_done_callback([this](const Future<>& f) {
    EXPECT_TRUE(f.done());
    log.push_back("called");
  });
  future.set_result();
  future = {};
  iterate();
  EXPECT_EQ(log, Log{"called"});
}

TEST_F(FutureTest, DroppedPendingDestroysItsCallbacks) {
  {
    auto future = loop().create_future<>();
    future.add_done_callback(
        [farewell = std::make_shared<Farewell>(log, "destroyed")](const Future<>&) { ADD_FAILURE(); });
  }
  EXPECT_EQ(log, Log{"destroyed"});
}

TEST_F(FutureTest, AwaitingADoneOneDoesNotSuspend) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    future.set_result(3);
    get_running_loop().call_soon([this] { log.push_back("the loop ran"); });
    const auto future_value = co_await future;
    EXPECT_EQ(future_value, 3);
    log.push_back("first");
    co_await sleep(0ns);
  });
  EXPECT_EQ(log, (Log{"first", "the loop ran"}));
}

TEST_F(FutureTest, WakesAllItsWaitersInOrder) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<std::string>();
    const auto waits = [](Future<std::string> awaited, Log* out, int number) -> Coro<void> {
      out->push_back(std::to_string(number) + co_await awaited);
    };
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 4; ++i) tasks.push_back(create_task(waits, future, &log, i));
    co_await turns(1);
    future.set_result("!");
    co_await gather(tasks);
  });
  EXPECT_EQ(log, (Log{"0!", "1!", "2!", "3!"}));
}

TEST_F(FutureTest, AnExceptionNobodyRetrievedIsReportedWhenTheLastHandleGoes) {
  {
    auto future = loop().create_future<>();
    auto copy = future;
    future.set_exception(ValueError("lost"));
    future = {};
    EXPECT_TRUE(reports.empty());
  }
  EXPECT_EQ(reports, Log{"Future exception was never retrieved: lost"});
  reports.clear();
  {
    auto future = loop().create_future<>();
    future.set_exception(ValueError("seen"));
    EXPECT_THROW(future.result(), ValueError);
    auto cancelled = loop().create_future<>();
    cancelled.cancel();
  }
  EXPECT_TRUE(reports.empty());
}

TEST_F(FutureTest, HandlesOutliveTheLoop) {
  auto pending = loop().create_future<int>();
  pending.add_done_callback([](const Future<int>&) { ADD_FAILURE(); });
  auto done = loop().create_future<int>();
  done.set_result(1);
  done.add_done_callback([](const Future<int>&) { ADD_FAILURE(); });
  destroy_loop();
  EXPECT_EQ(done.result(), 1);
  pending.add_done_callback([](const Future<int>&) { ADD_FAILURE(); });
  pending.set_result(2);
  pending.add_done_callback([](const Future<int>&) { ADD_FAILURE(); });
  EXPECT_EQ(pending.result(), 2);
}

TEST_F(FutureTest, CopiesShareTheState) {
  auto future = loop().create_future<int>();
  auto copy = future;
  EXPECT_TRUE(copy == future);
  EXPECT_FALSE(copy == loop().create_future<int>());
  copy.set_result(1);
  EXPECT_EQ(future.result(), 1);
  EXPECT_FALSE(Future<int>().valid());
}

}  // namespace
