// SPDX-License-Identifier: Apache-2.0
//
// How a child is started: its streams, descriptors, environment, directory, signals; and what keeps it from starting.
#include "tests/net/process/subprocess_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <csignal>
#include <thread>
#include <vector>

namespace corolla_tests {
namespace {

TEST_F(SubprocessTest, DevNullAndStderrBesideStdout) {
  run([]() -> Coro<void> {
    SubprocessOptions options;
    options.stdin_from = Stdio::kDevNull;
    options.stdout_to = Stdio::kPipe;
    options.stderr_to = Stdio::kStdout;
    auto process = co_await create_subprocess_shell("echo out; wc -c; echo err >&2", options);
    auto talk = process.communicate();
    const auto both = co_await std::move(talk);
    EXPECT_EQ(both.first, "out\n0\nerr\n");
    options.stdin_from = Stdio::kPipe;
    options.stdout_to = Stdio::kDevNull;
    options.stderr_to = Stdio::kPipe;
    auto silent = co_await create_subprocess_shell("cat; echo err >&2", options);
    auto second = silent.communicate("abc");
    const auto result = co_await std::move(second);
    EXPECT_EQ(result.first, "");
    EXPECT_EQ(result.second, "err\n");
    options.stdout_to = Stdio::kPipe;
    options.stderr_to = Stdio::kDevNull;
    auto third = co_await create_subprocess_shell("cat; echo err >&2", options);
    auto talk3 = third.communicate("abc");
    const auto output = co_await std::move(talk3);
    EXPECT_EQ(output.first, "abc");
    EXPECT_EQ(output.second, "");
  }());
}

TEST_F(SubprocessTest, StreamsMayLeadToDescriptorsOfTheCaller) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "in", "from a file");
  const int in = ::open((directory / "in").c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open((directory / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  run([](int input, int output) -> Coro<void> {
    SubprocessOptions options;
    options.stdin_from = input;
    options.stdout_to = output;
    auto process = co_await create_subprocess_exec(options, "cat");
    const int code = co_await process.wait();
    EXPECT_EQ(code, 0);
    // 1 and 2 in each other's place: neither copy overwrites the other's source.
    options.stdin_from = Stdio::kDevNull;
    options.stdout_to = STDERR_FILENO;
    options.stderr_to = STDOUT_FILENO;
    auto swapped = co_await create_subprocess_shell(
        "[ $(stat -Lc %d:%i /proc/$PPID/fd/1) = $(stat -Lc %d:%i /proc/$$/fd/2) ] && "
        "[ $(stat -Lc %d:%i /proc/$PPID/fd/2) = $(stat -Lc %d:%i /proc/$$/fd/1) ]",
        options);
    const int same = co_await swapped.wait();
    EXPECT_EQ(same, 0);
  }(in, out));
  ::close(in);
  ::close(out);
  EXPECT_EQ(read_whole_file(directory / "out"), "from a file");
}

TEST_F(SubprocessTest, DescriptorsAreNotInheritedUnlessPassed) {
  const int secret = ::open("/dev/null", O_RDONLY);  // no FD_CLOEXEC
  run([](int other) -> Coro<void> {
    // Descriptors of the child: 0, 1, 2, and that with which ls reads the directory.
    auto process = co_await create_subprocess_shell("ls /proc/self/fd | wc -l", piped());
    auto talk = process.communicate();
    const auto list = co_await std::move(talk);
    EXPECT_EQ(list.first, "4\n");
    SubprocessOptions options = piped();
    options.pass_fds.push_back(other);
    const std::string test = "[ -e /proc/self/fd/" + std::to_string(other) + " ] && ls /proc/self/fd | wc -l";
    auto passed = co_await create_subprocess_shell(test, options);
    auto talk2 = passed.communicate();
    const auto with_it = co_await std::move(talk2);
    EXPECT_EQ(with_it.first, "5\n");
    options.pass_fds.clear();
    options.close_fds = false;
    auto all = co_await create_subprocess_shell(test, options);
    auto talk3 = all.communicate();
    const auto inherited = co_await std::move(talk3);
    EXPECT_NE(inherited.first, "");
  }(secret));
  EXPECT_EQ(::fcntl(secret, F_GETFD), 0);
  ::close(secret);
}

TEST_F(SubprocessTest, TheEnvironmentIsTheOneGiven) {
  run([]() -> Coro<void> {
    SubprocessOptions options = piped();
    options.env.emplace();
    options.env->emplace_back("FOO", "bar");
    auto shell = co_await create_subprocess_shell("echo $FOO $HOME", options);
    auto talk = shell.communicate();
    const auto output = co_await std::move(talk);
    EXPECT_EQ(output.first, "bar\n");
    auto exec = co_await create_subprocess_exec(options, "env");
    auto talk2 = exec.communicate();
    const auto output2 = co_await std::move(talk2);
    EXPECT_EQ(output2.first, "FOO=bar\n");
    // PATH is the child's.
    options.env->emplace_back("PATH", "/nowhere");
    const auto lost = co_await outcome(create_subprocess_exec(options, "env"));
    EXPECT_EQ(os_error_of(lost.error()), std::errc::no_such_file_or_directory);
    options.env->emplace_back("A=B", "");
    const auto refused = co_await outcome(create_subprocess_exec(options, "env"));
    EXPECT_TRUE(failed_with<ValueError>(refused));
  }());
}

TEST_F(SubprocessTest, DirectorySessionAndGroup) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "here", "");
  write_whole_file(directory / "script", "#!/bin/sh\necho I am run\n");
  ::chmod((directory / "script").c_str(), 0700);
  run([](std::string cwd) -> Coro<void> {
    SubprocessOptions options = piped();
    options.cwd = cwd;
    auto ls = co_await create_subprocess_exec(options, "ls");
    auto talk = ls.communicate();
    const auto listed = co_await std::move(talk);
    EXPECT_EQ(listed.first, "here\nscript\n");
    auto relative = co_await create_subprocess_exec(options, "./script");
    auto talk2 = relative.communicate();
    const auto ran = co_await std::move(talk2);
    EXPECT_EQ(ran.first, "I am run\n");
    options.cwd = cwd + "/nowhere";
    const auto lost = co_await outcome(create_subprocess_exec(options, "ls"));
    EXPECT_EQ(os_error_of(lost.error()), std::errc::no_such_file_or_directory);
    EXPECT_NE(lost.error_message().find("nowhere"), std::string::npos);

    SubprocessOptions session;
    session.start_new_session = true;
    auto leader = co_await create_subprocess_exec(session, "sleep", "1000");
    EXPECT_EQ(::getsid(leader.pid()), leader.pid());
    SubprocessOptions group;
    group.process_group = 0;
    auto first = co_await create_subprocess_exec(group, "sleep", "1000");
    EXPECT_EQ(::getpgid(first.pid()), first.pid());
    EXPECT_EQ(::getsid(first.pid()), ::getsid(0));
    group.process_group = first.pid();
    auto second = co_await create_subprocess_exec(group, "sleep", "1000");
    EXPECT_EQ(::getpgid(second.pid()), first.pid());
  }(directory / ""));
}

TEST_F(SubprocessTest, ActionsOfSignalsAreRestored) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  run([]() -> Coro<void> {
    SubprocessOptions options = piped();
    auto restored = co_await create_subprocess_exec(options, "grep", "SigIgn", "/proc/self/status");
    auto talk = restored.communicate();
    const auto with_defaults = co_await std::move(talk);
    options.restore_signals = false;
    auto kept = co_await create_subprocess_exec(options, "grep", "SigIgn", "/proc/self/status");
    auto talk2 = kept.communicate();
    const auto inherited = co_await std::move(talk2);
    const auto ignores_sigpipe = [](const std::string& line) {
      return (std::stoull(line.substr(line.find('\t')), nullptr, 16) >> (SIGPIPE - 1) & 1) != 0;
    };
    EXPECT_FALSE(ignores_sigpipe(with_defaults.first));
    EXPECT_TRUE(ignores_sigpipe(inherited.first));
  }());
  std::signal(SIGPIPE, before);
}

