// SPDX-License-Identifier: Apache-2.0
// The cases on shield() in CPython's test_tasks, re-expressed.
#include <corolla/runtime/shield.hpp>

#include <string>
#include <tuple>
#include <utility>

#include "tests/support/trace.hpp"

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<int> after(std::chrono::nanoseconds delay, int value) {
  co_await sleep(delay);
  if (value < 0) throw ValueError("failed");
  co_return value;
}

// test_shield_effect: the caller is cancelled, what it waits for is not.
TEST(ShieldTest, InnerGoesOnWhenTheCallerIsCancelled) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto inner = create_task(after(10ms, 7));
              auto caller = create_task([](Task<int> i) -> Coro<int> { co_return co_await shield(i); }, inner);
              co_await steps(2);
              caller.cancel();
              co_await outcome(caller);
              notes.push_back(caller.cancelled() && !inner.done() ? "caller cancelled" : "wrong");
              notes.push_back(std::to_string(co_await inner));
            }),
            (Notes{"caller cancelled", "7"}));
}

// test_shield_result, test_shield_exception, test_shield_cancel_inner
TEST(ShieldTest, PassesOnHowTheInnerEnds) {
  trace([](Notes&) -> Coro<void> {
    const auto value = co_await shield(after(1ms, 3));
    EXPECT_EQ(value, 3);
    auto failed = co_await outcome(shield(after(1ms, -1)));
    EXPECT_EQ(failed.error_message(), "failed");
    auto inner = create_task(after(1h, 1));
    auto outer = shield(inner);
    co_await steps(1);
    inner.cancel();
    co_await steps(2);
    EXPECT_TRUE(outer.cancelled());
  });
}

// test_shield_shortcut
TEST(ShieldTest, OfADoneFutureIsThatFuture) {
  trace([](Notes&) -> Coro<void> {
    auto future = get_running_loop().create_future<int>();
    future.set_result(42);
    EXPECT_TRUE(shield(future) == future);
    co_return;
  });
}

TEST(ShieldTest, CostsOneHopMore) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto future = get_running_loop().create_future();
              auto note = [](Future<void> f, Notes& n, const char* text) -> Coro<void> {
                co_await f;
                n.push_back(text);
              };
              auto a = create_task(note(shield(future), notes, "shielded"));
              auto b = create_task(note(future, notes, "plain"));
              co_await steps(1);
              future.set_result();
              co_await steps(1);
              notes.push_back("one hop");
              co_await gather(a, b);
            }),
            (Notes{"plain", "one hop", "shielded"}));
}

// test_shield_cancel_outer, and the error of the inner one is not lost.
TEST(ShieldTest, ErrorAfterTheOuterWasCancelledIsReported) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto outer = shield(after(10ms, -1));
              co_await steps(1);
              outer.cancel();
              EXPECT_TRUE(outer.cancelled());
              co_await sleep(20ms);
              notes.push_back("end");
            }),
            (Notes{"reported failed", "end"}));
}

// The inner one is done after the outer was cancelled, in the same iteration, and before it.
TEST(ShieldTest, CancelledWhileTheCompletionIsOnItsWay) {
  trace([](Notes&) -> Coro<void> {
    for (const bool cancel_first : {true, false}) {
      auto inner = get_running_loop().create_future<int>();
      auto outer = shield(inner);
      if (cancel_first) outer.cancel();
      inner.set_result(1);
      if (!cancel_first) outer.cancel();
      inner = Future<int>();
      co_await steps(2);
      EXPECT_TRUE(outer.cancelled());
    }
  });
}

// test_gather_shield, test_shield_gather
TEST(ShieldTest, InsideAGatherAndAroundOne) {
  trace([](Notes&) -> Coro<void> {
    auto a = create_task(after(10ms, 1));
    auto b = create_task(after(10ms, 2));
    auto gathered = gather(shield(a), shield(b));
    co_await steps(1);
    gathered.cancel();
    co_await outcome(gathered);
    EXPECT_FALSE(a.done() || b.done());
    auto around = shield(gather(a, b));
    around.cancel();
    co_await sleep(20ms);
    EXPECT_EQ(a.result() + b.result(), 3);
  });
}

