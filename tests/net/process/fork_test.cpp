// SPDX-License-Identifier: Apache-2.0
//
// A forked child that did not exec runs loops of its own.
#include "tests/net/process/subprocess_test.hpp"
#include "tests/support/sanitizers.hpp"

#include <string>

#if !__has_feature(thread_sanitizer)  // which has no threads after a fork

namespace corolla_tests {
namespace {

class ForkTest : public SubprocessTest {};

/// What `program` returns as a forked child's exit code; -1 when it did not end by itself.
int in_forked_child(int (*program)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // a child that hangs ends
    ::_exit(program());
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run_a_loop() {
  return run([]() -> Coro<int> {
    auto pair = stream_pair();
    co_await sleep(1ms);
    pair.peer.send("ok");
    const auto bytes = co_await pair.stream.receive();
    co_return bytes == "ok" ? 42 : 1;
  }());
}

int run_a_subprocess() {
  return run([]() -> Coro<int> {
    auto process = co_await create_subprocess_shell("exit 7");
    co_return co_await process.wait();
  }());
}

TEST_F(ForkTest, TheChildRunsALoopOfItsOwn) {
  EXPECT_EQ(in_forked_child(run_a_loop), 42);
  // The parent's loop goes on.
  EXPECT_EQ(run_a_loop(), 42);
}

TEST_F(ForkTest, ForkedByARunningLoopTheChildIsInNone) {
  const int code = run([]() -> Coro<int> {
    co_await sleep(1ms);
    co_return in_forked_child([] { return running_loop_or_null() ? 1 : run_a_loop(); });
  }());
  EXPECT_EQ(code, 42);
}

TEST_F(ForkTest, TheChildHasChildrenOfItsOwn) { EXPECT_EQ(in_forked_child(run_a_subprocess), 7); }

}  // namespace
}  // namespace corolla_tests

#endif
