// SPDX-License-Identifier: Apache-2.0
// Done callbacks and unretrieved exceptions of futures: the cases of CPython's test_futures, re-expressed. Where a test has
// no coroutine, there is no step to destroy it at.
#include "tests/support/runtime_test.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class FutureCallbacksTest : public RuntimeTest {
 protected:
  /// One iteration that does not wait.
  void iterate() {
    loop().call_soon([] {});
    loop().run_once();
  }
  CallbackId add(const Future<std::string>& future, std::string text) {
    return future.add_done_callback([this, text](const Future<std::string>&) { log.push_back(text); });
  }
};

TEST_F(FutureCallbacksTest, RemovedOnesAreNotCalled) {
  const std::vector<std::pair<std::vector<std::size_t>, Log>> cases = {
      {{0}, {"17", "100"}}, {{0, 1}, {"100"}}, {{2}, {"42", "17"}}, {{1}, {"42", "100"}}, {{2, 1, 0}, {}}};
  for (const auto& [removed, left] : cases) {
    log.clear();
    auto future = loop().create_future<std::string>();
    const std::vector<CallbackId> ids = {add(future, "42"), add(future, "17"), add(future, "100")};
    for (const std::size_t index : removed) {
      EXPECT_TRUE(future.remove_done_callback(ids[index]));
      EXPECT_FALSE(future.remove_done_callback(ids[index]));
    }
    EXPECT_TRUE(log.empty());
    future.set_result("foo");
    EXPECT_TRUE(log.empty());
    iterate();
    EXPECT_EQ(log, left);
    EXPECT_EQ(future.result(), "foo");
  }
}

TEST_F(FutureCallbacksTest, EachRegistrationIsRemovedByItsOwnId) {
  auto future = loop().create_future<std::string>();
  std::vector<CallbackId> ones;
  for (int i = 0; i < 6; ++i) ones.push_back(add(future, "1"));
  add(future, "2");
  for (const CallbackId id : ones) EXPECT_TRUE(future.remove_done_callback(id));
  future.set_result("foo");
  iterate();
  EXPECT_EQ(log, Log{"2"});
}

TEST_F(FutureCallbacksTest, AreCalledHoweverItEnds) {
  for (const std::string how : {"result", "exception", "cancelled"}) {
    log.clear();
    auto future = loop().create_future<std::string>();
    add(future, "first");
    add(future, "second");
    if (how == "result") future.set_result(how);
    if (how == "exception") future.set_exception(ValueError(how));
    if (how == "cancelled") future.cancel();
    EXPECT_TRUE(log.empty());
    iterate();
    EXPECT_EQ(log, (Log{"first", "second"}));
    if (how == "exception") {
      EXPECT_EQ(describe(future.exception()), how);
    }
  }
}

TEST_F(FutureCallbacksTest, OneThatRunsCannotTakeOutOneThatIsQueued) {
  auto future = loop().create_future<std::string>();
  CallbackId second{};
  future.add_done_callback([&](const Future<std::string>& f) { EXPECT_FALSE(f.remove_done_callback(second)); });
  second = add(future, "second");
  add(future, "third");
  future.set_result("x");
  iterate();
  EXPECT_EQ(log, (Log{"second", "third"}));
}

/// Calls a function when it dies, as a callback's captures may.
class AtEnd {
 public:
  explicit AtEnd(std::function<void()> function) : function_(std::move(function)) {}
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;
  ~AtEnd() { function_(); }

 private:
  std::function<void()> function_;
};

// The destructor of a removed callable changes the list it is being removed from.
TEST_F(FutureCallbacksTest, ADyingCallableMayRemoveOthers) {
  auto future = loop().create_future<std::string>();
  std::vector<CallbackId> ids;
  const auto clear = [&] {
    for (const CallbackId id : ids) future.remove_done_callback(id);
  };
  const auto evil = future.add_done_callback(
      [at_end = std::make_shared<AtEnd>(clear)](const Future<std::string>&) { ADD_FAILURE(); });
  for (int i = 0; i < 63; ++i) ids.push_back(add(future, "removed"));
  add(future, "kept");
  EXPECT_TRUE(future.remove_done_callback(evil));
  future.set_result("x");
  iterate();
  EXPECT_EQ(log, Log{"kept"});
}

TEST_F(FutureCallbacksTest, ADyingCallableMayAddOthers) {
  auto future = loop().create_future<std::string>();
  const auto extend = [&] {
    for (int i = 0; i < 100; ++i) add(future, "added");
  };
  const auto evil = future.add_done_callback(
      [at_end = std::make_shared<AtEnd>(extend)](const Future<std::string>&) { ADD_FAILURE(); });
  add(future, "kept");
  EXPECT_TRUE(future.remove_done_callback(evil));
  future.set_result("x");
  iterate();
  ASSERT_EQ(log.size(), 101U);
  EXPECT_EQ(log.front(), "kept");
}

