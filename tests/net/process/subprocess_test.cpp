// SPDX-License-Identifier: Apache-2.0
#include "tests/net/process/subprocess_test.hpp"

#include <csignal>
#include <thread>
#include <vector>

namespace corolla_tests {
namespace {

TEST_F(SubprocessTest, StdinAndStdout) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_exec(piped(), "cat");
    EXPECT_GT(process.pid(), 0);
    co_await process.stdin_pipe().write("some data");
    process.stdin_pipe().close();
    auto reading = process.stdout_pipe().read();
    const std::string data = co_await std::move(reading);
    const int code = co_await process.wait();
    EXPECT_EQ(data, "some data");
    EXPECT_EQ(code, 0);
    EXPECT_EQ(process.returncode(), 0);
    EXPECT_THROW(static_cast<void>(process.stderr_pipe()), RuntimeError);
    EXPECT_THROW(process.close_pipe(STDERR_FILENO), RuntimeError);
    EXPECT_THROW(process.close_pipe(3), ValueError);
  }());
}

TEST_F(SubprocessTest, CommunicateFeedsAndReadsAtOnce) {
  run([]() -> Coro<void> {
    // More than all pipes on the way hold.
    const std::string data = pattern(2'000'000);
    auto process = co_await create_subprocess_shell("cat; echo done >&2", piped(true));
    auto talk = process.communicate(data);
    const auto [output, errors] = co_await std::move(talk);
    EXPECT_TRUE(output == data);
    EXPECT_EQ(errors, "done\n");
    EXPECT_EQ(process.returncode(), 0);
    // Everything is over: again it returns at once.
    auto again = process.communicate();
    const auto nothing = co_await std::move(again);
    EXPECT_EQ(nothing.first, "");
  }());
}

TEST_F(SubprocessTest, CommunicateWithoutInputClosesStdin) {
  run([]() -> Coro<void> {
    SubprocessOptions options = piped(true);
    options.close_fds = false;
    auto process = co_await create_subprocess_exec(options, "wc", "-c");
    auto talk = process.communicate();
    const auto [output, errors] = co_await std::move(talk);
    EXPECT_EQ(output, "0\n");
    EXPECT_EQ(errors, "");
    // The child's end of stdin is not inherited by the child a second time.
    auto counting = co_await create_subprocess_exec(options, "wc", "-c");
    auto three = counting.communicate("abc");
    const auto counted = co_await std::move(three);
    EXPECT_EQ(counted.first, "3\n");
    auto by_name = co_await create_subprocess_exec(options, "wc", "-c", "/dev/stdin");
    auto named = by_name.communicate("abcd");
    const auto named_output = co_await std::move(named);
    EXPECT_EQ(named_output.first, "4 /dev/stdin\n");
  }());
}

TEST_F(SubprocessTest, CommunicateWithInputButNoPipeIsRefused) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_exec(SubprocessOptions(), "true");
    auto talk = process.communicate("abc");
    const auto result = co_await outcome(std::move(talk));
    EXPECT_TRUE(failed_with<ValueError>(result));
    auto silent = process.communicate();
    const auto nothing = co_await std::move(silent);
    EXPECT_EQ(nothing.first + nothing.second, "");
    EXPECT_EQ(process.returncode(), 0);
  }());
}

TEST_F(SubprocessTest, CommunicateIgnoresAChildThatDoesNotRead) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_exec(piped(), "true");
    auto talk = process.communicate(pattern(2'000'000));
    co_await std::move(talk);
    EXPECT_EQ(process.returncode(), 0);
  }());
}

TEST_F(SubprocessTest, WritingToAChildThatEndedIsAnError) {
  int gate[2] = {-1, -1};
  ASSERT_EQ(::pipe2(gate, O_CLOEXEC), 0);
  run([](int reading, int writing) -> Coro<void> {
    // It ends without having read its input, and not before the pipe is full.
    SubprocessOptions options = piped();
    options.pass_fds.push_back(reading);
    auto process = co_await create_subprocess_shell("read line < /proc/self/fd/" + std::to_string(reading), options);
    auto& writer = process.stdin_pipe();
    writer.write_nowait(pattern(2'000'000));
    EXPECT_EQ(::write(writing, "go\n", 3), 3);
    const auto drained = co_await outcome(writer.drain());
    EXPECT_EQ(os_error_of(drained.error()), std::errc::broken_pipe);
    const int code = co_await process.wait();
    EXPECT_EQ(code, 0);
  }(gate[0], gate[1]));
  ::close(gate[0]);
  ::close(gate[1]);
}

TEST_F(SubprocessTest, TheLimitHoldsForLinesAlone) {
  run([]() -> Coro<void> {
    SubprocessOptions options = piped();
    options.limit = 10;
    auto process = co_await create_subprocess_shell("printf '%021d' 7", options);
    EXPECT_EQ(process.stdout_pipe().limit(), 10U);
    auto talk = process.communicate();
    const auto result = co_await std::move(talk);
    EXPECT_EQ(result.first.size(), 21U);
    auto second = co_await create_subprocess_shell("printf '%021d\\n' 7", options);
    auto line = second.stdout_pipe().readline();
    const auto refused = co_await outcome(std::move(line));
    EXPECT_TRUE(failed_with<ValueError>(refused));
  }());
}

TEST_F(SubprocessTest, OutputIsReadAfterTheEndOfTheChild) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_shell("printf '%060000d' 7; exit 1", piped());
    const int code = co_await process.wait();
    EXPECT_EQ(code, 1);
    auto reading = process.stdout_pipe().read();
    const std::string output = co_await std::move(reading);
    EXPECT_EQ(output.size(), 60'000U);
  }());
}

