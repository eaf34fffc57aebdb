// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.BarrierTests: filling and draining.
#include "tests/sync/barrier_tasks.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace corolla_tests;

// test_context_manager: each task has an index of its own.
TEST(BarrierTest, IndicesAreUnique) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(3);
              auto body = [&]() -> Coro<void> { notes.push_back(std::to_string(co_await barrier.wait())); };
              co_await gather_tasks_of(3, body);
              expect_empty(barrier);
            }),
            (Notes{"2", "0", "1"}));
}

// test_filling_one_task, test_filling_one_task_twice: it never waits for others, however often.
TEST(BarrierTest, OfOneLetsEachPass) {
  trace([](Notes&) -> Coro<void> {
    Barrier barrier(1);
    const auto got = co_await barrier.wait();
    EXPECT_EQ(got, 0U);
    expect_empty(barrier);
    auto a = create_task(barrier.wait());
    co_await steps(1);
    EXPECT_EQ(barrier.n_waiting(), 0U);
    auto b = create_task(barrier.wait());
    co_await steps(1);
    EXPECT_TRUE(a.done() && b.done());
    EXPECT_EQ(a.result(), b.result());
    expect_empty(barrier);
  });
}

// test_filling_task_by_task
TEST(BarrierTest, FillsTaskByTask) {
  trace([](Notes&) -> Coro<void> {
    Barrier barrier(3);
    std::vector<Task<std::size_t>> tasks;
    for (std::size_t waiting = 1; waiting <= 2; ++waiting) {
      tasks.push_back(create_task(barrier.wait()));
      co_await steps(1);
      EXPECT_EQ(barrier.n_waiting(), waiting);
    }
    tasks.push_back(create_task(barrier.wait()));
    co_await steps(1);
    EXPECT_EQ(barrier.n_waiting(), 0U);
    EXPECT_TRUE(tasks[2].done());
    EXPECT_FALSE(tasks[0].done() || tasks[1].done());
    co_await wait(tasks);
    expect_empty(barrier);
  });
}

// test_filling_tasks_wait_twice: nobody comes to the second round before all have left the first.
TEST(BarrierTest, TwoRoundsOfTheSameTasks) {
  const Notes notes = trace([](Notes& out) -> Coro<void> {
    Barrier barrier(kParties);
    auto body = [&]() -> Coro<void> {
      co_await barrier.wait();
      out.push_back("first");
      co_await barrier.wait();
      out.push_back("second");
    };
    co_await gather_tasks_of(kParties, body);
    expect_empty(barrier);
  });
  ASSERT_EQ(notes.size(), 2U * kParties);
  for (int i = 0; i < kParties; ++i) {
    EXPECT_EQ(notes[i], "first");
    EXPECT_EQ(notes[kParties + i], "second");
  }
}

// test_filling_tasks_check_return_value
TEST(BarrierTest, IndicesOfTheSecondRound) {
  trace([](Notes&) -> Coro<void> {
    Barrier barrier(kParties);
    std::vector<std::size_t> indices;
    auto body = [&]() -> Coro<void> {
      co_await barrier.wait();
      indices.push_back(co_await barrier.wait());
    };
    co_await gather_tasks_of(kParties, body);
    std::sort(indices.begin(), indices.end());
    EXPECT_EQ(indices, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    expect_empty(barrier);
  });
}

// test_draining_state: it drains until the last has left. One that comes meanwhile is held back and does not count as
// waiting.
TEST(BarrierTest, DrainsUntilTheLastHasLeft) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(3);
              std::vector<Task<std::size_t>> newcomers;
              auto body = [&]() -> Coro<void> {
                co_await barrier.wait();
                newcomers.push_back(create_task(barrier.wait()));
                notes.push_back("leaves");
              };
              auto tasks = tasks_of(3, body);
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"leaves"}));  // the last that came; the others have been notified
              EXPECT_EQ(barrier.n_waiting(), 0U);
              co_await steps(1);
              EXPECT_EQ(notes, (Notes{"leaves", "leaves", "leaves"}));
              EXPECT_EQ(barrier.n_waiting(), 1U);  // it fills again
              co_await gather(tasks);
              co_await gather(newcomers);
              expect_empty(barrier);
            }),
            (Notes{"leaves", "leaves", "leaves"}));
}

// test_blocking_tasks_while_draining: those that come again while it drains are in the next round, together with the
// rest, which waits elsewhere until the draining is over.
TEST(BarrierTest, ThoseWhoComeAgainWaitForTheRest) {
  trace([](Notes&) -> Coro<void> {
    constexpr int kAgain = 2;
    Barrier barrier(kParties);
    Barrier rest(kParties - kAgain);
    int again = kAgain;
    int passed_rest = 0;
    auto body = [&]() -> Coro<void> {
      co_await barrier.wait();
      const bool first = again > 0;
      if (first) {
        --again;
      } else {
        co_await rest.wait();
        ++passed_rest;
      }
      co_await barrier.wait();
      EXPECT_EQ(passed_rest, kParties - kAgain);
    };
    co_await gather_tasks_of(kParties, body);
    expect_empty(barrier);
    expect_empty(rest);
  });
}

// test_filling_tasks_cancel_one
TEST(BarrierTest, CancelledPlaceIsTakenByAnother) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(3);
              auto body = [&]() -> Coro<void> {
                const std::size_t index = co_await barrier.wait();
                notes.push_back(std::to_string(index));
              };
              auto a = create_task(body());
              co_await steps(1);
              EXPECT_EQ(barrier.n_waiting(), 1U);
              auto b = create_task(body());
              co_await steps(1);
              EXPECT_EQ(barrier.n_waiting(), 2U);
              a.cancel();
              co_await steps(1);
              EXPECT_EQ(barrier.n_waiting(), 1U);
              EXPECT_TRUE(a.cancelled());
              auto c = create_task(body());
              co_await steps(1);
              EXPECT_EQ(barrier.n_waiting(), 2U);
              auto d = create_task(body());
              co_await gather(b, c, d);
              expect_empty(barrier);
            }),
            (Notes{"2", "1", "1"}));  // as in asyncio: an index counts those that are there
}

}  // namespace
