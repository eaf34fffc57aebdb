// SPDX-License-Identifier: Apache-2.0
// What a thread waits for has to come, so no loop is destroyed under it at every step; one test does that to a
// run_coroutine_threadsafe for which nobody waits.
#include "tests/support/runtime_test.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace corolla_tests;

/// A loop on the real clock that runs until the test is over, and threads that call into it.
class ThreadCoroutineTest : public testing::Test {
 protected:
  /// Runs `in_thread` in another thread while the loop runs here.
  template <class F>
  void run_with(F in_thread) {
    std::thread thread([&] {
      in_thread();
      loop().call_soon_threadsafe([this] { loop().stop(); });
    });
    loop().run_forever();
    thread.join();
  }
  [[nodiscard]] EventLoop& loop() { return *loop_; }
  void destroy_loop() { loop_.reset(); }
  ~ThreadCoroutineTest() override {
    loop_.reset();
    expect_same_live_objects(before_, "by the test");
  }

  Log log;

 private:
  LiveObjects before_ = live_objects();
  std::optional<EventLoop> loop_{std::in_place};
};

/// Long enough for another thread to be seen when it does not wait.
void linger() {
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
}

Coro<int> add(int a, int b, bool fail) {
  co_await turns(2);
  if (fail) throw std::runtime_error("Fail!");
  co_return a + b;
}
Coro<void> wait_for_cancellation(Log* log) {
  try {
    co_await forever();
  } catch (const CancelledError&) {
    log->push_back("cancelled");
    throw;
  }
}

TEST_F(ThreadCoroutineTest, GivesTheResultToTheThread) {
  run_with([&] {
    EXPECT_EQ(run_coroutine_threadsafe(add(1, 2, false), loop()).result(), 3);
    auto future = run_coroutine_threadsafe(add(3, 4, false), loop());
    EXPECT_EQ(future.result(1h), 7);
    EXPECT_TRUE(future.done());
    run_coroutine_threadsafe(turns(1), loop()).result();
  });
}

TEST_F(ThreadCoroutineTest, GivesTheExceptionToTheThreadAlone) {
  loop().set_exception_handler([&](EventLoop&, const ErrorContext& context) { log.push_back(context.message); });
  run_with([&] {
    const auto future = run_coroutine_threadsafe(add(1, 2, true), loop());
    EXPECT_EQ(describe(future.exception()), "Fail!");
    EXPECT_THROW(future.result(), std::runtime_error);
  });
  destroy_loop();
  EXPECT_TRUE(log.empty());
}

TEST_F(ThreadCoroutineTest, ATimeoutOfTheThreadLeavesTheTaskAndCancelStopsIt) {
  run_with([&] {
    const auto future = run_coroutine_threadsafe(wait_for_cancellation(&log), loop());
    EXPECT_THROW(future.result(1us), TimeoutError);
    EXPECT_FALSE(future.done());
    EXPECT_FALSE(future.running());
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(future.result(), CancelledError);
    run_coroutine_threadsafe(turns(3), loop()).result();
  });
  EXPECT_TRUE(loop().is_running() || all_tasks(loop()).empty());
  EXPECT_EQ(log, Log{"cancelled"});
}

TEST_F(ThreadCoroutineTest, ATaskCancelledInTheLoopCancelsTheThreadsFuture) {
  run_with([&] {
    auto body = []() -> Coro<void> {
      current_task().cancel();
      co_await turns(1);
    };
    const auto future = run_coroutine_threadsafe(body(), loop());
    EXPECT_THROW(future.result(), CancelledError);
    EXPECT_TRUE(future.cancelled());
  });
}

TEST_F(ThreadCoroutineTest, AnErrorInMakingTheTaskIsDeliveredAndReportedOnce) {
  loop().set_exception_handler(
      [&](EventLoop&, const ErrorContext& context) { log.push_back(describe(context.exception)); });
  loop().set_task_factory([](EventLoop&, TaskBase&, const TaskOptions&) { throw ValueError("no such factory"); });
  run_with([&] {
    const auto future = run_coroutine_threadsafe(add(1, 2, false), loop());
    EXPECT_EQ(describe(future.exception()), "no such factory");
  });
  EXPECT_EQ(log, Log{"no such factory"});
}

TEST_F(ThreadCoroutineTest, AClosedLoopRefuses) {
  loop().close();
  EXPECT_THROW(run_coroutine_threadsafe(add(1, 2, false), loop()), RuntimeError);
}

TEST_F(ThreadCoroutineTest, ALoopThatIsClosedFirstCancelsTheThreadsFuture) {
  auto before_its_start = run_coroutine_threadsafe(add(1, 2, false), loop());
  destroy_loop();
  EXPECT_TRUE(before_its_start.cancelled());
}

TEST_F(ThreadCoroutineTest, ALoopThatIsClosedWhileTheTaskRunsCancelsTheThreadsFuture) {
  auto running = run_coroutine_threadsafe(wait_for_cancellation(&log), loop());
  loop().call_soon([] {});
  loop().run_once();
  loop().run_once();
  EXPECT_FALSE(running.done());
  loop().set_exception_handler([](EventLoop&, const ErrorContext&) {});
  destroy_loop();
  EXPECT_TRUE(running.cancelled());
  EXPECT_TRUE(log.empty());  // destroyed, not cancelled
}

