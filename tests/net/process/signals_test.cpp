// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"
#include "tests/support/sanitizers.hpp"

#include <corolla/net/signals.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <latch>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include <sys/wait.h>

namespace corolla_tests {
namespace {

using Action = void (*)(int);

Action action_of(int signal) {
  struct sigaction present{};
  ::sigaction(signal, nullptr, &present);
  return present.sa_handler;
}

/// Fails when a test leaves the action of a signal changed.
class SignalsTest : public NetTest {
 protected:
  static constexpr std::array<int, 6> kUsed{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};
  void SetUp() override {
    NetTest::SetUp();
    for (const int signal : kUsed) before_[signal] = action_of(signal);
  }
  void TearDown() override {
    for (const int signal : kUsed) EXPECT_EQ(action_of(signal), before_[signal]) << signal;
    NetTest::TearDown();
  }

 private:
  std::map<int, Action> before_;
};

TEST_F(SignalsTest, ACallbackRunsInTheLoopForEachSignalInTheirOrder) {
  run([]() -> Coro<void> {
    std::string order;
    add_signal_handler(SIGUSR1, [&] { order += '1'; });
    add_signal_handler(SIGUSR2, [&] { order += '2'; });
    ::raise(SIGUSR2);
    ::raise(SIGUSR1);
    ::raise(SIGUSR1);
    EXPECT_EQ(order, "");  // not in the kernel's handler
    while (order.size() < 3) co_await sleep(0s);
    EXPECT_EQ(order, "211");
    EXPECT_TRUE(remove_signal_handler(SIGUSR1));
    EXPECT_FALSE(remove_signal_handler(SIGUSR1));
    EXPECT_FALSE(remove_signal_handler(SIGTERM));
    EXPECT_TRUE(remove_signal_handler(SIGUSR2));
  }());
}

TEST_F(SignalsTest, ASignalWakesALoopThatWaits) {
  run([]() -> Coro<void> {
    auto called = get_running_loop().create_future();
    add_signal_handler(SIGUSR1, [&] { called.set_result(); });
    std::thread sender([] { ::kill(::getpid(), SIGUSR1); });
    co_await called;
    sender.join();
    struct sigaction present{};
    ::sigaction(SIGUSR1, nullptr, &present);
    EXPECT_TRUE(present.sa_flags & SA_RESTART);
  }());
}

TEST_F(SignalsTest, AReplacedOrRemovedCallbackIsNotCalledAnyMore) {
  run([]() -> Coro<void> {
    std::string calls;
    add_signal_handler(SIGUSR1, [&] { calls += "old"; });
    ::raise(SIGUSR1);
    add_signal_handler(SIGUSR1, [&] { calls += "new"; });
    ::raise(SIGUSR1);
    while (calls.find("new") == std::string::npos) co_await sleep(0s);
    for (int i = 0; i < 5; ++i) co_await sleep(0s);
    EXPECT_EQ(calls.find("old"), std::string::npos);
    calls.clear();
    SignalSet beside({SIGUSR1});
    ::raise(SIGUSR1);
    EXPECT_TRUE(remove_signal_handler(SIGUSR1));
    const int got = co_await beside.next();
    EXPECT_EQ(got, SIGUSR1);
    for (int i = 0; i < 5; ++i) co_await sleep(0s);
    EXPECT_EQ(calls, "");
  }());
}

TEST_F(SignalsTest, ACallbackMayRemoveItself) {
  run([]() -> Coro<void> {
    const Action before = action_of(SIGUSR1);
    auto called = get_running_loop().create_future();
    add_signal_handler(SIGUSR1, [&] {
      EXPECT_TRUE(remove_signal_handler(SIGUSR1));
      EXPECT_EQ(action_of(SIGUSR1), before);
      called.set_result();
    });
    ::raise(SIGUSR1);
    co_await called;
  }());
}

TEST_F(SignalsTest, NumbersThatCannotBeHandled) {
  run([]() -> Coro<void> {
    for (const int signal : {0, -1, 32, 65, 1000}) {
      EXPECT_THROW(add_signal_handler(signal, [] {}), ValueError) << signal;
      EXPECT_THROW(remove_signal_handler(signal), ValueError) << signal;
    }
    for (const int signal : {SIGKILL, SIGSTOP, SIGSEGV, SIGFPE})
      EXPECT_THROW(add_signal_handler(signal, [] {}), RuntimeError) << signal;
    const std::vector<int> one_is_bad{SIGUSR1, SIGKILL};
    EXPECT_THROW(SignalSet{one_is_bad}, RuntimeError);
    EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
    co_return;
  }());
  EXPECT_THROW(add_signal_handler(SIGUSR1, [] {}), RuntimeError);  // no loop
}

TEST_F(SignalsTest, WhatACallbackThrowsIsReported) {
  run([]() -> Coro<void> {
    int reports = 0;
    get_running_loop().set_exception_handler([&](EventLoop&, const ErrorContext&) { ++reports; });
    add_signal_handler(SIGUSR1, [] { throw ValueError("in a handler"); });
    ::raise(SIGUSR1);
    while (reports == 0) co_await sleep(0s);
    ::raise(SIGUSR1);
    while (reports == 1) co_await sleep(0s);
  }());
}

TEST_F(SignalsTest, ACallbackRunsInTheContextOfItsInstallation) {
  static ContextVar<int> number("number", 0);
  run([]() -> Coro<void> {
    number.set(1);
    int seen = -1;
    add_signal_handler(SIGUSR1, [&] { seen = number.get(); });
    number.set(2);
    ::raise(SIGUSR1);
    while (seen < 0) co_await sleep(0s);
    EXPECT_EQ(seen, 1);
  }());
}

TEST_F(SignalsTest, TheFormerActionComesBack) {
  std::signal(SIGHUP, SIG_IGN);
  run([]() -> Coro<void> {
    {
      SignalSet first({SIGHUP, SIGUSR1});
      {
        SignalSet second({SIGHUP});
      }
      EXPECT_NE(action_of(SIGHUP), SIG_IGN);
      EXPECT_NE(action_of(SIGUSR1), SIG_DFL);
    }
    EXPECT_EQ(action_of(SIGHUP), SIG_IGN);
    EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
    // What somebody else installed meanwhile stays.
    add_signal_handler(SIGHUP, [] {});
    std::signal(SIGHUP, SIG_DFL);
    remove_signal_handler(SIGHUP);
    EXPECT_EQ(action_of(SIGHUP), SIG_DFL);
    add_signal_handler(SIGHUP, [] {});  // a loop that ends takes its own with it
    co_return;
  }());
}

TEST_F(SignalsTest, ASetGivesSignalsInTheirOrderAndKeepsThoseNobodyWaitsFor) {
  run([]() -> Coro<void> {
    SignalSet signals({SIGTERM, SIGHUP, SIGTERM});
    ::raise(SIGTERM);
    ::raise(SIGHUP);
    ::raise(SIGTERM);
    std::vector<int> got;
    for (int i = 0; i < 3; ++i) got.push_back(co_await signals.next());
    EXPECT_EQ(got, (std::vector<int>{SIGTERM, SIGHUP, SIGTERM}));
    auto waiting = create_task(signals.next());
    co_await sleep(0s);
    const auto second = co_await outcome(signals.next());
    EXPECT_TRUE(failed_with<RuntimeError>(second));
    ::raise(SIGHUP);
    const int last = co_await waiting;
    EXPECT_EQ(last, SIGHUP);
  }());
}

TEST_F(SignalsTest, CancelledBeforeInFlightAndAfterItLosesNoSignal) {
  run([]() -> Coro<void> {
    SignalSet signals({SIGUSR1});
    for (int steps = 0; steps < 12; ++steps) {
      auto waiting = create_task(signals.next());
      if (steps % 2 == 0) co_await sleep(0s);
      ::raise(SIGUSR1);
      for (int i = 0; i < steps / 2; ++i) co_await sleep(0s);
      waiting.cancel();
      const auto result = co_await outcome(waiting);
      if (result) {
        EXPECT_EQ(*result, SIGUSR1);
      } else {
        const int got = co_await signals.next();
        EXPECT_EQ(got, SIGUSR1);
      }
    }
  }());
}

TEST_F(SignalsTest, MoreThanAPipeHoldsLosesNoNumber) {
  run([]() -> Coro<void> {
    SignalSet signals({SIGUSR1, SIGUSR2});
    for (int i = 0; i < 70'000; ++i) ::raise(SIGUSR1);
    ::raise(SIGUSR2);
    int handled = 0;
    add_signal_handler(SIGUSR2, [&] { ++handled; });
    while (handled == 0) co_await sleep(0s);
    std::size_t taken = 0;
    for (; taken < SignalSet::kMaxPending; ++taken) {
      const int got = co_await signals.next();
      EXPECT_EQ(got, SIGUSR1);
    }
    // Those beyond were dropped.
    auto next = create_task(signals.next());
    for (int i = 0; i < 5; ++i) co_await sleep(0s);
    EXPECT_FALSE(next.done());
    next.cancel();
    static_cast<void>(co_await outcome(next));
  }());
}

TEST_F(SignalsTest, SeveralLoopsInSeveralThreadsAreServed) {
  constexpr int kLoops = 4;
  std::latch ready(kLoops);
  std::array<int, kLoops> got{};
  std::vector<std::thread> threads;
  for (int& mine : got) {
    threads.emplace_back([&ready, &mine] {
      run([](std::latch& all, int& out) -> Coro<void> {
        SignalSet signals({SIGUSR1, SIGUSR2});
        all.count_down();
        for (;;) {
          const int signal = co_await signals.next();
          if (signal == SIGUSR2) break;
          ++out;
        }
      }(ready, mine));
    });
  }
  ready.wait();
  ::kill(::getpid(), SIGUSR1);
  ::kill(::getpid(), SIGUSR2);
  for (std::thread& thread : threads) thread.join();
  for (const int count : got) EXPECT_EQ(count, 1);
}

// Loops come and go while signals rain: no number is written into a descriptor that is somebody else's by now.
TEST_F(SignalsTest, LoopsComeAndGoWhileSignalsCome) {
  std::signal(SIGUSR1, SIG_IGN);
  std::atomic<bool> stop{false};
  std::thread sender([&] {
    while (!stop.load()) ::kill(::getpid(), SIGUSR1);
  });
  for (int round = 0; round < 200; ++round) {
    run([]() -> Coro<void> {
      SignalSet signals({SIGUSR1});
      const int got = co_await signals.next();
      EXPECT_EQ(got, SIGUSR1);
    }());
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), -1);
    ::close(ends[0]);
    ::close(ends[1]);
  }
  stop = true;
  sender.join();
  std::signal(SIGUSR1, SIG_DFL);
}

#if !__has_feature(thread_sanitizer)  // which delivers no signals after a fork with threads
TEST_F(SignalsTest, AForkedChildTakesSignalsByItsDefault) {
  run([]() -> Coro<void> {
    int calls = 0;
    add_signal_handler(SIGTERM, [&] { ++calls; });
    const pid_t child = ::fork();
    if (child == 0) {
      ::raise(SIGTERM);
      ::alarm(10);  // ends a child that took no notice, by another signal
      ::pause();
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    for (int i = 0; i < 5; ++i) co_await sleep(0s);
    EXPECT_EQ(calls, 0);
  }());
}
#endif

TEST_F(SignalsTest, AnOwnHandlerReplacesTheRunnersCtrlC) {
  Runner runner;
  runner.run([]() -> Coro<void> {
    int calls = 0;
    add_signal_handler(SIGINT, [&] { ++calls; });
    for (int i = 0; i < 3; ++i) ::raise(SIGINT);
    while (calls < 3) co_await sleep(0s);
    EXPECT_TRUE(remove_signal_handler(SIGINT));
  }());
  // And the runner's is back behind it.
  EXPECT_THROW(runner.run([]() -> Coro<void> {
    add_signal_handler(SIGINT, [] {});
    remove_signal_handler(SIGINT);
    ::raise(SIGINT);
    co_await sleep(1000h);
  }()),
               KeyboardInterrupt);
}

TEST_F(SignalsTest, AHandlerThatOutlivesARun) {
  Runner runner;
  int calls = 0;
  runner.run([](int& count) -> Coro<void> {
    add_signal_handler(SIGINT, [&count] { ++count; });
    co_return;
  }(calls));
  ::raise(SIGINT);
  runner.run([](int& count) -> Coro<void> {
    while (count == 0) co_await sleep(0s);
    remove_signal_handler(SIGINT);
  }(calls));
  // What came back is the action of a run that has ended; the next run has its Ctrl-C all the same.
  EXPECT_THROW(runner.run([]() -> Coro<void> {
    ::raise(SIGINT);
    co_await sleep(1000h);
  }()),
               KeyboardInterrupt);
  runner.close();
  std::signal(SIGINT, SIG_DFL);
}

TEST_F(SignalsTest, ASetThatOutlivesItsLoop) {
  std::optional<SignalSet> signals;
  run([](std::optional<SignalSet>& out) -> Coro<void> {
    out.emplace(std::vector<int>{SIGUSR1});
    co_return;
  }(signals));
  EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
  const auto refused =
      run([](SignalSet& set) -> Coro<Outcome<int>> { co_return co_await outcome(set.next()); }(*signals));
  EXPECT_TRUE(failed_with<RuntimeError>(refused));
}

Coro<void> handlers_and_a_set() {
  SignalSet signals({SIGUSR1});
  int calls = 0;
  add_signal_handler(SIGUSR1, [&] { ++calls; });
  auto waiting = create_task(signals.next());
  co_await sleep(0s);
  ::raise(SIGUSR1);
  const int got = co_await waiting;
  EXPECT_EQ(got, SIGUSR1);
  while (calls == 0) co_await sleep(0s);
  remove_signal_handler(SIGUSR1);
}

TEST_F(SignalsTest, ALoopThatDiesAtAnyStep) {
  run(handlers_and_a_set());
  destroy_at_every_step<RealLoop>(handlers_and_a_set);
}

}  // namespace
}  // namespace corolla_tests
