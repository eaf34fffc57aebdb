// SPDX-License-Identifier: Apache-2.0
//
// Waits for children and signals, cancelled: the next wait has the return code, no zombie stays, no signal is lost.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/process/subprocess_test.hpp"

#include <corolla/net/signals.hpp>

#include <csignal>

namespace corolla_tests {
namespace {

class ProcessCancelTest : public SubprocessTest {};

SubprocessOptions stdin_piped() {
  SubprocessOptions options;
  options.stdin_from = Stdio::kPipe;
  return options;
}

// A child that lives until its stdin ends.
TEST_F(ProcessCancelTest, AWaitTakesNoReturnCodeAway) {
  run([]() -> Coro<void> {
    auto round = [](CancelRounds& rounds) -> Coro<void> {
      auto process = co_await create_subprocess_exec(stdin_piped(), "sh", "-c", "read line; exit 7");
      auto task = create_task([](Process& p) -> Coro<int> { co_return co_await p.wait(); }, std::ref(process));
      auto end = [&] { process.close_pipe(0); };
      co_await rounds.disturb(task, end);
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result ? *result == 7 : result.cancelled());
      const int code = co_await process.wait();
      EXPECT_EQ(code, 7);
    };
    co_await a_thousand_rounds(151, round);
  }());
}

// What communicate read is lost, the child is not: it goes on, and is reaped.
TEST_F(ProcessCancelTest, CommunicateLeavesTheChildToItsOwner) {
  run([]() -> Coro<void> {
    auto nothing = [] {};
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto process = co_await create_subprocess_exec(piped(), "cat");
      auto task = create_task([](Process& p) { return p.communicate("to and fro"); }, std::ref(process));
      co_await rounds.disturb(task, nothing);
      const auto result = co_await outcome(task);
      if (result) {
        EXPECT_EQ(result->first, "to and fro");
      } else {
        EXPECT_TRUE(result.cancelled()) << result.error_message();
        process.close_pipe(0);
      }
      const int code = co_await process.wait();
      EXPECT_TRUE(code == 0 || code == -SIGPIPE) << code;
    };
    co_await a_thousand_rounds(152, round);
  }());
}

TEST_F(ProcessCancelTest, NoSignalIsLost) {
  run([]() -> Coro<void> {
    SignalSet signals({SIGUSR1, SIGUSR2});
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      const int signal = rounds.random().below(2000) < 1000 ? SIGUSR1 : SIGUSR2;
      auto task = create_task([](SignalSet& set) { return set.next(); }, std::ref(signals));
      auto raise = [&] { ::raise(signal); };
      co_await rounds.disturb(task, raise);
      const auto result = co_await outcome(task);
      if (result) {
        EXPECT_EQ(*result, signal);
      } else {
        EXPECT_TRUE(result.cancelled());
        auto waiting = signals.next();
        const int got = co_await std::move(waiting);
        EXPECT_EQ(got, signal);
      }
    };
    co_await a_thousand_rounds(153, round);
  }());
}

}  // namespace
}  // namespace corolla_tests
