// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class AsyncGeneratorTest : public RuntimeTest {};

using Numbers = AsyncGenerator<int>;

Numbers upto(int count) {
  for (int i = 0; i < count; ++i) co_yield i;
}
Numbers slow_upto(int count) {
  for (int i = 0; i < count; ++i) {
    co_await turns(1);
    co_yield i;
  }
}
Numbers fails_after(int count) {
  for (int i = 0; i < count; ++i) co_yield i;
  throw ValueError("from the body");
}

Coro<std::vector<int>> to_vector(Numbers numbers) {
  std::vector<int> all;
  while (auto number = co_await numbers.next()) all.push_back(*number);
  co_return all;
}

TEST_F(AsyncGeneratorTest, GivesItsValuesThenNulloptForEver) {
  run_and_destroy([]() -> Coro<void> {
    auto numbers = []() -> Numbers {
      co_yield 1;
      co_await sleep(1s);
      co_yield 2;
      co_await turns(2);
    };
    auto it = numbers();
    const auto given = co_await it.next();
    EXPECT_EQ(given, 1);
    const auto given2 = co_await it.next();
    EXPECT_EQ(given2, 2);
    const auto ended3 = co_await it.next();
    EXPECT_EQ(ended3, std::nullopt);
    EXPECT_TRUE(it.closed());
    const auto ended4 = co_await it.next();
    EXPECT_EQ(ended4, std::nullopt);
  });
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(AsyncGeneratorTest, TheBodyBeginsWithTheFirstNext) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [](Log& log) -> Numbers {
      log.push_back("begun");
      co_yield 1;
      log.push_back("went on");
    };
    auto it = body(log);
    log.push_back("made");
    co_await it.next();
    log.push_back("has one");
    co_await it.next();
    log.push_back("at the end");
  });
  EXPECT_EQ(log, (Log{"made", "begun", "has one", "went on", "at the end"}));
}

TEST_F(AsyncGeneratorTest, AYieldIsNoTripThroughTheReadyQueue) {
  run_and_destroy([this]() -> Coro<void> {
    get_running_loop().call_soon([this] { log.push_back("callback"); });
    auto it = upto(3);
    while (auto number = co_await it.next()) log.push_back(std::to_string(*number));
    auto slow = slow_upto(2);
    while (auto number = co_await slow.next()) log.push_back("slow " + std::to_string(*number));
  });
  EXPECT_EQ(log, (Log{"0", "1", "2", "callback", "slow 0", "slow 1"}));
}

TEST_F(AsyncGeneratorTest, MoveOnlyValuesAndValuesWithADestructor) {
  run_and_destroy([]() -> Coro<void> {
    auto pointers = []() -> AsyncGenerator<std::unique_ptr<int>> {
      co_yield std::make_unique<int>(1);
      auto two = std::make_unique<int>(2);
      co_await turns(1);
      co_yield std::move(two);
    };
    auto it = pointers();
    int sum = 0;
    while (auto pointer = co_await it.next()) {
      sum += **pointer;
      co_await turns(1);
    }
    EXPECT_EQ(sum, 3);
    auto texts = []() -> AsyncGenerator<std::string> {
      const std::string kept(40, 'k');
      co_yield kept;
      co_yield "from a literal, long enough to need the heap";
      co_yield kept + "!";
      co_yield {};
    };
    auto text = texts();
    std::string all;
    while (auto next = co_await text.next()) all += *next;
    EXPECT_EQ(all, std::string(40, 'k') + "from a literal, long enough to need the heap" + std::string(40, 'k') + "!");
  });
}

struct Row {  // an aggregate
  std::string name;
  std::unique_ptr<int> value;
};

TEST_F(AsyncGeneratorTest, NamedAggregatesAreYieldedByMoving) {
  run_and_destroy([]() -> Coro<void> {
    auto rows = []() -> AsyncGenerator<Row> {
      Row row{"a name that does not fit into the object itself", std::make_unique<int>(7)};
      co_yield moved(row);
      EXPECT_EQ(row.value, nullptr);
    };
    auto it = rows();
    auto row = co_await it.next();
    EXPECT_EQ(row->name, "a name that does not fit into the object itself");
    EXPECT_EQ(*row->value, 7);
    co_await it.next();
  });
}

