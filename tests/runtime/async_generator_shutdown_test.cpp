// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class ShutdownAsyncgensTest : public RuntimeTest {};

using Numbers = AsyncGenerator<int>;

Numbers endless(Log& log, std::string name) {
  const Farewell farewell(log, name);
  for (int i = 0;; ++i) co_yield i;
}

TEST_F(ShutdownAsyncgensTest, ClosesWhatWasIteratedNewestFirst) {
  run_and_destroy([this]() -> Coro<void> {
    auto a = endless(log, "a");
    auto b = endless(log, "b");
    auto untouched = endless(log, "never begun");
    co_await a.next();
    co_await b.next();
    co_await get_running_loop().shutdown_asyncgens();
    log.push_back("shut down");
    EXPECT_TRUE(a.closed());
    EXPECT_TRUE(b.closed());
    EXPECT_FALSE(untouched.closed());
    const auto ended = co_await a.next();
    EXPECT_EQ(ended, std::nullopt);
    co_await get_running_loop().shutdown_asyncgens();  // nothing is left to do
  });
  EXPECT_EQ(log, (Log{"b", "a", "shut down"}));
  EXPECT_EQ(reports, Log{});
}

TEST_F(ShutdownAsyncgensTest, WithoutGeneratorsItDoesNotSuspend) {
  run_and_destroy([this]() -> Coro<void> {
    get_running_loop().call_soon([this] { log.push_back("callback"); });
    auto ended = []() -> Numbers { co_return; }();
    co_await ended.next();
    {
      auto dropped = endless(log, "dropped");
      co_await dropped.next();
    }
    co_await get_running_loop().shutdown_asyncgens();
    log.push_back("shut down");
  });
  EXPECT_EQ(log, (Log{"dropped", "shut down", "callback"}));
}

// asyncio's gather of the aclose() takes three iterations: the tasks run, they are done, who waits goes on.
TEST_F(ShutdownAsyncgensTest, TakesAsManyTurnsAsInAsyncio) {
  run_and_destroy([this]() -> Coro<void> {
    auto count = [](Log& notes) -> Coro<void> {
      for (int i = 1; i < 5; ++i) {
        co_await turns(1);
        notes.push_back(std::to_string(i));
      }
    };
    auto it = endless(log, "closed");
    co_await it.next();
    auto counter = create_task(count, std::ref(log));
    co_await turns(1);
    co_await get_running_loop().shutdown_asyncgens();
    log.push_back("shut down");
    co_await counter;
  });
  EXPECT_EQ(log, (Log{"1", "closed", "2", "3", "shut down", "4"}));
}

TEST_F(ShutdownAsyncgensTest, OneThatRunsIsReportedAndGoesOn) {
  run([](Log& log) -> Coro<void> {
    auto body = []() -> Numbers {
      co_await sleep(1s);
      co_yield 1;
    };
    auto busy = body();
    auto idle = endless(log, "idle");
    co_await idle.next();
    auto task = create_task(busy.next());
    co_await turns(1);
    co_await get_running_loop().shutdown_asyncgens();
    EXPECT_TRUE(idle.closed());
    const auto given = co_await task;
    EXPECT_EQ(given, 1);
    const auto ended2 = co_await busy.next();
    EXPECT_EQ(ended2, std::nullopt);
  }(log));
  EXPECT_EQ(reports,
            (Log{"an error occurred during closing of asynchronous generator: aclose(): asynchronous generator "
                 "is already running"}));
}

TEST_F(ShutdownAsyncgensTest, OneFirstIteratedAfterwardsIsReportedOnce) {
  run([](Log& log) -> Coro<void> {
    auto early = endless(log, "early");
    co_await early.next();
    co_await get_running_loop().shutdown_asyncgens();
    auto late = endless(log, "late");
    co_await late.next();
    co_await late.next();
    log.push_back("iterated");
    co_await get_running_loop().shutdown_asyncgens();
  }(log));
  EXPECT_EQ(log, (Log{"early", "iterated", "late"}));
  EXPECT_EQ(reports, Log{"asynchronous generator was scheduled after loop.shutdown_asyncgens() call"});
}

// What is first iterated while the shutdown is under way is not closed by it; what dies meanwhile is forgotten.
TEST_F(ShutdownAsyncgensTest, GeneratorsThatComeAndGoMeanwhile) {
  run_and_destroy([this]() -> Coro<void> {
    auto keep = endless(log, "keep");
    std::optional<Numbers> goes = endless(log, "goes");
    auto comes = endless(log, "comes");
    co_await keep.next();
    co_await goes->next();
    auto meddle = [](std::optional<Numbers>& dropped, Numbers& begun) -> Coro<void> {
      dropped.reset();
      co_await begun.next();
    };
    auto meddler = create_task(meddle, std::ref(goes), std::ref(comes));
    co_await get_running_loop().shutdown_asyncgens();
    log.push_back("shut down");
    EXPECT_FALSE(comes.closed());
    co_await meddler;
  });
  EXPECT_EQ(log, (Log{"goes", "keep", "shut down", "comes"}));
}

TEST_F(ShutdownAsyncgensTest, CancelledBeforeItBeganItClosesNothing) {
  run_and_destroy([this]() -> Coro<void> {
    auto it = endless(log, "destroyed");
    co_await it.next();
    auto shutdown = create_task(get_running_loop().shutdown_asyncgens());
    co_await turns(1);
    shutdown.cancel();
    const auto result = co_await outcome(shutdown);
    EXPECT_TRUE(result.cancelled());
    EXPECT_FALSE(it.closed());
    log.push_back("cancelled");
    const auto given = co_await it.next();
    EXPECT_EQ(given, 1);
  });
  EXPECT_EQ(log, (Log{"cancelled", "destroyed"}));
}

// An inner generator is newer than the outer one whose local it is: both are closed, each once.
TEST_F(ShutdownAsyncgensTest, NestedGenerators) {
  run_and_destroy([this]() -> Coro<void> {
    auto outer_body = [](Log& log) -> Numbers {
      const Farewell farewell(log, "outer");
      auto inner = endless(log, "inner");
      while (auto number = co_await inner.next()) co_yield *number;
    };
    auto outer = outer_body(log);
    co_await outer.next();
    co_await get_running_loop().shutdown_asyncgens();
    EXPECT_TRUE(outer.closed());
  });
  EXPECT_EQ(log, (Log{"inner", "outer"}));
}

// As asyncio.run: what main left half way is closed before the loop is.
TEST_F(ShutdownAsyncgensTest, ARunnerClosesGeneratorsBeforeItsLoop) {
  std::optional<Numbers> kept;
  {
    Runner runner;
    runner.run([](Log& log, std::optional<Numbers>& slot) -> Coro<void> {
      slot.emplace(endless(log, "closed"));
      co_await slot->next();
      log.push_back("main ended");
    }(log, kept));
    EXPECT_EQ(log, Log{"main ended"});
  }
  EXPECT_EQ(log, (Log{"main ended", "closed"}));
  EXPECT_TRUE(kept->closed());
}

}  // namespace
