// SPDX-License-Identifier: Apache-2.0
// Where a co_await stands in its statement: beside other operands, and in the condition of an if or while. Each probe says
// whether the compiler at hand is right; only what is right everywhere, the way to write it, has to be.
#include "tests/gcc12/known_to_be_right.hpp"

#include <coroutine>
#include <cstdio>
#include <exception>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using corolla_tests::kKnownToBeRight;

/// A coroutine that runs at once, until it parks.
struct Eager {
  struct promise_type {
    Eager get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

bool report(const char* what, bool right, const std::string& seen) {
  std::printf("%-60s %s (%s)\n", what, right ? "right" : "TRAP", seen.c_str());
  return right;
}

// -- order -----------------------------------------------------------------------------------------------------------

std::string order;

struct Number {
  Number() noexcept { order += 'b'; }
  [[nodiscard]] bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<> /*self*/) const noexcept {}
  [[nodiscard]] int await_resume() const noexcept { return 1; }
};
struct Output {
  Output& operator<<(const char* /*text*/) {
    order += '1';
    return *this;
  }
  Output& operator<<(int /*number*/) {
    order += '2';
    return *this;
  }
};
const char* text() {
  order += 'a';
  return "";
}

TEST(Gcc12Conditions, OperandsOfAShiftBesideAnAwait) {
  order.clear();
  [](Output out) -> Eager { out << text() << co_await Number(); }({});
  const bool right = report("out << a() << co_await b(): a, first <<, b, second <<", order == "a1b2", order);
  EXPECT_TRUE(right || !kKnownToBeRight);
}

TEST(Gcc12Conditions, AnAwaitInAStatementOfItsOwnIsAlwaysInOrder) {
  order.clear();
  [](Output out) -> Eager {
    const int number = co_await Number();
    out << text() << number;
  }({});
  EXPECT_TRUE(report("const auto b = co_await ...; out << a() << b", order == "ba12", order));
}

// -- conditions ------------------------------------------------------------------------------------------------------

std::coroutine_handle<> parked;
int left = 0;
int turns = 0;

/// Suspends, and is true `left` times.
struct Park {
  Park() noexcept {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) const noexcept { parked = self; }
  [[nodiscard]] bool await_resume() const noexcept { return left-- > 0; }
};

/// In a process of its own, since a wrong compiler's code crashes: runs `body` with three turns left and resumes it until
/// it ends. True when it made them.
bool makes_three_turns(const char* what, Eager (*body)()) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    left = 3;
    turns = 0;
    body();
    for (int i = 0; i < 4; ++i) parked.resume();
    _exit(turns);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  const bool right = WIFEXITED(status) && WEXITSTATUS(status) == 3;
  return report(what, right, WIFEXITED(status) ? std::to_string(WEXITSTATUS(status)) + " turns" : "crashed");
}

Eager in_the_condition_without_a_local() {
  while (co_await Park()) ++turns;
}
Eager in_the_condition_with_a_local() {
  int made = 0;
  while (co_await Park()) turns = ++made;
}
Eager tested_by_name() {
  for (;;) {
    const bool more = co_await Park();
    if (!more) break;
    ++turns;
  }
}

TEST(Gcc12Conditions, AnAwaitInAConditionOfABodyWithoutLocals) {
  const bool right = makes_three_turns("while (co_await x), no local variable", in_the_condition_without_a_local);
  EXPECT_TRUE(right || !kKnownToBeRight);
}

TEST(Gcc12Conditions, AnAwaitInAConditionOfABodyWithALocal) {
  const bool right = makes_three_turns("while (co_await x) beside a local variable", in_the_condition_with_a_local);
  EXPECT_TRUE(right || !kKnownToBeRight);
}

TEST(Gcc12Conditions, AnAwaitTestedByNameIsAlwaysRight) {
  EXPECT_TRUE(makes_three_turns("const bool more = co_await x; if (!more) ...", tested_by_name));
}

}  // namespace
