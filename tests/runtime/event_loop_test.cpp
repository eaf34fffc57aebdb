// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class EventLoopTest : public RuntimeTest {
 protected:
  auto noting(std::string text) {
    return [this, text = std::move(text)] { log.push_back(text); };
  }
};

TEST_F(EventLoopTest, RunsCallbacksInOrder) {
  for (int i = 0; i < 5; ++i) loop().call_soon(noting(std::to_string(i)));
  loop().run_once();
  EXPECT_EQ(log, (Log{"0", "1", "2", "3", "4"}));
}

TEST_F(EventLoopTest, OneIterationRunsExactlyWhatWasReady) {
  loop().call_soon([this] {
    log.push_back("first");
    loop().call_soon(noting("next iteration"));
  });
  loop().call_soon(noting("second"));
  loop().run_once();
  EXPECT_EQ(log, (Log{"first", "second"}));
  loop().run_once();
  EXPECT_EQ(log, (Log{"first", "second", "next iteration"}));
}

TEST_F(EventLoopTest, KeepsCopiesOfItsArguments) {
  const auto note = [this](const std::string& kept, int number) { log.push_back(kept + std::to_string(number)); };
  std::string text = "before";
  loop().call_soon(note, text, 1);
  loop().call_soon_threadsafe(note, text, 2);
  loop().call_soon(note, text, 3);
  loop().call_at(loop().time() + 1ms, note, text, 4);
  loop().call_later(2ms, note, text, 5);
  text = "after";
  run([]() -> Coro<void> { co_await sleep(1s); }());
  EXPECT_EQ(log, (Log{"before1", "before2", "before3", "before4", "before5"}));
}

TEST_F(EventLoopTest, TimersRunByDeadlineAndEqualOnesInTheOrderOfArming) {
  loop().call_later(2ms, noting("2a"));
  loop().call_later(1ms, noting("1"));
  loop().call_at(loop().time() + 2ms, noting("2b"));
  loop().call_later(2ms, noting("2c"));
  loop().call_later(3ms, [this] { loop().stop(); });
  loop().run_forever();
  EXPECT_EQ(log, (Log{"1", "2a", "2b", "2c"}));
  EXPECT_EQ(elapsed(), 3ms);
}

