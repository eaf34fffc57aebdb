// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of child processes share: a fixture that finds zombies, the usual options.
#pragma once

#include "tests/net/net_test.hpp"

#include <corolla/net/subprocess.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace corolla_tests {

/// Children of this process, zombies included.
inline std::size_t count_children() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream list(task.path() / "children");
    for (int pid = 0; list >> pid;) ++count;
  }
  return count;
}

/// It is a zombie.
inline bool ended_unreaped(int pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

inline SubprocessOptions piped(bool errors = false) {
  SubprocessOptions options;
  options.stdin_from = Stdio::kPipe;
  options.stdout_to = Stdio::kPipe;
  if (errors) options.stderr_to = Stdio::kPipe;
  return options;
}

/// Fails when a test leaves a child behind.
class SubprocessTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    ASSERT_EQ(count_children(), 0U);
  }
  void TearDown() override {
    EXPECT_EQ(count_children(), 0U);
    NetTest::TearDown();
  }
};

}  // namespace corolla_tests
