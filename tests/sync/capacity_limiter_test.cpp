// SPDX-License-Identifier: Apache-2.0
// The cases are those of trio's and anyio's CapacityLimiter where they have them.
#include <corolla/sync/capacity_limiter.hpp>

#include "tests/support/trace.hpp"

#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::NotingLoop;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> borrower(CapacityLimiter& limiter, Notes& notes, std::string name, int hold) {
  try {
    const auto token = co_await limiter.acquire();
    EXPECT_TRUE(limiter.is_borrower(current_task().base()));
    notes.push_back(name + " in");
    co_await steps(hold);
    notes.push_back(name + " out");
  } catch (const CancelledError&) {
    notes.push_back(name + " cancelled");
    throw;
  }
}

std::vector<Task<void>> borrowers(CapacityLimiter& limiter, Notes& notes, std::vector<std::string> names, int hold) {
  std::vector<Task<void>> tasks;
  for (std::string& name : names) tasks.push_back(create_task(borrower(limiter, notes, std::move(name), hold)));
  return tasks;
}

TEST(CapacityLimiterTest, SoManyAtATimeInOrderOfArrival) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              CapacityLimiter limiter(2);
              auto tasks = borrowers(limiter, notes, {"a", "b", "c", "d"}, 1);
              co_await steps(1);
              EXPECT_EQ(limiter.borrowed_tokens(), 2);
              EXPECT_EQ(limiter.available_tokens(), 0);
              EXPECT_EQ(limiter.tasks_waiting(), 2U);
              co_await gather(tasks);
              EXPECT_EQ(limiter.borrowed_tokens(), 0);
              EXPECT_EQ(limiter.tasks_waiting(), 0U);
            }),
            (Notes{"a in", "b in", "a out", "b out", "c in", "d in", "c out", "d out"}));
}

TEST(CapacityLimiterTest, FreeTokenIsTakenWithoutSuspending) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              CapacityLimiter limiter(1);
              get_running_loop().call_soon([&notes] { notes.push_back("next iteration"); });
              for (int i = 0; i < 3; ++i) {
                const auto token = co_await limiter.acquire();
                EXPECT_EQ(limiter.borrowed_tokens(), 1);
              }
              notes.push_back("done");
              co_await steps(1);
            }),
            (Notes{"done", "next iteration"}));
}

// With a Semaphore this would wait for ever.
TEST(CapacityLimiterTest, SecondTokenForOneTaskIsAnError) {
  trace([](Notes&) -> Coro<void> {
    for (const std::ptrdiff_t total : {1, 2}) {
      CapacityLimiter limiter(total);
      auto token = co_await limiter.acquire();
      auto again = [&limiter]() -> Coro<void> {
        const auto second = co_await limiter.acquire();
        ADD_FAILURE() << "acquired twice";
      };
      auto result = co_await outcome(again());
      EXPECT_EQ(result.error_message(), "this borrower already holds one of this CapacityLimiter's tokens");
      EXPECT_THROW(static_cast<void>(limiter.acquire_nowait()), RuntimeError);
      EXPECT_EQ(limiter.borrowed_tokens(), 1);
      token.release();
      token.release();
      EXPECT_EQ(limiter.borrowed_tokens(), 0);
      const auto third = co_await limiter.acquire();
      EXPECT_TRUE(limiter.is_borrower(current_task().base()));
    }
  });
}

TEST(CapacityLimiterTest, WithoutWaiting) {
  trace([](Notes&) -> Coro<void> {
    CapacityLimiter limiter(1);
    const int connection = 0;
    {
      const auto token = limiter.acquire_nowait();
      EXPECT_THROW(static_cast<void>(limiter.acquire_on_behalf_of_nowait(&connection)), WouldBlock);
    }
    const auto token = limiter.acquire_on_behalf_of_nowait(&connection);
    EXPECT_TRUE(limiter.is_borrower(&connection));
    EXPECT_FALSE(limiter.is_borrower(current_task().base()));
    EXPECT_THROW(static_cast<void>(limiter.acquire_nowait()), WouldBlock);
    co_return;
  });
  CapacityLimiter limiter(1);
  EXPECT_THROW(static_cast<void>(limiter.acquire_nowait()), RuntimeError);  // no task borrows here
}

// Two tasks act for one borrower: the second is refused, at once or when its turn comes.
TEST(CapacityLimiterTest, BorrowerOfSeveralTasks) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              CapacityLimiter limiter(1);
              const int connection = 0;
              auto body = [&](std::string name) -> Coro<void> {
                try {
                  const auto token = co_await limiter.acquire_on_behalf_of(&connection);
                  notes.push_back(name + " in");
                  co_await steps(3);
                } catch (const RuntimeError&) {
                  notes.push_back(name + " refused");
                }
              };
              auto main = limiter.acquire_nowait();
              auto a = create_task(body("a"));
              auto b = create_task(body("b"));
              co_await steps(1);
              limiter.set_total_tokens(3);
              main.release();
              co_await gather(a, b);
              EXPECT_EQ(limiter.borrowed_tokens(), 0);
              auto c = create_task(body("c"));
              co_await steps(1);
              co_await body("d");
              co_await c;
            }),
            (Notes{"a in", "b refused", "c in", "d refused"}));
}

