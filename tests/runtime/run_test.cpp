// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace corolla_tests;

class RunTest : public testing::Test {
 protected:
  RunTest() : before_(live_objects()) {}
  ~RunTest() override { expect_same_live_objects(before_, "by the test"); }
  Log log;

 private:
  LiveObjects before_;
};

Coro<int> number(int value) {
  co_await turns(1);
  co_return value;
}
Coro<void> failing() {
  co_await turns(1);
  throw ValueError("main failed");
}
Coro<void> note_cancellation(Log& log, std::string name) {
  try {
    co_await forever();
  } catch (const CancelledError&) {
    log.push_back(name);
    throw;
  }
}

TEST_F(RunTest, GivesTheValueOrThrowsTheException) {
  EXPECT_EQ(corolla::run(number(3)), 3);
  EXPECT_THROW(corolla::run(failing()), ValueError);
  EXPECT_EQ(running_loop_or_null(), nullptr);
}

TEST_F(RunTest, RefusesToRunInsideALoop) {
  auto body = []() -> Coro<void> {
    EXPECT_THROW(corolla::run(number(1)), RuntimeError);
    co_return;
  };
  corolla::run(body());
}

TEST_F(RunTest, CancelsAndJoinsWhatIsLeft) {
  auto body = [this]() -> Coro<void> {
    create_task(note_cancellation(log, "a"));
    create_task(
        [](Log* out) -> Coro<void> {
          try {
            co_await forever();
          } catch (const CancelledError&) {
          }
          co_await sleep(1ms);  // clean-up may wait
          out->push_back("cleaned up");
        },
        &log);
    create_task(note_cancellation(log, "b"));
    co_await turns(1);
    log.push_back("main ends");
  };
  corolla::run(body());
  EXPECT_EQ(log, (Log{"main ends", "a", "b", "cleaned up"}));
}

TEST_F(RunTest, ReportsErrorsOfWhatIsLeft) {
  auto body = []() -> Coro<void> {
    create_task([]() -> Coro<void> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
        throw ValueError("failed while shutting down");
      }
    }).set_name("left over");
    co_await turns(1);
  };
  testing::internal::CaptureStderr();
  corolla::run(body());
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_NE(output.find("failed while shutting down"), std::string::npos) << output;
  EXPECT_NE(output.find("left over"), std::string::npos) << output;
}

TEST_F(RunTest, ARunnerKeepsItsLoopForSeveralRuns) {
  Runner runner;
  EventLoop* const loop = &runner.loop();
  auto background = Task<void>();
  auto first = [&]() -> Coro<void> {
    EXPECT_EQ(&get_running_loop(), loop);
    background = create_task(note_cancellation(log, "background"));
    co_await turns(1);
  };
  runner.run(first());
  EXPECT_FALSE(background.done());
  EXPECT_EQ(runner.run(number(2)), 2);
  runner.close();
  runner.close();
  EXPECT_EQ(log, Log{"background"});
  EXPECT_THROW(runner.run(number(1)), RuntimeError);
}

TEST_F(RunTest, ARunnerKeepsItsContextForSeveralRuns) {
  ContextVar<int> number("number", 0);
  Runner runner;
  auto next = [&]() -> Coro<int> {
    const int before = number.get();
    number.set(before + 1);
    co_return before;
  };
  EXPECT_EQ(runner.run(next()), 0);
  EXPECT_EQ(runner.run(next()), 1);
  EXPECT_EQ(number.get(), 0);
}

TEST_F(RunTest, ACancellationOfMainThatIsNoCtrlCIsThrown) {
  auto body = []() -> Coro<void> {
    current_task().cancel("by itself");
    co_await turns(1);
  };
  EXPECT_THROW(corolla::run(body()), CancelledError);
}

TEST_F(RunTest, ATaskThatStopsTheLoopDuringTheShutdownDoesNotEndTheProcess) {
  auto body = []() -> Coro<void> {
    create_task([]() -> Coro<void> {
      try {
        co_await forever();
      } catch (const CancelledError&) {
        get_running_loop().stop();
      }
      co_await turns(5);
    });
    co_await turns(1);
  };
  testing::internal::CaptureStderr();
  corolla::run(body());
  EXPECT_FALSE(testing::internal::GetCapturedStderr().empty());
  Runner runner;
  runner.run(body());
  EXPECT_THROW(runner.close(), RuntimeError);
  EXPECT_TRUE(runner.loop().is_closed());
}

TEST_F(RunTest, RunMainMakesAnExitCode) {
  EXPECT_EQ(run_main(number(7)), 7);
  EXPECT_EQ(run_main(turns(1)), 0);
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_main(failing()), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: main failed\n");
}

