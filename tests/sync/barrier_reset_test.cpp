// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.BarrierTests: reset() and abort() in each state.
#include "tests/sync/barrier_tasks.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace corolla_tests;

constexpr int kHalf = kParties / 2;

/// Waits; false when the barrier broke. `co_await outcome(barrier.wait())` would not tell a broken one from other errors.
Coro<bool> passes(Barrier& barrier) {
  bool passed = false;
  try {
    co_await barrier.wait();
    passed = true;
  } catch (const BrokenBarrierError&) {
  }
  co_return passed;
}

long count(const Notes& notes, const std::string& note) { return std::count(notes.begin(), notes.end(), note); }

// test_reset_barrier, test_abort_barrier
TEST(BarrierTest, EmptyOneIsResetAndAborted) {
  trace([](Notes&) -> Coro<void> {
    Barrier barrier(1);
    auto reset = create_task(barrier.reset());
    co_await steps(1);
    EXPECT_TRUE(reset.done());
    expect_empty(barrier);
    auto abort = create_task(barrier.abort());
    co_await steps(1);
    EXPECT_TRUE(abort.done());
    expect_broken(barrier);
  });
}

// test_reset_barrier_while_tasks_waiting
TEST(BarrierTest, ResetWhileTasksWait) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    auto body = [&]() -> Coro<void> {
      const bool passed = co_await passes(barrier);
      out.push_back(passed ? "passed" : "broken");
    };
    auto tasks = tasks_of(kParties - 1, body);
    co_await steps(1);
    EXPECT_EQ(barrier.n_waiting(), kParties - 1U);
    auto reset = create_task(barrier.reset());
    co_await gather(tasks);
    expect_empty(barrier);
    co_await reset;
  });
  EXPECT_EQ(notes, Notes(kParties - 1, "broken"));
}

// test_reset_barrier_when_tasks_half_draining: those that have not left yet are sent away.
TEST(BarrierTest, ResetWhileHalfHaveLeft) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    int left = 0;
    auto body = [&]() -> Coro<void> {
      const bool passed = co_await passes(barrier);
      out.push_back(passed ? "passed" : "broken");
      if (!passed) co_return;
      ++left;
      if (left == kParties - kHalf) co_await barrier.reset();
    };
    co_await gather_tasks_of(kParties, body);
    expect_empty(barrier);
  });
  EXPECT_EQ(count(notes, "passed"), kParties - kHalf);
  EXPECT_EQ(count(notes, "broken"), kHalf);
}

// test_reset_barrier_when_tasks_half_draining_half_blocking: those that wait to be let in again are no part of what is
// reset; together with those that were sent away they fill the next round.
TEST(BarrierTest, ResetWhileHalfHaveLeftAndComeAgain) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    int left = 0;
    auto body = [&]() -> Coro<void> {
      const bool passed = co_await passes(barrier);
      if (!passed) {
        out.push_back("first round broken");
      } else if (++left > kHalf) {
        co_await barrier.reset();
      }
      const bool again = co_await passes(barrier);
      out.push_back(again ? "passed" : "second round broken");
    };
    co_await gather_tasks_of(kParties, body);
    expect_empty(barrier);
  });
  EXPECT_EQ(count(notes, "first round broken"), kHalf);
  EXPECT_EQ(count(notes, "second round broken"), 0);
  EXPECT_EQ(count(notes, "passed"), kParties);
}

// test_reset_barrier_while_tasks_waiting_and_waiting_again: those that were sent away come again, and one more.
TEST(BarrierTest, ThoseSentAwayFillTheNextRound) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    auto body = [&]() -> Coro<void> {
      const bool passed = co_await passes(barrier);
      out.push_back(passed ? "first round passed" : "broken");
      co_await barrier.wait();
      out.push_back("passed");
    };
    auto tasks = tasks_of(kParties - 1, body);
    auto reset = create_task(barrier.reset());
    co_await steps(1);
    auto last = create_task(barrier.wait());
    co_await gather(tasks);
    co_await reset;
    co_await last;
    expect_empty(barrier);
  });
  EXPECT_EQ(count(notes, "first round passed"), 0);
  EXPECT_EQ(count(notes, "broken"), kParties - 1);
  EXPECT_EQ(count(notes, "passed"), kParties - 1);
}

