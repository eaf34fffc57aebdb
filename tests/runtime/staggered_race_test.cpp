// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class StaggeredRaceTest : public RuntimeTest {};

using Texts = std::vector<std::function<Coro<std::string>()>>;
using Ints = std::vector<std::function<Coro<int>()>>;

Coro<std::string> result(int index) { co_return "Res: " + std::to_string(index); }
Coro<std::string> failure(int index) {
  throw ValueError("failed " + std::to_string(index));
  co_return "";
}

TEST_F(StaggeredRaceTest, NoFunctions) {
  run_and_destroy([]() -> Coro<void> {
    auto [value, winner, exceptions] = co_await staggered_race(Texts(), std::nullopt);
    EXPECT_EQ(value, std::nullopt);
    EXPECT_EQ(winner, std::nullopt);
    EXPECT_TRUE(exceptions.empty());
  });
}

TEST_F(StaggeredRaceTest, TheFirstSucceedsAndTheSecondIsNotStarted) {
  run_and_destroy([]() -> Coro<void> {
    Texts functions;
    functions.emplace_back([] { return result(0); });
    functions.emplace_back([] { return result(1); });
    auto [value, winner, exceptions] = co_await staggered_race(std::move(functions), std::nullopt);
    EXPECT_EQ(value, "Res: 0");
    EXPECT_EQ(winner, 0U);
    EXPECT_EQ(exceptions.size(), 1U);
    EXPECT_EQ(exceptions.at(0), nullptr);
  });
}

