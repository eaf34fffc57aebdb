// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.BarrierTests, re-expressed.
#include <corolla/sync/barrier.hpp>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> party(Barrier& barrier, Notes& notes, std::string name) {
  auto index = co_await outcome(barrier.wait());
  notes.push_back(name + (index ? " " + std::to_string(*index) : " broken"));
}

Task<void> spawn(Barrier& barrier, Notes& notes, const char* name) { return create_task(party(barrier, notes, name)); }

// test_barrier, test_wait_task_multiple_tasks: each has an index of its own, in order of arrival.
TEST(BarrierTest, LetsAllGoTogether) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(3);
              EXPECT_EQ(barrier.parties(), 3U);
              auto a = spawn(barrier, notes, "a");
              auto b = spawn(barrier, notes, "b");
              co_await steps(5);
              EXPECT_EQ(barrier.n_waiting(), 2U);
              notes.push_back("two");
              auto c = spawn(barrier, notes, "c");
              co_await gather(a, b, c);
              EXPECT_EQ(barrier.n_waiting(), 0U);
              EXPECT_FALSE(barrier.broken());
            }),
            (Notes{"two", "c 2", "a 0", "b 1"}));
}

TEST(BarrierTest, NeedsAParty) {
  EXPECT_THROW(Barrier(0), ValueError);
  EXPECT_THROW(Barrier(-3), ValueError);
}

TEST(BarrierTest, OfOneNeverSuspends) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(1);
              get_running_loop().call_soon([&notes] { notes.push_back("next iteration"); });
              for (int i = 0; i < 2; ++i) co_await party(barrier, notes, "main");
              co_await steps(1);
            }),
            (Notes{"main 0", "main 0", "next iteration"}));
}

// test_draining_state: who comes while the first round leaves belongs to the second.
TEST(BarrierTest, NewcomersAreHeldBackWhileItDrains) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(2);
              std::vector<Task<void>> tasks;
              for (const char* name : {"a", "b", "c", "d"}) tasks.push_back(spawn(barrier, notes, name));
              co_await gather(tasks);
              EXPECT_EQ(barrier.n_waiting(), 0U);
            }),
            (Notes{"b 1", "a 0", "d 1", "c 0"}));
}

// test_filling_tasks_cancel_one: the barrier does not break, and another takes the place.
TEST(BarrierTest, CancelledPartyLeaves) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(2);
              auto a = spawn(barrier, notes, "a");
              co_await steps(3);
              a.cancel();
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled());
              EXPECT_EQ(barrier.n_waiting(), 0U);
              EXPECT_FALSE(barrier.broken());
              auto b = spawn(barrier, notes, "b");
              auto c = spawn(barrier, notes, "c");
              co_await gather(b, c);
            }),
            (Notes{"c 1", "b 0"}));
}

// test_reset_barrier, test_reset_barrier_while_tasks_waiting
TEST(BarrierTest, ResetSendsAwayThoseThatWait) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(3);
              co_await barrier.reset();
              auto a = spawn(barrier, notes, "a");
              auto b = spawn(barrier, notes, "b");
              co_await steps(3);
              co_await barrier.reset();
              EXPECT_EQ(barrier.n_waiting(), 0U);
              co_await gather(a, b);
              EXPECT_FALSE(barrier.broken());
              auto c = spawn(barrier, notes, "c");
              auto d = spawn(barrier, notes, "d");
              auto e = spawn(barrier, notes, "e");
              co_await gather(c, d, e);
            }),
            (Notes{"a broken", "b broken", "e 2", "c 0", "d 1"}));
}

// test_abort_barrier, test_abort_barrier_when_tasks_half_draining_half_blocked
TEST(BarrierTest, AbortLastsUntilReset) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(3);
              auto a = spawn(barrier, notes, "a");
              auto b = spawn(barrier, notes, "b");
              co_await steps(3);
              co_await barrier.abort();
              EXPECT_TRUE(barrier.broken());
              co_await gather(a, b);
              co_await party(barrier, notes, "c");
              EXPECT_EQ(barrier.n_waiting(), 0U);
              co_await barrier.reset();
              EXPECT_FALSE(barrier.broken());
              auto d = spawn(barrier, notes, "d");
              co_await steps(3);
              EXPECT_EQ(barrier.n_waiting(), 1U);
              d.cancel();
              co_await outcome(d);
            }),
            (Notes{"a broken", "b broken", "c broken"}));
}

// test_cancel_blocked_barrier_when_tasks_half_draining: cancelling one that is held back disturbs nobody.
TEST(BarrierTest, HeldBackNewcomerIsCancelled) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Barrier barrier(2);
              auto a = spawn(barrier, notes, "a");
              auto b = spawn(barrier, notes, "b");
              auto c = spawn(barrier, notes, "c");
              co_await steps(1);
              c.cancel();
              co_await gather(return_exceptions, a, b, c);
              EXPECT_TRUE(c.cancelled());
              auto d = spawn(barrier, notes, "d");
              auto e = spawn(barrier, notes, "e");
              co_await gather(d, e);
            }),
            (Notes{"b 1", "a 0", "e 1", "d 0"}));
}

// Destroys its loops itself, hence no trace.
TEST(BarrierTest, OutlivesALoopThatDies) {
  Notes notes;
  for (int runs = 0; runs < 8; ++runs) {
    Barrier barrier(2);
    {
      corolla_tests::NotingLoop loop(notes);
      for (int i = 0; i < 3; ++i) loop->create_task(party(barrier, notes, "x"));
      loop.run_steps(runs);
    }
    EXPECT_EQ(barrier.n_waiting(), 0U);
    notes.clear();
    corolla_tests::NotingLoop loop(notes);
    auto waiting = loop->create_task(party(barrier, notes, "y"));
    loop->run_until_complete(party(barrier, notes, "z"));
    loop->run_until_complete(waiting);
    EXPECT_EQ(notes.size(), 2U);
  }
}

}  // namespace