// test_reset_barrier_while_tasks_draining: the last that left resets; those that wait for the second round already are
// not disturbed.
TEST(BarrierTest, ResetByTheLastThatLeft) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    int left = 0;
    auto body = [&]() -> Coro<void> {
      co_await barrier.wait();
      const bool last = ++left == kParties;
      if (last) co_await barrier.reset();
      const bool second = co_await passes(barrier);
      out.push_back(second ? "second" : "broken");
      co_await barrier.wait();
      out.push_back("third");
    };
    co_await gather_tasks_of(kParties, body);
    expect_empty(barrier);
  });
  EXPECT_EQ(count(notes, "second"), kParties);
  EXPECT_EQ(count(notes, "broken"), 0);
  EXPECT_EQ(count(notes, "third"), kParties);
}

// test_abort_barrier_when_tasks_half_draining_half_blocking: everybody is sent away, those that are held back, too.
TEST(BarrierTest, AbortWhileHalfHaveLeftAndComeAgain) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    int left = 0;
    auto body = [&]() -> Coro<void> {
      const bool passed = co_await passes(barrier);
      if (!passed) {
        out.push_back("not left");
      } else if (++left > kHalf) {
        co_await barrier.abort();
      } else {
        const bool again = co_await passes(barrier);
        out.push_back(again ? "passed" : "held back");
      }
    };
    co_await gather_tasks_of(kParties, body);
    expect_broken(barrier);
  });
  EXPECT_EQ(count(notes, "not left"), kHalf);
  EXPECT_EQ(count(notes, "held back"), kParties - kHalf - 1);
  EXPECT_EQ(count(notes, "passed"), 0);
}

/// Two rounds, the first of which is aborted by the one in the middle: notes what the others see.
Coro<void> aborted_round(Barrier& barrier, Notes& notes) {
  try {
    const std::size_t index = co_await barrier.wait();
    if (index != kHalf) {
      co_await barrier.wait();
      notes.push_back("passed");
      co_return;
    }
  } catch (const BrokenBarrierError&) {
    notes.push_back("broken");
    co_return;
  }
  co_await barrier.abort();
}

// test_abort_barrier_when_exception
TEST(BarrierTest, AbortedBecauseOfAnError) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    auto body = [&] { return aborted_round(barrier, out); };
    co_await gather_tasks_of(kParties, body);
    expect_broken(barrier);
  });
  EXPECT_EQ(notes, Notes(kParties - 1, "broken"));
}

// test_abort_barrier_when_exception_then_resetting: aborted, and used again after a reset that all have agreed on at a
// second barrier.
TEST(BarrierTest, AbortedAndThenReset) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    Barrier other(kParties);
    auto body = [&]() -> Coro<void> {
      co_await aborted_round(barrier, out);
      const std::size_t second = co_await other.wait();
      if (second == kHalf) co_await barrier.reset();
      co_await other.wait();
      co_await barrier.wait();
      out.push_back("last");
    };
    co_await gather_tasks_of(kParties, body);
    expect_empty(barrier);
  });
  EXPECT_EQ(count(notes, "passed"), 0);
  EXPECT_EQ(count(notes, "broken"), kParties - 1);
  EXPECT_EQ(count(notes, "last"), kParties);
}

// test_repr's life of a barrier, without its text: filling, draining, resetting, broken, each with newcomers.
TEST(BarrierTest, ThroughAllStates) {
  trace([](Notes&) -> Coro<void> {
    Barrier barrier(kParties);
    std::vector<Task<std::size_t>> tasks;
    auto come = [&](int newcomers) {
      for (int i = 0; i < newcomers; ++i) tasks.push_back(create_task(barrier.wait()));
    };
    come(2);
    co_await steps(1);
    EXPECT_EQ(barrier.n_waiting(), 2U);
    come(static_cast<int>(barrier.parties() - barrier.n_waiting()));
    co_await steps(1);
    EXPECT_EQ(barrier.n_waiting(), 0U);  // draining
    EXPECT_FALSE(barrier.broken());
    come(2);
    co_await steps(1);
    co_await barrier.reset();
    EXPECT_FALSE(barrier.broken());
    come(2);
    co_await steps(1);
    co_await barrier.abort();
    expect_broken(barrier);
    co_await gather(return_exceptions, tasks);
    EXPECT_TRUE(barrier.broken());
  });
}

}  // namespace