// -- Ctrl-C, in a process of its own ----------------------------------------------------------------------------------

struct Ending {
  int status = 0;
  std::string output;
};

/// Forks; the child runs `program` with descriptor 1 in the pipe and exits with its value.
Ending in_child(const std::function<int()>& program) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 1);
    ::close(ends[0]);
    std::signal(SIGINT, SIG_DFL);
    ::alarm(60);  // never hang the tests
    ::_exit(program());
  }
  ::close(ends[1]);
  Ending ending;
  char buffer[256];
  for (;;) {
    const auto count = ::read(ends[0], buffer, sizeof buffer);
    if (count <= 0) break;
    ending.output.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  ::waitpid(child, &ending.status, 0);
  return ending;
}

void say(std::string_view text) { static_cast<void>(!::write(1, text.data(), text.size())); }

Coro<void> interrupted_main(bool again) {
  get_running_loop().call_soon([] { ::kill(::getpid(), SIGINT); });
  try {
    co_await forever();
  } catch (const CancelledError&) {
    say("cleaning up;");
    if (again) ::kill(::getpid(), SIGINT);
    throw;
  }
}

TEST_F(RunTest, TheFirstCtrlCCancelsMainAndTheExitCodeIs130) {
  const Ending ending = in_child([] { return run_main(interrupted_main(false)); });
  ASSERT_TRUE(WIFEXITED(ending.status));
  EXPECT_EQ(WEXITSTATUS(ending.status), 130);
  EXPECT_EQ(ending.output, "cleaning up;");
}

TEST_F(RunTest, TheSecondCtrlCEndsTheProcess) {
  const Ending ending = in_child([] { return run_main(interrupted_main(true)); });
  ASSERT_TRUE(WIFSIGNALED(ending.status));
  EXPECT_EQ(WTERMSIG(ending.status), SIGINT);
  EXPECT_EQ(ending.output, "cleaning up;");
}

TEST_F(RunTest, CtrlCWakesALoopThatWaits) {
  const Ending ending = in_child([] {
    std::promise<void> begun;
    std::thread sender([child = ::getpid(), begins = begun.get_future()] {
      begins.wait();
      ::kill(child, SIGINT);
    });
    auto body = [&begun]() -> Coro<void> {
      begun.set_value();
      co_await forever();
    };
    const int code = run_main(body());
    sender.join();
    return code;
  });
  ASSERT_TRUE(WIFEXITED(ending.status));
  EXPECT_EQ(WEXITSTATUS(ending.status), 130);
}

TEST_F(RunTest, CtrlCDoesNotHideACancellationOfMainItself) {
  const Ending ending = in_child([] {
    auto body = []() -> Coro<void> {
      create_task(
          [](Task<> main) -> Coro<void> {
            co_await turns(1);
            main.cancel();
            ::kill(::getpid(), SIGINT);
          },
          current_task());
      co_await forever();
    };
    try {
      corolla::run(body());
    } catch (const CancelledError&) {
      return 7;
    } catch (const KeyboardInterrupt&) {
      return 8;
    }
    return 9;
  });
  ASSERT_TRUE(WIFEXITED(ending.status));
  EXPECT_EQ(WEXITSTATUS(ending.status), 7);
}

TEST_F(RunTest, AMainThatSwallowsCtrlCEndsAsItLikes) {
  const Ending ending = in_child([] {
    auto body = []() -> Coro<int> {
      get_running_loop().call_soon([] { ::kill(::getpid(), SIGINT); });
      try {
        co_await forever();
      } catch (const CancelledError&) {
      }
      co_return 5;
    };
    return run_main(body());
  });
  ASSERT_TRUE(WIFEXITED(ending.status));
  EXPECT_EQ(WEXITSTATUS(ending.status), 5);
}

TEST_F(RunTest, AHandlerOfOnesOwnIsLeftAlone) {
  const Ending ending = in_child([] {
    std::signal(SIGINT, [](int) { say("own handler;"); });
    auto body = []() -> Coro<void> {
      ::kill(::getpid(), SIGINT);
      co_await turns(3);
      say("went on;");
    };
    return run_main(body());
  });
  ASSERT_TRUE(WIFEXITED(ending.status));
  EXPECT_EQ(WEXITSTATUS(ending.status), 0);
  EXPECT_EQ(ending.output, "own handler;went on;");
}

TEST_F(RunTest, AfterARunSigintHasItsDefaultActionAgain) {
  const Ending ending = in_child([] {
    corolla::run(turns(1));
    ::kill(::getpid(), SIGINT);
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(ending.status));
  EXPECT_EQ(WTERMSIG(ending.status), SIGINT);
}

}  // namespace
