// SPDX-License-Identifier: Apache-2.0
// What happens to a generator that runs when its task is cancelled, its owner goes or its loop dies.
#include "tests/support/runtime_test.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class AsyncGeneratorLifeTest : public RuntimeTest {};

using Numbers = AsyncGenerator<int>;

TEST_F(AsyncGeneratorLifeTest, ACancellationArrivesAtTheInnermostAwait) {
  run_and_destroy([this]() -> Coro<void> {
    auto wait = [](Log& log) -> Coro<void> {
      try {
        co_await sleep(1h);
      } catch (const CancelledError&) {
        log.push_back("in the coroutine");
        throw;
      }
    };
    auto body = [&wait](Log& log) -> Numbers {
      co_yield 1;
      try {
        co_await wait(log);
      } catch (const CancelledError&) {
        log.push_back("in the generator");
        throw;
      }
      co_yield 2;
    };
    auto it = body(log);
    co_await it.next();
    auto task = create_task(it.next());
    co_await turns(1);
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_TRUE(it.closed());
    const auto ended = co_await it.next();
    EXPECT_EQ(ended, std::nullopt);
  });
  EXPECT_EQ(log, (Log{"in the coroutine", "in the generator"}));
}

TEST_F(AsyncGeneratorLifeTest, ABodyThatSurvivesACancellationGoesOn) {
  run_and_destroy([]() -> Coro<void> {
    auto body = []() -> Numbers {
      try {
        co_await forever();
      } catch (const CancelledError&) {
      }
      co_yield 1;
      co_await turns(1);
      co_yield 2;
    };
    auto it = body();
    auto task = create_task(it.next());
    co_await turns(1);
    task.cancel();
    const auto given = co_await task;
    EXPECT_EQ(given, 1);
    const auto given2 = co_await it.next();
    EXPECT_EQ(given2, 2);
  });
}

TEST_F(AsyncGeneratorLifeTest, ACancellationBeforeTheBodyBeginsLeavesItUntouched) {
  run_and_destroy([]() -> Coro<void> {
    auto body = []() -> Numbers { co_yield 1; };
    auto it = body();
    auto task = create_task(it.next());
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_FALSE(it.running());
    const auto given = co_await it.next();
    EXPECT_EQ(given, 1);
  });
}

TEST_F(AsyncGeneratorLifeTest, DroppedWhileItRunsItGoesOnToItsNextValue) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [](Log& log) -> Numbers {
      const Farewell farewell(log, "frame destroyed");
      co_await turns(1);
      log.push_back("yielding");
      co_yield 7;
      log.push_back("never");
    };
    auto it = std::make_unique<Numbers>(body(log));
    auto task = create_task(it->next());
    co_await turns(1);
    it.reset();
    log.push_back("dropped");
    const auto given = co_await task;
    EXPECT_EQ(given, 7);
  });
  EXPECT_EQ(log, (Log{"dropped", "yielding", "frame destroyed"}));
}

TEST_F(AsyncGeneratorLifeTest, DroppedWhileItRunsItGoesOnToItsEnd) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [](Log& log, bool fails) -> Numbers {
      const Farewell farewell(log, "frame destroyed");
      co_await turns(1);
      if (fails) throw ValueError("at the end");
      if (log.empty()) co_yield 1;
    };
    for (const bool fails : {false, true}) {
      auto it = std::make_unique<Numbers>(body(log, fails));
      auto task = create_task(it->next());
      co_await turns(1);
      it.reset();
      log.push_back("dropped");
      const auto result = co_await outcome(task);
      log.push_back(result ? (*result ? "a value" : "the end") : result.error_message());
    }
  });
  EXPECT_EQ(log, (Log{"dropped", "frame destroyed", "the end", "dropped", "frame destroyed", "at the end"}));
}

TEST_F(AsyncGeneratorLifeTest, ABodyMayDropItself) {
  run_and_destroy([this]() -> Coro<void> {
    std::optional<Numbers> self;
    auto body = [](Log& log, std::optional<Numbers>& own) -> Numbers {
      const Farewell farewell(log, "frame destroyed");
      own.reset();
      log.push_back("dropped");
      co_yield 1;
    };
    self.emplace(body(log, self));
    Numbers& it = *self;
    const auto given = co_await it.next();
    EXPECT_EQ(given, 1);
    log.push_back("has it");
  });
  EXPECT_EQ(log, (Log{"dropped", "frame destroyed", "has it"}));
}

TEST_F(AsyncGeneratorLifeTest, AMoveWhileItRuns) {
  run_and_destroy([]() -> Coro<void> {
    auto body = []() -> Numbers {
      co_await turns(2);
      co_yield 1;
      co_yield 2;
    };
    auto it = body();
    auto task = create_task(it.next());
    co_await turns(1);
    auto moved_to = std::move(it);
    auto other = body();
    std::swap(moved_to, other);
    EXPECT_TRUE(other.running());
    EXPECT_FALSE(moved_to.running());
    const auto given = co_await task;
    EXPECT_EQ(given, 1);
    const auto given2 = co_await other.next();
    EXPECT_EQ(given2, 2);
    const auto given3 = co_await moved_to.next();
    EXPECT_EQ(given3, 1);
  });
}

