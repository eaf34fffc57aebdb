// SPDX-License-Identifier: Apache-2.0
//
// Children by the hundred, killed at random, dropped, outliving their loop: none is left behind as a zombie.
#include "tests/net/process/subprocess_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/runtime/log.hpp>

#include <array>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace corolla_tests {
namespace {

class SubprocessLifeTest : public SubprocessTest {};

Coro<std::string> output_of(std::string command) {
  SubprocessOptions options;
  options.stdout_to = Stdio::kPipe;
  auto process = co_await create_subprocess_shell(std::move(command), options);
  auto talk = process.communicate();
  auto result = co_await std::move(talk);
  co_return result.first;
}

TEST_F(SubprocessLifeTest, TwoHundredAtOnce) {
  run([]() -> Coro<void> {
    std::vector<Process> processes;
    for (int i = 0; i < 200; ++i) processes.push_back(co_await create_subprocess_exec(piped(), "cat"));
    EXPECT_EQ(count_children(), 200U);
    std::vector<Task<std::pair<std::string, std::string>>> talks;
    for (std::size_t i = 0; i < processes.size(); ++i)
      talks.push_back(create_task(processes[i].communicate(std::to_string(i))));
    for (std::size_t i = 0; i < talks.size(); ++i) {
      const auto result = co_await talks[i];
      EXPECT_EQ(result.first, std::to_string(i));
      EXPECT_EQ(processes[i].returncode(), 0);
    }
    EXPECT_EQ(count_children(), 0U);
  }());
}

TEST_F(SubprocessLifeTest, KilledAtRandom) {
  run([]() -> Coro<void> {
    Random random(23);
    int killed = 0;
    for (int round = 0; round < 100; ++round) {
      auto process = co_await create_subprocess_shell("head -c 300000 /dev/zero; cat", piped());
      auto talking = create_task(process.communicate(pattern(300'000)));
      const std::array<int, 4> signals{SIGKILL, SIGTERM, SIGHUP, SIGUSR1};
      const int signal = signals[random.below(signals.size())];
      for (std::size_t steps = random.below(40); steps > 0; --steps) co_await sleep(0s);
      if (!process.returncode()) process.send_signal(signal);
      const auto result = co_await outcome(talking);
      // Its pipes end with it, so the talk ends well, with a part of the output.
      EXPECT_TRUE(result.has_value()) << result.error_message();
      const int code = co_await process.wait();
      EXPECT_TRUE(code == -signal || code == 0 || code == 128 + signal) << code;
      killed += code == 0 ? 0 : 1;
    }
    EXPECT_GT(killed, 10);
  }());
}

TEST_F(SubprocessLifeTest, OneThatIsDroppedIsKilledAndReapedByTheLoop) {
  run([]() -> Coro<void> {
    {
      auto process = co_await create_subprocess_exec(piped(), "cat");
      auto other = co_await create_subprocess_exec(SubprocessOptions(), "sleep", "1000");
      other = co_await create_subprocess_exec(SubprocessOptions(), "sleep", "1000");
      EXPECT_EQ(count_children(), 3U);
    }
    while (count_children() > 0) co_await sleep(1ms);
    // Those who wait for it learn of its end.
    auto process = std::make_unique<Process>(co_await create_subprocess_exec(SubprocessOptions(), "sleep", "1000"));
    auto waiting = create_task([](Process& p) -> Coro<int> { co_return co_await p.wait(); }, std::ref(*process));
    co_await sleep(0s);
    process.reset();
    const int code = co_await waiting;
    EXPECT_EQ(code, -SIGKILL);
  }());
}

TEST_F(SubprocessLifeTest, OneThatIsDroppedAtTheEndIsReapedWithTheLoop) {
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_exec(piped(), "cat");
    EXPECT_EQ(count_children(), 1U);
  }());
  EXPECT_EQ(count_children(), 0U);
}

TEST_F(SubprocessLifeTest, OneThatOutlivesItsLoop) {
  std::optional<Process> process;
  {
    EventLoop loop;
    loop.run_until_complete([](std::optional<Process>& out) -> Coro<void> {
      out.emplace(co_await create_subprocess_exec(piped(), "cat"));
    }(process));
  }
  EXPECT_EQ(count_children(), 1U);
  EXPECT_EQ(process->returncode(), std::nullopt);
  process->terminate();  // it is still that child
  EventLoop another;
  const auto refused = another.run_until_complete(
      [](Process& p) -> Coro<Outcome<int>> { co_return co_await outcome(p.wait()); }(*process));
  EXPECT_TRUE(failed_with<RuntimeError>(refused));
  process.reset();
  EXPECT_EQ(count_children(), 0U);
}

TEST_F(SubprocessLifeTest, CreationThatIsCancelledLeavesNoChild) {
  run([]() -> Coro<void> {
    for (int steps = 0; steps < 4; ++steps) {
      auto creating = create_task(create_subprocess_exec(piped(), "cat"));
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      creating.cancel();
      static_cast<void>(co_await outcome(std::move(creating)));
      while (count_children() > 0) co_await sleep(1ms);
    }
  }());
}

TEST_F(SubprocessLifeTest, AnyThreadMayRunIt) {
  std::array<std::string, 4> outputs;
  std::vector<std::thread> threads;
  for (std::string& output : outputs) {
    threads.emplace_back([&output] {
      output = run([]() -> Coro<std::string> {
        std::vector<Task<std::string>> tasks;
        for (int i = 0; i < 10; ++i) tasks.push_back(create_task(output_of("echo " + std::to_string(i))));
        std::string all;
        for (const auto& task : tasks) all += co_await task;
        co_return all;
      }());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& output : outputs) EXPECT_EQ(output, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

TEST_F(SubprocessLifeTest, ACodeThatSomebodyElseTookIsUnknown) {
  std::string logged;
  set_log_handler([&](const LogRecord& record) { logged += record.message; });
  run([]() -> Coro<void> {
    auto process = co_await create_subprocess_shell("exit 3");
    siginfo_t info{};
    const int reaped = ::waitid(P_PID, static_cast<id_t>(process.pid()), &info, WEXITED);
    EXPECT_EQ(reaped, 0);
    const int code = co_await process.wait();
    EXPECT_EQ(code, 255);
  }());
  set_log_handler(nullptr);
  EXPECT_NE(logged.find("255"), std::string::npos);
}

TEST_F(SubprocessLifeTest, AProcessWithoutStandardInputHasChildrenWithOne) {
  const int kept = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
  ::close(STDIN_FILENO);
  const std::string output = run([]() -> Coro<std::string> {
    auto process = co_await create_subprocess_exec(piped(), "cat");  // its pipes would be number 0
    auto talk = process.communicate("abc");
    auto result = co_await std::move(talk);
    co_return result.first;
  }());
  if (kept >= 0) {
    ::dup2(kept, STDIN_FILENO);
    ::close(kept);
  }
  EXPECT_EQ(output, "abc");
}

TEST_F(SubprocessLifeTest, WithoutDescriptorsItFailsAndLeavesNothing) {
  run([]() -> Coro<void> {
    co_await sleep(1ms);  // the backend has what descriptors it needs
    std::vector<int> taken;
    for (int fd = ::dup(0); fd >= 0; fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0)) {
      taken.push_back(fd);
      if (taken.size() > 30) break;
    }
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    // From no descriptor free to enough: each step of the creation fails once.
    int failures = 0;
    int successes = 0;
    for (std::size_t free = 0; free < 15; ++free) {
      rlimit limit = before;
      limit.rlim_cur = static_cast<rlim_t>(taken.back()) + 1;
      for (std::size_t i = 0; i < free; ++i) ::close(taken[i]);
      const std::size_t open = open_descriptors();
      ::setrlimit(RLIMIT_NOFILE, &limit);
      {
        const auto made = co_await outcome(create_subprocess_exec(piped(true), "/bin/true"));
        if (made) ++successes;
        else EXPECT_EQ(os_error_of(made.error()), std::errc::too_many_files_open);
        failures += made ? 0 : 1;
      }
      ::setrlimit(RLIMIT_NOFILE, &before);
      while (count_children() > 0 || open_descriptors() > open) co_await sleep(1ms);
      for (std::size_t i = 0; i < free; ++i) {
        if (::fcntl(taken[i], F_GETFD) < 0) ::dup3(taken.back(), taken[i], O_CLOEXEC);
      }
    }
    EXPECT_GT(failures, 3);
    EXPECT_GT(successes, 3);
    for (const int fd : taken) ::close(fd);
  }());
}

Coro<void> a_child_and_its_pipes() {
  auto process = co_await create_subprocess_exec(piped(true), "cat");
  auto waiting = create_task([](Process& p) -> Coro<void> { co_await p.wait(); }, std::ref(process));
  auto talk = process.communicate(pattern(100'000));
  const auto result = co_await std::move(talk);
  EXPECT_EQ(result.first.size(), 100'000U);
  co_await waiting;
}

TEST_F(SubprocessLifeTest, ALoopThatDiesAtAnyStep) {
  run(a_child_and_its_pipes());
  destroy_at_every_step<RealLoop>(a_child_and_its_pipes);
}

}  // namespace
}  // namespace corolla_tests
