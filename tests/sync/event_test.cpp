// SPDX-License-Identifier: Apache-2.0
// CPython's test_locks.EventTests, re-expressed.
#include <corolla/sync/event.hpp>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> waiter(Event& event, Notes& notes, std::string name) {
  co_await event.wait();
  notes.push_back(name);
}

// test_wait
TEST(EventTest, SetWakesAllInOrder) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              auto a = create_task(waiter(event, notes, "a"));
              auto b = create_task(waiter(event, notes, "b"));
              auto c = create_task(waiter(event, notes, "c"));
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});
              EXPECT_FALSE(event.is_set());
              event.set();
              notes.push_back("set");
              co_await steps(1);
              notes.push_back("step");
              EXPECT_TRUE(a.done() && b.done() && c.done());
            }),
            (Notes{"set", "a", "b", "c", "step"}));
}

// test_wait_on_set
TEST(EventTest, WaitingOnASetEventDoesNotSuspend) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              event.set();
              get_running_loop().call_soon([&notes] { notes.push_back("next iteration"); });
              co_await waiter(event, notes, "main");
              co_await steps(1);
            }),
            (Notes{"main", "next iteration"}));
}

// test_clear_with_waiters: what was woken stays woken, what comes later waits.
TEST(EventTest, ClearingAtOnceStillWakes) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              auto a = create_task(waiter(event, notes, "a"));
              co_await steps(1);
              event.set();
              event.clear();
              auto b = create_task(waiter(event, notes, "b"));
              co_await steps(3);
              EXPECT_TRUE(a.done());
              EXPECT_FALSE(b.done());
              event.set();
              event.clear();
              event.set();
              co_await b;
              EXPECT_TRUE(event.is_set());
            }),
            (Notes{"a", "b"}));
}

// test_wait_cancel
TEST(EventTest, CancelledWaiterLeaves) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              auto a = create_task(waiter(event, notes, "a"));
              auto b = create_task(waiter(event, notes, "b"));
              co_await steps(1);
              a.cancel();
              event.set();
              co_await gather(return_exceptions, a, b);
              EXPECT_TRUE(a.cancelled());
            }),
            (Notes{"b"}));
}

TEST(EventTest, WokenAndCancelledIsCancelled) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              auto a = create_task(waiter(event, notes, "a"));
              co_await steps(1);
              event.set();
              a.cancel();
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled());
            }),
            Notes{});
}

// test_wait: one that begins after the set does not wait, so it is there before those that were woken.
TEST(EventTest, WhoBeginsAfterTheSetIsFirst) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              auto a = create_task(waiter(event, notes, "a"));
              auto b = create_task(waiter(event, notes, "b"));
              co_await steps(1);
              EXPECT_EQ(notes, Notes{});
              auto c = create_task(waiter(event, notes, "c"));
              event.set();
              co_await steps(1);
              EXPECT_TRUE(a.done() && b.done() && c.done());
            }),
            (Notes{"c", "a", "b"}));
}

// test_clear
TEST(EventTest, IsClearUntilSet) {
  Event event;
  EXPECT_FALSE(event.is_set());
  event.set();
  EXPECT_TRUE(event.is_set());
  event.clear();
  EXPECT_FALSE(event.is_set());
}

// test_clear_with_waiters: set again and again, one is woken once.
TEST(EventTest, SettingAgainWakesNobodyTwice) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              auto a = create_task(waiter(event, notes, "a"));
              co_await steps(1);
              event.set();
              event.clear();
              EXPECT_FALSE(event.is_set());
              event.set();
              event.set();
              EXPECT_EQ(notes, Notes{});
              co_await steps(1);
              EXPECT_TRUE(a.done());
            }),
            (Notes{"a"}));
}

// test_wait_cancel
TEST(EventTest, CancelledFromACallback) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              Event event;
              auto a = create_task(waiter(event, notes, "a"));
              get_running_loop().call_soon([a] { a.cancel(); });
              co_await outcome(a);
              EXPECT_TRUE(a.cancelled());
              EXPECT_FALSE(event.is_set());
              event.set();
              co_await waiter(event, notes, "main");
            }),
            (Notes{"main"}));
}

// Destroys its loops itself, hence no trace.
TEST(EventTest, OutlivesALoopThatDies) {
  Event event;
  Notes notes;
  for (const bool set : {false, true}) {
    corolla_tests::NotingLoop loop(notes);
    event.clear();
    for (int i = 0; i < 3; ++i) loop->create_task(waiter(event, notes, "x"));
    loop->run_once();
    if (set) event.set();
  }
  EXPECT_EQ(notes, Notes{});
  corolla_tests::NotingLoop loop(notes);
  loop->run_until_complete(waiter(event, notes, "y"));
  EXPECT_EQ(notes, (Notes{"y"}));
}

}  // namespace
