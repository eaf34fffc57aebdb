// SPDX-License-Identifier: Apache-2.0
//
// Which backend a loop gets, and what is said when it is not the one that was asked for.
#include "tests/support/deny_io_uring.hpp"
#include "tests/support/expected_backend.hpp"

#include <corolla/runtime.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace corolla_tests {
namespace {

using namespace corolla;

EventLoopOptions with_backend(const char* name) {
  EventLoopOptions options;
  options.backend = name;
  return options;
}

struct Choice {
  std::string backend;
  std::vector<std::string> debug_lines;
  bool ran = false;
};

// The backend of a loop that asked for io_uring in a thread where that fails with `error`, and what was logged. The filter
// is the thread's and dies with it.
Choice choice_when_denied(int error) {
  Choice choice;
  std::exception_ptr failure;
  set_log_handler([&choice](const LogRecord& record) {
    if (record.level == LogLevel::kDebug) choice.debug_lines.emplace_back(record.message);
  });
  std::thread thread([&] {
    try {
      deny_io_uring(error);
      EventLoop loop(with_backend("io_uring"));
      loop.call_soon([&] {
        choice.ran = true;
        loop.stop();
      });
      loop.run_forever();
      choice.backend = loop.backend();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  thread.join();
  set_log_handler(nullptr);
  if (failure) std::rethrow_exception(failure);
  return choice;
}

TEST(MakeBackendTest, NamesAreChecked) {
  EXPECT_THROW(EventLoop{with_backend("select")}, ValueError);
  EXPECT_EQ(EventLoop(with_backend("epoll")).backend(), "epoll");
  EXPECT_EQ(EventLoop().backend(), expected_backend());
}

TEST(MakeBackendTest, ADeniedRingIsReplacedByEpollAndTheLogSaysWhy) {
  const Choice forbidden = choice_when_denied(EPERM);
  EXPECT_EQ(forbidden.backend, "epoll");
  EXPECT_TRUE(forbidden.ran);
  ASSERT_EQ(forbidden.debug_lines.size(), 1U);
  EXPECT_EQ(
      forbidden.debug_lines[0],
      "io_uring_setup: Operation not permitted (a seccomp filter, or sysctl kernel.io_uring_disabled); using epoll");
  const Choice missing = choice_when_denied(ENOSYS);
  EXPECT_EQ(missing.backend, "epoll");
  ASSERT_EQ(missing.debug_lines.size(), 1U);
  const std::string reason = "io_uring_setup: " + std::generic_category().message(ENOSYS);
  EXPECT_EQ(missing.debug_lines[0].substr(0, reason.size()), reason);
}

TEST(MakeBackendTest, WhoDoesNotAskForIoUringHearsNothing) {
  std::vector<std::string> lines;
  set_log_handler([&lines](const LogRecord& record) { lines.emplace_back(record.message); });
  {
    const EventLoop loop(with_backend("epoll"));
  }
  set_log_handler(nullptr);
  EXPECT_TRUE(lines.empty()) << lines.front();
}

// The ring is made where the loop runs first; if that is a thread which may not have one, epoll takes over there.
TEST(MakeBackendTest, ARingThatIsDeniedInTheThreadOfTheRunIsReplacedToo) {
  std::vector<std::string> lines;
  set_log_handler([&lines](const LogRecord& record) { lines.emplace_back(record.message); });
  EventLoop loop(with_backend("io_uring"));
  std::thread thread([&loop] {
    deny_io_uring(EPERM);
    loop.run_until_complete(loop.create_task(sleep(std::chrono::milliseconds(1))));
  });
  thread.join();
  set_log_handler(nullptr);
  EXPECT_EQ(loop.backend(), "epoll");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("using epoll"), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace corolla_tests