TEST_F(StaggeredRaceTest, AFailureStartsTheNextBeforeTheDelay) {
  for (const std::optional<EventLoop::duration> delay : {std::optional<EventLoop::duration>(), {1h}}) {
    run_and_destroy([delay]() -> Coro<void> {
      Texts functions;
      functions.emplace_back([] { return failure(0); });
      functions.emplace_back([] { return result(1); });
      auto [value, winner, exceptions] = co_await staggered_race(std::move(functions), delay);
      EXPECT_EQ(value, "Res: 1");
      EXPECT_EQ(winner, 1U);
      EXPECT_EQ(exceptions.size(), 2U);
      EXPECT_EQ(describe(exceptions.at(0)), "failed 0");
      EXPECT_EQ(exceptions.at(1), nullptr);
    });
  }
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(StaggeredRaceTest, TheNextStartsAfterTheDelayAndWins) {
  run_and_destroy([this]() -> Coro<void> {
    Texts functions;
    functions.emplace_back([this]() -> Coro<std::string> {
      const Farewell farewell(log, "the loser ended");
      co_await sleep(10s);
      co_return "Res: 0";
    });
    functions.emplace_back([] { return result(1); });
    auto [value, winner, exceptions] = co_await staggered_race(std::move(functions), 100ms);
    EXPECT_EQ(value, "Res: 1");
    EXPECT_EQ(winner, 1U);
    EXPECT_EQ(exceptions.size(), 2U);
    EXPECT_TRUE(is_cancelled_error(exceptions.at(0)));
    EXPECT_EQ(exceptions.at(1), nullptr);
    log.push_back("after the race");
  });
  EXPECT_EQ(log, (Log{"the loser ended", "after the race"}));
  EXPECT_EQ(elapsed(), 100ms);
}

TEST_F(StaggeredRaceTest, AllFail) {
  run_and_destroy([]() -> Coro<void> {
    Texts functions;
    functions.emplace_back([] { return failure(0); });
    functions.emplace_back([]() -> Coro<std::string> { throw ValueError("not even a coroutine"); });
    auto [value, winner, exceptions] = co_await staggered_race(std::move(functions), std::nullopt);
    EXPECT_EQ(value, std::nullopt);
    EXPECT_EQ(winner, std::nullopt);
    EXPECT_EQ(exceptions.size(), 2U);
    EXPECT_EQ(describe(exceptions.at(0)), "failed 0");
    EXPECT_EQ(describe(exceptions.at(1)), "not even a coroutine");
  });
}

// Two would succeed in the same iteration: the first to run wins, the other is cancelled though it had been woken.
TEST_F(StaggeredRaceTest, OfSeveralThatCouldWinTheFirstOneDoes) {
  run_and_destroy([]() -> Coro<void> {
    auto event = get_running_loop().create_future();
    auto wait = [](Future<> future, int index) -> Coro<int> {
      co_await shield(future);
      co_return index;
    };
    Ints functions;
    functions.emplace_back([=] { return wait(event, 0); });
    functions.emplace_back([=] { return wait(event, 1); });
    functions.emplace_back([=]() -> Coro<int> {
      event.set_result();
      co_await forever();
      co_return 2;
    });
    auto [value, winner, exceptions] = co_await staggered_race(std::move(functions), 100ms);
    EXPECT_EQ(value, 0);
    EXPECT_EQ(winner, 0U);
    EXPECT_EQ(exceptions.size(), 3U);
    EXPECT_EQ(exceptions.at(0), nullptr);
    EXPECT_TRUE(is_cancelled_error(exceptions.at(1)));
    EXPECT_TRUE(is_cancelled_error(exceptions.at(2)));
  });
}

// A function that swallows cancellations is waited for all the same, and the cancellation goes on afterwards.
TEST_F(StaggeredRaceTest, CancelledItWaitsForWhatItStarted) {
  run_and_destroy([this]() -> Coro<void> {
    auto outer_body = [this](Timeout& outer) -> Coro<void> {
      auto inner_body = [this, &outer](Timeout& inner) -> Coro<void> {
        std::vector<std::function<Coro<void>()>> functions;
        functions.emplace_back([this, &inner, &outer]() -> Coro<void> {
          inner.reschedule(get_running_loop().time() - 1s);
          co_await turns(1);
          try {
            co_await turns(1);
          } catch (const CancelledError&) {
            log.push_back("cancelled 1");
          }
          outer.reschedule(get_running_loop().time() - 1s);
          co_await turns(1);
          try {
            co_await turns(1);
          } catch (const CancelledError&) {
            log.push_back("cancelled 2");
          }
        });
        try {
          auto race = staggered_race(std::move(functions), std::nullopt);
          co_await std::move(race);
        } catch (const CancelledError&) {
          log.push_back("cancelled 3");
          throw;
        }
      };
      co_await timeout(std::nullopt, inner_body);
    };
    const auto timed_out = co_await outcome(timeout(std::nullopt, outer_body));
    EXPECT_EQ(timed_out.error_message(), "timed out");
  });
  EXPECT_EQ(log, (Log{"cancelled 1", "cancelled 2", "cancelled 3"}));
}

TEST_F(StaggeredRaceTest, CancellingCancelsAllThatRunAndPassesTheMessage) {
  run_and_destroy([this]() -> Coro<void> {
    auto race = [](Log& log) -> Coro<void> {
      std::vector<std::function<Coro<void>()>> functions;
      for (int i = 0; i < 3; ++i) {
        functions.emplace_back([&log]() -> Coro<void> {
          try {
            co_await forever();
          } catch (const CancelledError& error) {
            log.push_back(error.message());
            throw;
          }
        });
      }
      co_await staggered_race(std::move(functions), 1s);
    };
    auto task = create_task(race, std::ref(log));
    co_await sleep(1500ms);  // two of three have started
    task.cancel("enough");
    const auto ended = co_await outcome(task);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(get_running_loop().core().first_task()->next_task(), nullptr) << "nothing outlives the race";
  });
  EXPECT_EQ(log, (Log{"enough", "enough"}));
}

TEST_F(StaggeredRaceTest, ASuccessAfterTheRaceWasWonHasNoEffect) {
  run_and_destroy([]() -> Coro<void> {
    std::vector<std::function<Coro<std::unique_ptr<int>>()>> functions;  // values may be move-only
    functions.emplace_back([]() -> Coro<std::unique_ptr<int>> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
      }
      co_return std::make_unique<int>(0);
    });
    functions.emplace_back([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(1); });
    auto [value, winner, exceptions] = co_await staggered_race(std::move(functions), 0s);
    EXPECT_EQ(**value, 1);
    EXPECT_EQ(winner, 1U);
    EXPECT_EQ(exceptions, std::vector<std::exception_ptr>(2));
  });
}

TEST_F(StaggeredRaceTest, WithoutADelayOneAfterTheOther) {
  run_and_destroy([this]() -> Coro<void> {
    auto attempt = [](Log& log, int index) -> Coro<int> {
      log.push_back("start " + std::to_string(index));
      co_await sleep(10s);
      log.push_back("end " + std::to_string(index));
      if (index < 2) throw ValueError("no");
      co_return index;
    };
    Ints functions;
    for (int i = 0; i < 4; ++i) functions.emplace_back([&, i] { return attempt(log, i); });
    auto race = co_await staggered_race(std::move(functions), std::nullopt);
    EXPECT_EQ(race.winner, 2U);
  });
  EXPECT_EQ(log, (Log{"start 0", "end 0", "start 1", "end 1", "start 2", "end 2"}));
}

}  // namespace