TEST_F(AsyncGeneratorTest, EachValueIsDestroyedOnceAndNoneIsKept) {
  struct Counted {
    explicit Counted(int& count) : alive(&count) { ++*alive; }
    Counted(const Counted& other) : alive(other.alive) { ++*alive; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --*alive; }
    int* alive;
  };
  run_and_destroy([]() -> Coro<void> {
    int alive = 0;
    auto body = [](int& count) -> AsyncGenerator<Counted> {
      for (int i = 0; i < 3; ++i) co_yield Counted(count);
    };
    auto it = body(alive);
    int seen = 0;
    while (auto counted = co_await it.next()) {
      ++seen;
      EXPECT_EQ(alive, 2) << "the one here, and the operand of co_yield";
      co_await turns(1);
    }
    EXPECT_EQ(seen, 3);
    EXPECT_EQ(alive, 0);
    auto again = body(alive);
    co_await again.next();
    co_await again.aclose();
    EXPECT_EQ(alive, 0);
  });
}

TEST_F(AsyncGeneratorTest, WhatTheBodyThrowsComesOutOfNextAndIsTheEnd) {
  run_and_destroy([]() -> Coro<void> {
    auto it = fails_after(1);
    const auto given = co_await it.next();
    EXPECT_EQ(given, 0);
    const auto failed = co_await outcome(it.next());
    EXPECT_EQ(failed.error_message(), "from the body");
    EXPECT_TRUE(it.closed());
    const auto ended2 = co_await it.next();
    EXPECT_EQ(ended2, std::nullopt);
  });
}

TEST_F(AsyncGeneratorTest, TheBodyCatchesWhatItAwaits) {
  run_and_destroy([]() -> Coro<void> {
    auto body = []() -> Numbers {
      auto inner = fails_after(1);
      for (;;) {
        bool failed = false;
        try {
          auto number = co_await inner.next();
          if (!number) co_return;
          co_yield *number;
        } catch (const ValueError&) {
          failed = true;
        }
        if (failed) co_yield 100;
      }
    };
    const auto given = co_await to_vector(body());
    EXPECT_EQ(given, (std::vector<int>{0, 100}));
  });
}

TEST_F(AsyncGeneratorTest, ParametersAndLocalsDieAtTheEndBeforeNextReturns) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [](Farewell) -> Numbers { co_yield 1; };
    auto it = body(Farewell(log, "parameter"));
    co_await it.next();
    log.push_back("one");
    co_await it.next();
    log.push_back("end");
  });
  EXPECT_EQ(log, (Log{"one", "parameter", "end"}));
}

TEST_F(AsyncGeneratorTest, AcloseDestroysTheFrameAtItsValue) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [](Log& log) -> Numbers {
      const Farewell farewell(log, "local destroyed");
      co_yield 1;
      log.push_back("never");
    };
    auto it = body(log);
    co_await it.next();
    co_await it.aclose();
    log.push_back("closed");
    const auto ended = co_await it.next();
    EXPECT_EQ(ended, std::nullopt);
    co_await it.aclose();  // again, and it does nothing
  });
  EXPECT_EQ(log, (Log{"local destroyed", "closed"}));
}

TEST_F(AsyncGeneratorTest, AcloseBeforeTheBeginningAndAfterTheEnd) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [](Log& log, Farewell) -> Numbers {
      log.push_back("never");
      co_yield 1;
    };
    auto it = body(log, Farewell(log, "parameter"));
    co_await it.aclose();
    const auto ended = co_await it.next();
    EXPECT_EQ(ended, std::nullopt);
    auto exhausted = upto(1);
    while (auto number = co_await exhausted.next()) static_cast<void>(number);
    co_await exhausted.aclose();
  });
  EXPECT_EQ(log, Log{"parameter"});
}

TEST_F(AsyncGeneratorTest, DroppingItDestroysTheFrame) {
  run_and_destroy([this]() -> Coro<void> {
    auto body = [](Log& log, std::string name) -> Numbers {
      const Farewell farewell(log, name);
      for (int i = 0;; ++i) co_yield i;
    };
    {
      auto it = body(log, "first");
      co_await it.next();
      log.push_back("dropping");
    }
    auto it = body(log, "second");
    co_await it.next();
    it = body(log, "third");
    log.push_back("assigned");
    co_await it.next();
    auto elsewhere = std::move(it);
    EXPECT_TRUE(it.closed());  // NOLINT(bugprone-use-after-move)
    const auto given = co_await elsewhere.next();
    EXPECT_EQ(given, 1);
    const auto ended2 = co_await it.next();
    EXPECT_EQ(ended2, std::nullopt);
  });
  EXPECT_EQ(log, (Log{"dropping", "first", "second", "assigned", "third"}));
}