// A task is suspended in: coroutine <- generator <- coroutine <- generator <- coroutine. The frames go leaf first.
TEST_F(AsyncGeneratorLifeTest, ADyingLoopDestroysAChainThatRunsLeafFirst) {
  auto leaf = [](Log& log) -> Coro<void> {
    const Farewell farewell(log, "leaf");
    co_await sleep(1h);
  };
  auto inner = [leaf](Log& log) -> Numbers {
    const Farewell farewell(log, "inner generator");
    co_await leaf(log);
    co_yield 1;
  };
  auto middle = [](Log& log, Numbers& numbers) -> Coro<int> {
    const Farewell farewell(log, "middle");
    co_return *co_await numbers.next();
  };
  auto outer = [inner, middle](Log& log) -> Numbers {
    const Farewell farewell(log, "outer generator");
    auto numbers = inner(log);
    co_yield co_await middle(log, numbers);
  };
  auto root = [&outer](Log& log) -> Coro<void> {
    const Farewell farewell(log, "root");
    auto numbers = outer(log);
    co_await numbers.next();
  };
  auto task = loop().create_task(root(log));
  loop().run_once();
  destroy_loop();
  EXPECT_EQ(log, (Log{"leaf", "inner generator", "middle", "outer generator", "root"}));
  EXPECT_TRUE(task.cancelled());
}

// The owner is a task that dies before the one which drives the generator, and after it.
TEST_F(AsyncGeneratorLifeTest, ADyingLoopDestroysOwnerAndDriverInAnyOrder) {
  for (const bool owner_first : {true, false}) {
    log.clear();
    auto body = [](Log& notes) -> Numbers {
      const Farewell farewell(notes, "frame destroyed");
      co_await forever();
      co_yield 1;
    };
    auto owner = [](Numbers it, Future<Numbers*> out) -> Coro<void> {
      out.set_result(&it);
      co_await forever();
    };
    auto driver = [](Future<Numbers*> in) -> Coro<void> {
      Numbers* const it = co_await in;
      co_await it->next();
    };
    EventLoop fresh;
    auto address = fresh.create_future<Numbers*>();
    if (owner_first) {  // the newest task is destroyed first
      fresh.create_task(driver(address));
      fresh.create_task(owner(body(log), address));
    } else {
      fresh.create_task(owner(body(log), address));
      fresh.create_task(driver(address));
    }
    for (int i = 0; i < 3; ++i) {
      fresh.call_soon([] {});
      fresh.run_once();
    }
    EXPECT_EQ(log, Log{});
    fresh.close();
    EXPECT_EQ(log, Log{"frame destroyed"});
  }
}

TEST_F(AsyncGeneratorLifeTest, AGeneratorThatIsLentIsLeftAlone) {
  run_and_destroy([this]() -> Coro<void> {
    auto source = [](Log& log) -> Numbers {
      const Farewell farewell(log, "source destroyed");
      for (int i = 0;; ++i) co_yield i;
    };
    auto borrow = [](Numbers& lent) -> Numbers {
      while (auto number = co_await lent.next()) co_yield *number;
    };
    auto numbers = source(log);
    {
      auto it = borrow(numbers);
      const auto given = co_await it.next();
      EXPECT_EQ(given, 0);
    }
    auto again = borrow(numbers);
    const auto given2 = co_await again.next();
    EXPECT_EQ(given2, 1);
    co_await again.aclose();
    log.push_back("still there");
    const auto given3 = co_await numbers.next();
    EXPECT_EQ(given3, 2);
  });
  EXPECT_EQ(log, (Log{"still there", "source destroyed"}));
}

TEST_F(AsyncGeneratorLifeTest, ItsBodyStandsInTheCallGraphOfItsTask) {
  run_and_destroy([]() -> Coro<void> {
    unsigned awaits_at = 0;
    auto body = [](unsigned& line) -> Numbers {
      co_yield 1;
      line = std::source_location::current().line() + 1;
      co_await sleep(1s);
    };
    auto drain = [](Numbers it) -> Coro<void> {
      while (auto number = co_await it.next()) static_cast<void>(number);
    };
    auto task = create_task(drain(body(awaits_at)));
    co_await turns(1);
    const CallGraph graph = capture_call_graph(task);
    EXPECT_EQ(graph.futures.front().call_stack.size(), 2U);
    EXPECT_EQ(graph.futures.front().call_stack.front().where.line(), awaits_at);
    co_await task;
  });
}

// Two inner generators in turn: each is destroyed once whatever the outer one knows of them.
TEST_F(AsyncGeneratorLifeTest, AnOuterOneWithSeveralInnerOnesIsClosed) {
  run_and_destroy([this]() -> Coro<void> {
    auto source = [](Log& log, std::string name) -> Numbers {
      const Farewell farewell(log, name);
      for (int i = 0;; ++i) co_yield i;
    };
    auto zip = [&source](Log& log) -> AsyncGenerator<std::pair<int, int>> {
      auto a = source(log, "a");
      auto b = std::make_unique<Numbers>(source(log, "b"));
      const Farewell farewell(log, "last local");
      for (;;) {
        auto left = co_await a.next();
        auto right = co_await b->next();
        co_yield std::pair(*left, *right);
      }
    };
    auto it = zip(log);
    co_await it.next();
    auto second = co_await it.next();
    EXPECT_EQ(*second, std::pair(1, 1));
    co_await it.aclose();
  });
  EXPECT_EQ(log, (Log{"last local", "b", "a"}));
}

}  // namespace