// Nobody keeps anything: futures that nobody will complete and shields around them go away.
TEST(ShieldTest, DroppedHandlesLeaveNothing) {
  trace([](Notes&) -> Coro<void> {
    {
      auto inner = get_running_loop().create_future<int>();
      auto outer = shield(shield(inner));
      outer.add_done_callback([](Future<int>) { ADD_FAILURE(); });
    }
    {
      auto inner = get_running_loop().create_future<int>();
      (void)shield(inner);
      inner.set_result(1);
    }
    co_await steps(3);
  });
}

// A shield whose handle was dropped still calls back.
TEST(ShieldTest, CallsBackWithoutAHandle) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto inner = create_task(after(1ms, 5));
              shield(inner).add_done_callback([&notes](Future<int> f) { notes.push_back(std::to_string(f.result())); });
              co_await inner;
              co_await steps(2);
            }),
            (Notes{"5"}));
}

// test_shield_cancel_outer: it leaves the inner one's list, and neither end is touched by the other.
TEST(ShieldTest, CancelledItLeavesTheInnerAlone) {
  trace([](Notes&) -> Coro<void> {
    auto inner = get_running_loop().create_future<int>();
    auto outer = shield(inner);
    co_await steps(1);
    outer.cancel();
    co_await steps(1);
    EXPECT_TRUE(outer.cancelled());
    EXPECT_FALSE(inner.done());
    EXPECT_TRUE(inner.state()->waiters().empty());
    EXPECT_TRUE(outer.state()->waiters().empty());
  });
}

// test_shield_cancel_outer_result
TEST(ShieldTest, AResultAfterTheOuterWasCancelledIsNotReported) {
  EXPECT_EQ(trace([](Notes&) -> Coro<void> {
              auto inner = get_running_loop().create_future<int>();
              auto outer = shield(inner);
              co_await steps(1);
              outer.cancel();
              co_await steps(1);
              inner.set_result(1);
              inner = Future<int>();
              co_await steps(1);
            }),
            (Notes{}));
}

// test_shield_duplicate_log_once
TEST(ShieldTest, AnErrorThatTwoCancelledShieldsMissedIsReportedOnce) {
  EXPECT_EQ(trace([](Notes&) -> Coro<void> {
              auto inner = get_running_loop().create_future<int>();
              for (int i = 0; i < 2; ++i) {
                auto outer = shield(inner);
                co_await steps(1);
                outer.cancel();
                co_await steps(1);
              }
              inner.set_exception(ValueError("failed"));
              co_await steps(1);
            }),
            (Notes{"reported failed"}));
}

// test_shield_coroutine_without_loop, test_shield_coroutine_use_running_loop; a future needs no running loop.
TEST(ShieldTest, OfACoroNeedsARunningLoop) {
  EXPECT_THROW((void)shield(after(0ms, 1)), RuntimeError);
  {
    corolla_tests::VirtualLoop other;
    auto inner = other.loop().create_future<int>();
    auto outer = shield(inner);
    EXPECT_EQ(&outer.get_loop(), &other.loop());
    inner.set_result(42);
    EXPECT_EQ(other.loop().run_until_complete(outer), 42);
  }
  trace([](Notes&) -> Coro<void> {
    auto outer = shield(after(0ms, 42));
    EXPECT_EQ(&outer.get_loop(), &get_running_loop());
    const int value = co_await outer;
    EXPECT_EQ(value, 42);
  });
}

// test_shield_gather, test_gather_shield: what the others are left with
TEST(ShieldTest, OfAGatherLeavesItGoingOnAndAGatherOfShieldsFailsWithTheCancellation) {
  trace([](Notes&) -> Coro<void> {
    auto a = get_running_loop().create_future<int>();
    auto b = get_running_loop().create_future<int>();
    auto parent = gather(a, b);
    auto outer = shield(parent);
    auto inner_a = shield(a);
    auto inner_b = shield(b);
    auto of_shields = gather(inner_a, inner_b);
    co_await steps(1);
    outer.cancel();
    of_shields.cancel();
    co_await steps(1);
    EXPECT_TRUE(outer.cancelled());
    EXPECT_TRUE(inner_a.cancelled());
    EXPECT_TRUE(inner_b.cancelled());
    EXPECT_TRUE(is_cancelled_error(of_shields.exception()));
    a.set_result(1);
    b.set_result(2);
    co_await steps(1);
    EXPECT_EQ(parent.result(), (std::tuple{1, 2}));
  });
}

}  // namespace