TEST_F(ThreadCoroutineTest, ALoopThatIsDestroyedAfterAnyStepHasAnsweredTheThread) {
  bool over = false;
  for (int steps = 0; !over; ++steps) {
    ASSERT_LT(steps, 100);
    ThreadFuture<int> future;
    {
      EventLoop other;
      other.set_exception_handler([](EventLoop&, const ErrorContext&) {});
      future = run_coroutine_threadsafe(add(1, 2, false), other);
      for (int i = 0; i < steps && !future.done(); ++i) other.run_once();
      over = future.done();
    }
    ASSERT_TRUE(future.done());
    EXPECT_EQ(future.cancelled(), !over);
    if (over) {
      EXPECT_EQ(future.result(), 3);
    }
  }
}

TEST_F(ThreadCoroutineTest, TheTaskSeesTheContextOfTheThread) {
  ContextVar<std::string> user("user", "nobody");
  run_with([&] {
    user.set("ann");
    auto body = [&]() -> Coro<std::string> {
      std::string seen = user.get();
      user.set("bob");
      co_return seen;
    };
    EXPECT_EQ(run_coroutine_threadsafe(body(), loop()).result(), "ann");
    EXPECT_EQ(user.get(), "ann");
  });
  EXPECT_EQ(user.get(), "nobody");
}

// -- handles of call_soon_threadsafe ------------------------------------------------------------------------------

TEST_F(ThreadCoroutineTest, ACallOfTheLoopsOwnThreadKeepsItsPlace) {
  loop().call_soon([&] {
    loop().call_soon([&] { log.push_back("a"); });
    loop().call_soon_threadsafe([&](const char* text) { log.push_back(text); }, "b");
    loop().call_soon([&] {
      log.push_back("c");
      loop().stop();
    });
  });
  loop().run_forever();
  EXPECT_EQ(log, (Log{"a", "b", "c"}));
}

TEST_F(ThreadCoroutineTest, AHandleCancelsFromTheLoopAndFromAThread) {
  auto farewell = [&](const char* text) { return std::make_shared<Farewell>(log, text); };
  const auto here = loop().call_soon_threadsafe([&, f = farewell("here gone")] { log.push_back("must not run"); });
  here.cancel();
  here.cancel();
  EXPECT_TRUE(here.cancelled());
  EXPECT_EQ(log, Log{"here gone"});
  loop().call_soon([&] {
    const auto there = loop().call_soon_threadsafe([&, f = farewell("there gone")] { log.push_back("must not run"); });
    std::thread([&] { there.cancel(); }).join();
    EXPECT_TRUE(there.cancelled());
    loop().call_soon([&] { loop().stop(); });
  });
  loop().run_forever();
  EXPECT_EQ(log, (Log{"here gone", "there gone"}));
  ThreadHandle().cancel();
}

TEST_F(ThreadCoroutineTest, CancellingARunningCallWaitsForItsEnd) {
  std::promise<void> begun;
  std::promise<void> may_end;
  std::atomic<bool> ended{false};
  bool ended_before_cancel_returned = false;
  const auto handle = loop().call_soon_threadsafe([&] {
    begun.set_value();
    may_end.get_future().wait();
    linger();
    ended = true;
  });
  run_with([&] {
    begun.get_future().wait();
    may_end.set_value();
    handle.cancel();
    ended_before_cancel_returned = ended;
  });
  EXPECT_TRUE(ended_before_cancel_returned);
  EXPECT_TRUE(handle.cancelled());
}

TEST_F(ThreadCoroutineTest, WhetherARunningCallIsCancelledIsKnownAtItsEnd) {
  for (const bool cancels_itself : {false, true}) {
    std::promise<ThreadHandle> sent;
    std::promise<void> begun;
    std::atomic<bool> ended{false};
    bool ended_before_the_answer = false;
    bool answer = !cancels_itself;
    run_with([&] {
      const auto handle = loop().call_soon_threadsafe([&] {
        const ThreadHandle self = sent.get_future().get();
        EXPECT_FALSE(self.cancelled());
        if (cancels_itself) self.cancel();
        EXPECT_EQ(self.cancelled(), cancels_itself);
        begun.set_value();
        linger();
        ended = true;
      });
      sent.set_value(handle);
      begun.get_future().wait();
      answer = handle.cancelled();
      ended_before_the_answer = ended;
    });
    EXPECT_TRUE(ended_before_the_answer);
    EXPECT_EQ(answer, cancels_itself);
  }
}

TEST_F(ThreadCoroutineTest, ACallMayCancelItself) {
  ThreadHandle handle;
  handle = loop().call_soon_threadsafe([&] {
    handle.cancel();
    log.push_back("ran");
    loop().stop();
  });
  loop().run_forever();
  EXPECT_TRUE(handle.cancelled());
  EXPECT_EQ(log, Log{"ran"});
}

TEST_F(ThreadCoroutineTest, ManyCallsAreCancelledWhileTheyRun) {
  constexpr int kCalls = 5000;
  std::atomic<int> ran{0};
  int cancelled_before = 0;
  run_with([&] {
    for (int i = 0; i < kCalls; ++i) {
      const int before = ran;
      const auto handle = loop().call_soon_threadsafe([&] { ++ran; });
      handle.cancel();
      if (ran == before) ++cancelled_before;
    }
  });
  EXPECT_EQ(ran + cancelled_before, kCalls);
}

}  // namespace