// Callables die with their future, one after the other, and the first takes out the last.
TEST_F(FutureCallbacksTest, ADyingCallableOfADyingFutureDoesNoHarm) {
  auto future = std::make_unique<Future<std::string>>(loop().create_future<std::string>());
  bool died = false;
  future->add_done_callback([at_end = std::make_shared<AtEnd>([&] { died = true; })](const Future<std::string>&) {});
  add(*future, "never");
  future.reset();
  EXPECT_TRUE(died);
  iterate();
  EXPECT_TRUE(log.empty());
}

TEST_F(FutureCallbacksTest, ATaskThatAwaitsTwiceGetsTheValueTwice) {
  run_and_destroy([this]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    future.add_done_callback([this](const Future<int>&) { log.push_back("callback"); });
    get_running_loop().call_soon([future] { future.set_result(3); });
    const int first = co_await future;
    const int second = co_await future;  // done: the loop does not run in between
    log.push_back(std::to_string(first + second));
  });
  EXPECT_EQ(log, (Log{"callback", "6"}));
}

TEST_F(FutureCallbacksTest, ATupleIsAValueLikeAnyOther) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<std::tuple<int, int>>();
    future.set_result(std::tuple{1, 2});
    const auto value = co_await future;
    EXPECT_EQ(value, (std::tuple{1, 2}));
  });
}

TEST_F(FutureCallbacksTest, OnlyAnExceptionThatNobodySawIsReported) {
  const auto dropped = [this](const std::function<void(const Future<int>&)>& use) {
    reports.clear();
    {
      auto future = loop().create_future<int>();
      use(future);
    }
    return reports;
  };
  EXPECT_TRUE(dropped([](const Future<int>&) {}).empty());
  EXPECT_TRUE(dropped([](const Future<int>& f) { f.set_result(42); }).empty());
  EXPECT_TRUE(dropped([](const Future<int>& f) {
                f.set_result(42);
                EXPECT_EQ(f.result(), 42);
              }).empty());
  EXPECT_TRUE(dropped([](const Future<int>& f) {
                f.set_exception(ValueError("boom"));
                EXPECT_NE(f.exception(), nullptr);
              }).empty());
  EXPECT_TRUE(dropped([](const Future<int>& f) {
                f.set_exception(ValueError("boom"));
                EXPECT_THROW(static_cast<void>(f.result()), ValueError);
              }).empty());
  EXPECT_EQ(dropped([](const Future<int>& f) { f.set_exception(ValueError("boom")); }),
            Log{"Future exception was never retrieved: boom"});
}

TEST_F(FutureCallbacksTest, AFailedFutureThatIsCancelledIsNotReported) {
  {
    auto future = loop().create_future<int>();
    future.set_exception(ValueError("boom"));
    EXPECT_FALSE(future.cancel());
    EXPECT_FALSE(future.cancelled());
  }
  EXPECT_TRUE(reports.empty());
}

TEST_F(FutureCallbacksTest, InDebugModeTheReportIsTheSame) {
  loop().set_debug(true);
  {
    auto future = loop().create_future<int>();
    future.set_exception(ValueError("boom"));
  }
  EXPECT_EQ(reports, Log{"Future exception was never retrieved: boom"});
}

TEST_F(FutureCallbacksTest, AFutureIsMadeByALoop) {
  EXPECT_THROW(static_cast<void>(get_running_loop().create_future<int>()), RuntimeError);
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    EXPECT_FALSE(future.done());
    EXPECT_FALSE(future.cancelled());
    EXPECT_EQ(&future.get_loop(), &get_running_loop());
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.cancelled());
    co_return;
  });
  EXPECT_EQ(&loop().create_future<int>().get_loop(), &loop());
}

// A value whose destructor goes through the loop's futures and tasks.
TEST_F(FutureCallbacksTest, AValueMayRunCodeWhenItDies) {
  run_and_destroy([this]() -> Coro<void> {
    for (int i = 0; i < 100; ++i) {
      auto future = get_running_loop().create_future<std::shared_ptr<AtEnd>>();
      future.set_result(std::make_shared<AtEnd>([&loop = get_running_loop()] { static_cast<void>(all_tasks(loop)); }));
    }
    const auto body = []() -> Coro<std::shared_ptr<AtEnd>> {
      co_return std::make_shared<AtEnd>([&loop = get_running_loop()] { static_cast<void>(all_tasks(loop)); });
    };
    std::vector<Task<std::shared_ptr<AtEnd>>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(create_task(body));
    co_await gather(tasks);
    tasks.clear();
    log.push_back("end");
  });
  EXPECT_EQ(log, Log{"end"});
}

}  // namespace