TEST(CapacityLimiterTest, RaisingTheTotalWakesAsMany) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              CapacityLimiter limiter(0);
              auto tasks = borrowers(limiter, notes, {"a", "b", "c", "d"}, 1);
              co_await steps(2);
              EXPECT_EQ(notes, Notes{});
              limiter.set_total_tokens(3);
              EXPECT_EQ(limiter.borrowed_tokens(), 3);
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"a in", "b in", "c in"}));
              EXPECT_EQ(limiter.total_tokens(), 3);
              co_await gather(tasks);
            }),
            (Notes{"a in", "b in", "c in", "a out", "b out", "c out", "d in", "d out"}));
}

TEST(CapacityLimiterTest, LoweringTheTotalTakesNothingAway) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              CapacityLimiter limiter(3);
              auto tasks = borrowers(limiter, notes, {"a", "b"}, 1);
              tasks.push_back(create_task(borrower(limiter, notes, "c", 3)));
              auto late = borrowers(limiter, notes, {"d", "e"}, 1);
              co_await steps(1);
              limiter.set_total_tokens(1);
              EXPECT_EQ(limiter.available_tokens(), -2);
              co_await gather(tasks);
              co_await gather(late);
              EXPECT_THROW(limiter.set_total_tokens(-1), ValueError);
              EXPECT_EQ(limiter.total_tokens(), 1);
              EXPECT_EQ(limiter.available_tokens(), 1);
            }),
            (Notes{"a in", "b in", "c in", "a out", "b out", "c out", "d in", "d out", "e in", "e out"}));
  EXPECT_THROW(CapacityLimiter(-1), ValueError);
}

// A newcomer finds no token although one was given back: it is the woken task's.
TEST(CapacityLimiterTest, TokenIsReservedForTheWoken) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              CapacityLimiter limiter(1);
              auto token = co_await limiter.acquire();
              auto a = create_task(borrower(limiter, notes, "a", 1));
              co_await steps(1);
              token.release();
              EXPECT_EQ(limiter.available_tokens(), 0);
              co_await borrower(limiter, notes, "main", 0);
              co_await a;
            }),
            (Notes{"a in", "a out", "main in", "main out"}));
}

TEST(CapacityLimiterTest, CancelledOnesArePassed) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              CapacityLimiter limiter(1);
              auto token = co_await limiter.acquire();
              auto tasks = borrowers(limiter, notes, {"a", "b", "c"}, 0);
              co_await steps(1);
              tasks[0].cancel();  // before its turn
              token.release();
              tasks[1].cancel();  // after
              co_await gather(return_exceptions, tasks);
              EXPECT_EQ(limiter.borrowed_tokens(), 0);
              EXPECT_EQ(limiter.tasks_waiting(), 0U);
            }),
            (Notes{"a cancelled", "b cancelled", "c in", "c out"}));
}

TEST(CapacityLimiterTest, AcquireTimesOut) {
  trace([](Notes&) -> Coro<void> {
    CapacityLimiter limiter(0);
    auto result = co_await outcome(wait_for(limiter.acquire(), 10ms));
    EXPECT_EQ(result.error_message(), "timed out");
    limiter.set_total_tokens(1);
    const auto token = co_await wait_for(limiter.acquire(), 10ms);
    EXPECT_TRUE(limiter.is_borrower(current_task().base()));
  });
}

// A token may go to another task; it stays its borrower's, whose name is not confused with a later task's.
TEST(CapacityLimiterTest, TokenOutlivesItsTask) {
  trace([](Notes& notes) -> Coro<void> {
    CapacityLimiter limiter(20);
    std::vector<CapacityLimiter::Token> tokens;
    for (int i = 0; i < 10; ++i) {
      auto task = create_task(limiter.acquire());
      tokens.push_back(co_await std::move(task));
    }
    for (int i = 0; i < 10; ++i) co_await create_task(borrower(limiter, notes, "x", 0));
    EXPECT_EQ(limiter.borrowed_tokens(), 10);
    tokens.clear();
    EXPECT_EQ(limiter.borrowed_tokens(), 0);
  });
}

// Destroys its loops itself, hence no trace.
TEST(CapacityLimiterTest, NoTokenIsLostWithALoop) {
  Notes notes;
  for (int runs = 0; runs < 6; ++runs) {
    CapacityLimiter limiter(2);
    {
      NotingLoop loop(notes);
      for (int i = 0; i < 5; ++i) loop->create_task(borrower(limiter, notes, "x", 1));
      loop.run_steps(runs);
    }
    EXPECT_EQ(limiter.borrowed_tokens(), 0) << "after " << runs << " iterations";
    EXPECT_EQ(limiter.tasks_waiting(), 0U);
  }
}

}  // namespace