TEST_F(SubprocessTest, WhatCannotBeStartedIsThrown) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "data", "no program");
  write_whole_file(directory / "garbage", "no program");
  ::chmod((directory / "garbage").c_str(), 0700);
  run([](std::string data, std::string garbage) -> Coro<void> {
    const auto code_of = [](auto& result) { return os_error_of(result.error()); };
    const SubprocessOptions options = piped(true);
    const auto lost = co_await outcome(create_subprocess_exec(options, "/no/such/program"));
    EXPECT_EQ(code_of(lost), std::errc::no_such_file_or_directory);
    EXPECT_NE(lost.error_message().find("/no/such/program"), std::string::npos);
    const auto unknown = co_await outcome(create_subprocess_exec(options, "no-such-program"));
    EXPECT_EQ(code_of(unknown), std::errc::no_such_file_or_directory);
    const auto forbidden = co_await outcome(create_subprocess_exec(options, data));
    EXPECT_EQ(code_of(forbidden), std::errc::permission_denied);
    const auto no_format = co_await outcome(create_subprocess_exec(options, garbage));
    EXPECT_EQ(code_of(no_format), std::errc::executable_format_error);
    const auto nothing = co_await outcome(create_subprocess_exec(std::vector<std::string>()));
    EXPECT_TRUE(failed_with<ValueError>(nothing));
    const auto nul = co_await outcome(create_subprocess_exec(options, "echo", std::string("a\0b", 3)));
    EXPECT_TRUE(failed_with<ValueError>(nul));
    SubprocessOptions impossible;
    impossible.stdin_from = Stdio::kStdout;
    const auto refused = co_await outcome(create_subprocess_exec(impossible, "cat"));
    EXPECT_TRUE(failed_with<ValueError>(refused));
    impossible.stdin_from = -5;
    const auto negative = co_await outcome(create_subprocess_exec(impossible, "cat"));
    EXPECT_TRUE(failed_with<ValueError>(negative));
    impossible.stdin_from = 1'000'000;
    const auto not_open = co_await outcome(create_subprocess_exec(impossible, "cat"));
    EXPECT_EQ(code_of(not_open), std::errc::bad_file_descriptor);
  }(directory / "data", directory / "garbage"));
}

}  // namespace
}  // namespace corolla_tests