TEST_F(AsyncGeneratorTest, ItOutlivesItsLoop) {
  std::optional<Numbers> kept;
  auto body = [](Log& log) -> Numbers {
    const Farewell farewell(log, "destroyed");
    co_yield 1;
    co_await turns(1);
    co_yield 2;
  };
  run([](std::optional<Numbers>& slot, Numbers it) -> Coro<void> {
    const auto given = co_await it.next();
    EXPECT_EQ(given, 1);
    slot.emplace(std::move(it));
  }(kept, body(log)));
  destroy_loop();
  EXPECT_EQ(log, Log{});
  EXPECT_FALSE(kept->closed());
  EventLoop another;  // may go on with it
  const auto two = another.run_until_complete(kept->next());
  EXPECT_EQ(two, 2);
  another.close();
  kept.reset();
  EXPECT_EQ(log, Log{"destroyed"});
}

TEST_F(AsyncGeneratorTest, AnotherTaskGoesOnWithIt) {
  run_and_destroy([]() -> Coro<void> {
    auto it = slow_upto(4);
    auto one = [](Numbers& numbers) -> Coro<int> { co_return *co_await numbers.next(); };
    const auto given = co_await create_task(one, std::ref(it));
    EXPECT_EQ(given, 0);
    const auto given2 = co_await create_task(one, std::ref(it));
    EXPECT_EQ(given2, 1);
    const auto given3 = co_await it.next();
    EXPECT_EQ(given3, 2);
    const auto given4 = co_await create_task(it.next());
    EXPECT_EQ(given4, 3);
  });
}

TEST_F(AsyncGeneratorTest, TwoNextsAtOnceAreRefused) {
  run_and_destroy([]() -> Coro<void> {
    auto it = slow_upto(2);
    auto first = create_task(it.next());
    co_await turns(1);
    EXPECT_TRUE(it.running());
    const auto second = co_await outcome(it.next());
    EXPECT_EQ(second.error_message(), "next(): asynchronous generator is already running");
    const auto closing = co_await outcome(it.aclose());
    EXPECT_EQ(closing.error_message(), "aclose(): asynchronous generator is already running");
    const auto given = co_await first;
    EXPECT_EQ(given, 0);
    EXPECT_FALSE(it.running());
    const auto given2 = co_await it.next();
    EXPECT_EQ(given2, 1);
  });
}

TEST_F(AsyncGeneratorTest, ItsOwnBodyCannotGoOnWithIt) {
  run_and_destroy([]() -> Coro<void> {
    std::optional<Numbers> self;
    auto body = [](std::optional<Numbers>& own) -> Numbers {
      auto inner = own->next();
      co_yield *co_await inner;
    };
    self.emplace(body(self));
    const auto result = co_await outcome(self->next());
    EXPECT_EQ(result.error_message(), "next(): asynchronous generator is already running");
  });
}

TEST_F(AsyncGeneratorTest, NextIsTakenByEverythingThatTakesAnAwaitable) {
  run_and_destroy([]() -> Coro<void> {
    auto a = slow_upto(3);
    auto b = slow_upto(3);
    auto [x, y] = co_await gather(a.next(), b.next());
    EXPECT_EQ(x, 0);
    EXPECT_EQ(y, 0);
    const auto given = co_await wait_for(a.next(), 1s);
    EXPECT_EQ(given, 1);
    auto never = []() -> Numbers {
      co_await forever();
      co_yield 1;
    };
    auto it = never();
    const auto late = co_await outcome(wait_for(it.next(), 1s));
    EXPECT_EQ(late.error_message(), "timed out");
    EXPECT_TRUE(it.closed());
  });
}

TEST_F(AsyncGeneratorTest, PipelinesOfGenerators) {
  run_and_destroy([]() -> Coro<void> {
    auto doubled = [](Numbers source) -> Numbers {
      while (auto number = co_await source.next()) co_yield *number * 2;
    };
    auto take = [](Numbers source, int count) -> Numbers {
      for (; count > 0; --count) {
        auto number = co_await source.next();
        if (!number) co_return;
        co_yield *number;
      }
    };
    const auto given = co_await to_vector(doubled(take(slow_upto(100), 3)));
    EXPECT_EQ(given, (std::vector<int>{0, 2, 4}));
    const auto given2 = co_await to_vector(take(doubled(doubled(upto(2))), 10));
    EXPECT_EQ(given2, (std::vector<int>{0, 4}));
  });
}

}  // namespace