TEST_F(SubprocessTest, AClosedPipeIsTheChildsProblem) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_shell("while read line; do echo $line; done", piped());
    co_await process.stdin_pipe().write("test\n");
    auto reading = process.stdout_pipe().readline();
    const std::string line = co_await std::move(reading);
    EXPECT_EQ(line, "test\n");
    process.close_pipe(STDOUT_FILENO);
    process.stdin_pipe().write_nowait("to nobody\n");
    const int code = co_await process.wait();
    EXPECT_EQ(code, -SIGPIPE);
  }());
}

TEST_F(SubprocessTest, ReturnCodes) {
  run([]() -> Coro<void> {
    auto seven = co_await create_subprocess_shell("exit 7");
    EXPECT_EQ(seven.returncode(), std::nullopt);
    int code = co_await seven.wait();
    EXPECT_EQ(code, 7);
    auto killed = co_await create_subprocess_exec(SubprocessOptions(), "sleep", "1000");
    killed.kill();
    code = co_await killed.wait();
    EXPECT_EQ(code, -SIGKILL);
    auto terminated = co_await create_subprocess_exec(SubprocessOptions(), "sleep", "1000");
    terminated.terminate();
    code = co_await terminated.wait();
    EXPECT_EQ(code, -SIGTERM);
    auto hung_up = co_await create_subprocess_exec(SubprocessOptions(), "sleep", "1000");
    hung_up.send_signal(SIGHUP);
    code = co_await hung_up.wait();
    EXPECT_EQ(code, -SIGHUP);
    // A shell whose own child goes on: it is the shell that is waited for, and its pipe stays open.
    auto shell = co_await create_subprocess_shell("sleep 1000 & echo $!; wait", piped());
    auto reading = shell.stdout_pipe().readline();
    const int grandchild = std::stoi(co_await std::move(reading));
    shell.kill();
    code = co_await shell.wait();
    EXPECT_EQ(code, -SIGKILL);
    EXPECT_FALSE(shell.stdout_pipe().at_eof());
    ::kill(grandchild, SIGKILL);
  }());
}

TEST_F(SubprocessTest, SignalsAfterTheEndAreErrors) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_exec(SubprocessOptions(), "true");
    EXPECT_THROW(process.send_signal(1000), OSError);
    // Until its end was noticed a signal is lost in silence.
    while (!ended_unreaped(process.pid())) std::this_thread::yield();
    process.send_signal(SIGUSR1);
    EXPECT_EQ(process.returncode(), std::nullopt);
    const int code = co_await process.wait();
    EXPECT_EQ(code, 0);
    try {
      process.kill();
      ADD_FAILURE() << "a signal was sent to a process that has ended";
    } catch (const OSError& error) {
      EXPECT_EQ(error.code(), std::errc::no_such_process);
    }
  }());
}

TEST_F(SubprocessTest, ManyMayWait) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_exec(piped(), "cat");
    std::string order;
    std::vector<Task<void>> waiting;
    for (char name = 'a'; name < 'k'; ++name) {
      waiting.push_back(create_task(
          [](Process& p, std::string& log, char self) -> Coro<void> {
            const int code = co_await p.wait();
            EXPECT_EQ(code, 0);
            log += self;
          },
          std::ref(process), std::ref(order), name));
    }
    co_await sleep(0s);
    waiting[3].cancel();
    co_await sleep(0s);
    EXPECT_TRUE(waiting[3].cancelled());
    process.stdin_pipe().close();
    for (std::size_t i = 0; i < waiting.size(); ++i)
      if (i != 3) co_await waiting[i];
    EXPECT_EQ(order, "abcefghij");
    const int again = co_await process.wait();
    EXPECT_EQ(again, 0);
  }());
}

TEST_F(SubprocessTest, WaitingIsCancelledBeforeInFlightAndAfter) {
  run([]() -> Coro<void> {
    const auto wait = [](Process& p) -> Coro<int> { co_return co_await p.wait(); };
    for (int round = 0; round < 20; ++round) {
      auto process = co_await create_subprocess_exec(SubprocessOptions(), "sleep", "1000");
      auto before = create_task(wait, std::ref(process));
      before.cancel();
      auto in_flight = create_task(wait, std::ref(process));
      co_await sleep(0s);
      in_flight.cancel();
      const auto first = co_await outcome(before);
      const auto second = co_await outcome(in_flight);
      EXPECT_TRUE(first.cancelled());
      EXPECT_TRUE(second.cancelled());
      // The end wakes both in one go; the one that runs first cancels the other, which was woken already.
      std::vector<Task<int>> pair(2);
      const auto wait_and_cancel = [](Process& p, std::vector<Task<int>>& tasks) -> Coro<int> {
        const int code = co_await p.wait();
        tasks[1].cancel();
        co_return code;
      };
      pair[0] = create_task(wait_and_cancel, std::ref(process), std::ref(pair));
      pair[1] = create_task(wait, std::ref(process));
      co_await sleep(0s);
      process.kill();
      const int code = co_await pair[0];
      EXPECT_EQ(code, -SIGKILL);
      const auto after = co_await outcome(pair[1]);
      EXPECT_TRUE(after.cancelled());
    }
  }());
}

TEST_F(SubprocessTest, CommunicateIsCancelledAtAnyMoment) {
  run([]() -> Coro<void> {
    for (int steps = 0; steps < 8; ++steps) {
      auto process = co_await create_subprocess_exec(piped(), "cat");
      auto talking = create_task(process.communicate(pattern(500'000)));
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      talking.cancel();
      static_cast<void>(co_await outcome(talking));
      process.kill();
      const int code = co_await process.wait();
      EXPECT_TRUE(code == -SIGKILL || code == 0);
    }
  }());
}

}  // namespace
}  // namespace corolla_tests