TEST_F(EventLoopTest, ManyTimersComeOutSortedWhateverIsCancelled) {
  std::vector<TimerHandle> handles;
  std::vector<int> fired;
  unsigned state = 12345;
  for (int i = 0; i < 2000; ++i) {
    state = state * 1103515245U + 12345U;
    const int when = static_cast<int>(state >> 16U) % 500;
    handles.push_back(loop().call_at(EventLoop::time_point(std::chrono::milliseconds(when)),
                                     [&fired, when] { fired.push_back(when); }));
  }
  int left = 2000;
  for (std::size_t i = 0; i < handles.size(); i += 3) {
    handles[i].cancel();
    handles[i].cancel();
    EXPECT_TRUE(handles[i].cancelled());
    --left;
  }
  run([]() -> Coro<void> { co_await sleep(1s); }());
  EXPECT_EQ(static_cast<int>(fired.size()), left);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

TEST_F(EventLoopTest, ExpiredTimersStandBehindWhatIsReady) {
  loop().call_later(0ns, noting("timer of zero"));
  loop().call_later(-5s, noting("timer of the past"));
  loop().call_at(loop().time() - 1h, noting("deadline of the past"));
  loop().call_soon(noting("ready"));
  loop().run_once();
  EXPECT_EQ(log, (Log{"ready", "deadline of the past", "timer of the past", "timer of zero"}));
}

TEST_F(EventLoopTest, ATimerOfZeroSetInACallbackRunsInTheNextIteration) {
  loop().call_soon([this] {
    loop().call_later(0ns, [this] {
      log.push_back("timer");
      loop().call_soon(noting("set by the timer"));
    });
    loop().call_soon(noting("soon"));
  });
  loop().run_once();
  EXPECT_TRUE(log.empty());
  loop().run_once();
  EXPECT_EQ(log, (Log{"soon", "timer"}));
  loop().run_once();
  EXPECT_EQ(log, (Log{"soon", "timer", "set by the timer"}));
}

TEST_F(EventLoopTest, DelaysBeyondTheClockAreForEver) {
  const auto timer = loop().call_later(std::chrono::nanoseconds::max(), noting("never"));
  EXPECT_GT(timer.when(), loop().time());
  clock().advance(1h);
  loop().call_later(EventLoop::duration::max(), noting("never"));
  auto sleeper = loop().create_task([]() -> Coro<void> { co_await sleep(std::chrono::hours::max()); }());
  auto endless = loop().create_task([]() -> Coro<void> { co_await sleep(std::chrono::duration<double>(1e300)); }());
  auto limited = loop().create_task(
      []() -> Coro<void> { co_await timeout(EventLoop::duration::max(), [] { return turns(1); }); }());
  run([]() -> Coro<void> { co_await sleep(1h); }());
  EXPECT_TRUE(log.empty());
  EXPECT_FALSE(sleeper.done());
  EXPECT_FALSE(endless.done());
  EXPECT_TRUE(limited.done());
  limited.result();
}

TEST_F(EventLoopTest, ASleepThatIsNoNumberIsRefused) {
  const std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THROW(static_cast<void>(sleep(nan)), ValueError);
}

TEST_F(EventLoopTest, ACancelledCallbackIsSkippedAndItsCallableDestroyedAtOnce) {
  auto soon = loop().call_soon([farewell = std::make_shared<Farewell>(log, "soon gone")] { ADD_FAILURE(); });
  auto later = loop().call_later(1ms, [farewell = std::make_shared<Farewell>(log, "later gone")] { ADD_FAILURE(); });
  EXPECT_FALSE(soon.cancelled());
  EXPECT_FALSE(later.cancelled());
  soon.cancel();
  EXPECT_EQ(log, Log{"soon gone"});
  later.cancel();
  EXPECT_EQ(log, (Log{"soon gone", "later gone"}));
  EXPECT_TRUE(soon.cancelled());
  EXPECT_TRUE(later.cancelled());
  run([]() -> Coro<void> { co_await sleep(1s); }());
}

TEST_F(EventLoopTest, ACallbackMayCancelItselfAndItsNeighbour) {
  auto mine = std::make_shared<Handle>();
  auto next = std::make_shared<Handle>();
  *mine = loop().call_soon([this, mine, next, farewell = std::make_shared<Farewell>(log, "gone")] {
    mine->cancel();
    next->cancel();
    log.push_back("still running");
  });
  *next = loop().call_soon(noting("neighbour"));
  mine.reset();
  next.reset();
  loop().run_once();
  EXPECT_EQ(log, (Log{"still running", "gone"}));
}

TEST_F(EventLoopTest, DroppingAHandleDoesNotCancel) {
  {
    const auto dropped = loop().call_soon(noting("ran"));
  }
  loop().run_once();
  EXPECT_EQ(log, Log{"ran"});
}

TEST_F(EventLoopTest, StopFinishesTheIterationAndLeavesTheRestForTheNextRun) {
  loop().call_soon([this] {
    loop().stop();
    loop().call_soon(noting("left over"));
    log.push_back("stopping");
  });
  loop().call_soon(noting("same iteration"));
  loop().run_forever();
  EXPECT_EQ(log, (Log{"stopping", "same iteration"}));
  loop().call_soon([this] { loop().stop(); });
  loop().run_forever();
  EXPECT_EQ(log, (Log{"stopping", "same iteration", "left over"}));
}

TEST_F(EventLoopTest, StopBeforeARunAllowsOneIterationThatDoesNotWait) {
  loop().stop();
  loop().run_forever();  // nothing is ready, and it returns
  loop().call_later(1h, noting("too early"));
  loop().call_soon(noting("ran"));
  loop().stop();
  loop().run_forever();
  EXPECT_EQ(log, Log{"ran"});
  EXPECT_EQ(elapsed(), 0ns);
}

TEST_F(EventLoopTest, RunUntilCompleteStopsAtTheEndOfTheIterationOfTheCallback) {
  auto future = loop().create_future<int>();
  loop().call_soon([&] {
    future.set_result(4);
    loop().call_soon([this] {
      log.push_back("beside the callback");
      loop().call_soon(noting("left over"));
    });
  });
  EXPECT_EQ(loop().run_until_complete(future), 4);
  EXPECT_EQ(log, Log{"beside the callback"});
  loop().run_once();
  EXPECT_EQ(log, (Log{"beside the callback", "left over"}));
}

TEST_F(EventLoopTest, RunUntilCompleteOfSomethingDone) {
  auto future = loop().create_future<int>();
  future.set_result(1);
  EXPECT_EQ(loop().run_until_complete(future), 1);
  auto failed = loop().create_future<>();
  failed.set_exception(ValueError("failed"));
  EXPECT_THROW(loop().run_until_complete(failed), ValueError);
}

TEST_F(EventLoopTest, StoppedBeforeItsFutureIsDoneItSaysSo) {
  auto task = loop().create_task(forever());
  loop().call_soon([this] { loop().stop(); });
  try {
    loop().run_until_complete(task);
    ADD_FAILURE();
  } catch (const RuntimeError& error) {
    EXPECT_STREQ(error.what(), "Event loop stopped before Future completed.");
  }
  // The callback that would stop the loop is gone.
  task.cancel();
  loop().call_later(1s, noting("later"));
  run([]() -> Coro<void> { co_await sleep(2s); }());
  EXPECT_EQ(log, Log{"later"});
}

TEST_F(EventLoopTest, CannotRunInsideOfARun) {
  VirtualLoop other;
  EXPECT_THROW(static_cast<void>(get_running_loop()), RuntimeError);
  loop().call_soon([&] {
    EXPECT_TRUE(loop().is_running());
    EXPECT_EQ(&get_running_loop(), &loop());
    EXPECT_THROW(loop().run_forever(), RuntimeError);
    EXPECT_THROW(loop().run_once(), RuntimeError);
    EXPECT_THROW(other.loop().run_forever(), RuntimeError);
    EXPECT_THROW(other.loop().run_until_complete(turns(1)), RuntimeError);
    EXPECT_THROW(loop().close(), RuntimeError);
    EXPECT_EQ(&get_running_loop(), &loop());
    EXPECT_TRUE(loop().is_running());
    EXPECT_FALSE(other.loop().is_running());
    log.push_back("checked");
  });
  loop().run_once();
  EXPECT_EQ(log, Log{"checked"});
  EXPECT_FALSE(loop().is_running());
  EXPECT_EQ(running_loop_or_null(), nullptr);
  EXPECT_THROW(static_cast<void>(get_running_loop()), RuntimeError);
}

TEST_F(EventLoopTest, ARunThatIsRefusedDoesNotStartItsCoroutine) {
  auto body = [&]() -> Coro<void> {
    auto inner = [this]() -> Coro<void> {
      log.push_back("must not run");
      co_return;
    };
    EXPECT_THROW(loop().run_until_complete(inner()), RuntimeError);
    co_await turns(3);
  };
  run(body());
  EXPECT_TRUE(log.empty());
}

TEST_F(EventLoopTest, ClosedItTakesNothing) {
  loop().call_soon([farewell = std::make_shared<Farewell>(log, "soon dropped")] { ADD_FAILURE(); });
  loop().call_later(1s, [farewell = std::make_shared<Farewell>(log, "timer dropped")] { ADD_FAILURE(); });
  EXPECT_FALSE(loop().is_closed());
  loop().close();
  loop().close();
  EXPECT_EQ(log, (Log{"soon dropped", "timer dropped"}));
  EXPECT_TRUE(loop().is_closed());
  EXPECT_THROW(loop().call_soon([] {}), RuntimeError);
  EXPECT_THROW(loop().call_later(1s, [] {}), RuntimeError);
  EXPECT_THROW(loop().call_at(loop().time(), [] {}), RuntimeError);
  EXPECT_THROW(loop().call_soon_threadsafe([] {}), RuntimeError);
  EXPECT_THROW(loop().run_forever(), RuntimeError);
  EXPECT_THROW(loop().run_until_complete(turns(1)), RuntimeError);
  EXPECT_THROW(static_cast<void>(loop().create_task(turns(1))), RuntimeError);
  EXPECT_THROW(static_cast<void>(loop().run_in_executor(nullptr, [] {})), RuntimeError);
  EXPECT_THROW(static_cast<void>(loop().default_executor()), RuntimeError);
  EXPECT_EQ(loop().backend(), "");
}

/// Cancels a timer when it dies, as a guard would.
struct CancelsWhenItDies {
  TimerHandle timer;
  ~CancelsWhenItDies() { timer.cancel(); }
};

TEST_F(EventLoopTest, WhatADyingLoopDropsMayCancelTimers) {
  for (int i = 0; i < 3; ++i) {
    auto guard = std::make_shared<CancelsWhenItDies>();
    guard->timer =
        loop().call_later(1h, [farewell = std::make_shared<Farewell>(log, "timer dropped")] { ADD_FAILURE(); });
    if (i == 0) loop().call_soon([guard] { ADD_FAILURE(); });
    if (i == 1) loop().call_later(1s, [guard] { ADD_FAILURE(); });
    if (i == 2) {
      auto body = [](std::shared_ptr<CancelsWhenItDies> /*guard*/) -> Coro<void> { co_await forever(); };
      loop().create_task(body, guard);
    }
  }
  destroy_loop();
  EXPECT_EQ(log, (Log{"timer dropped", "timer dropped", "timer dropped"}));
}

TEST_F(EventLoopTest, HandlesOutliveTheLoop) {
  const auto soon = loop().call_soon([] {});
  const auto later = loop().call_later(1s, [] {});
  destroy_loop();
  soon.cancel();
  later.cancel();
  EXPECT_TRUE(later.cancelled());
}

TEST_F(EventLoopTest, ACallbackThatThrowsIsReportedAndTheLoopGoesOn) {
  loop().call_soon([] { throw std::runtime_error("bad"); });
  loop().call_soon([] { throw CancelledError("odd"); });
  loop().call_later(1ms, [] { throw 42; });
  loop().call_soon(noting("next"));
  run([]() -> Coro<void> { co_await sleep(1s); }());
  EXPECT_EQ(log, Log{"next"});
  EXPECT_EQ(reports, (Log{"Exception in callback: bad", "Exception in callback: cancelled: odd",
                          "Exception in callback: unknown exception"}));
}

TEST_F(EventLoopTest, AnExceptionHandlerThatThrowsFallsBackToTheDefault) {
  loop().set_exception_handler([](EventLoop&, const ErrorContext&) { throw std::runtime_error("handler failed"); });
  loop().call_soon([] { throw std::runtime_error("original"); });
  loop().call_soon(noting("next"));
  testing::internal::CaptureStderr();
  loop().run_once();
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_NE(output.find("exception handler itself failed"), std::string::npos) << output;
  EXPECT_NE(output.find("original"), std::string::npos) << output;
  EXPECT_EQ(log, Log{"next"});
}

TEST_F(EventLoopTest, AnExceptionHandlerMayReplaceItself) {
  auto state = std::make_shared<std::string>("state of the handler, long enough to live on the heap");
  loop().set_exception_handler([this, state](EventLoop& loop, const ErrorContext&) {
    loop.set_exception_handler([this](EventLoop&, const ErrorContext&) { log.push_back("second handler"); });
    log.push_back(*state);  // still alive
  });
  const std::string text = *state;
  state.reset();
  loop().call_soon([] { throw std::runtime_error("one"); });
  loop().call_soon([] { throw std::runtime_error("two"); });
  loop().run_once();
  EXPECT_EQ(log, (Log{text, "second handler"}));
}

TEST_F(EventLoopTest, TheDefaultHandlerNamesTheTaskAndItsPlace) {
  loop().set_exception_handler(nullptr);
  testing::internal::CaptureStderr();
  auto failing = []() -> Coro<void> {
    throw ValueError("nobody looks");
    co_return;
  };
  auto body = [&]() -> Coro<void> {
    create_task(failing()).set_name("lonely");
    co_await turns(2);
  };
  run(body());
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_NE(output.find("lonely"), std::string::npos) << output;
  EXPECT_NE(output.find("nobody looks"), std::string::npos) << output;
  EXPECT_NE(output.find("event_loop_test.cpp"), std::string::npos) << output;
}

}  // namespace
