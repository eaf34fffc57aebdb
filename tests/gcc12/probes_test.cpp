// SPDX-License-Identifier: Apache-2.0
// Which of g++ 12's coroutine traps does this compiler have? Each probe counts, prints what it found and, where the
// language leaves no doubt and the compiler is known to be right, asserts it. The awaits are of a plain coroutine type,
// so that nothing of the library can hide a trap. An object counts by an integer, so that a second destruction is seen
// and harmless.
#include "tests/gcc12/known_to_be_right.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <utility>

#include <gtest/gtest.h>

namespace {

using corolla_tests::kKnownToBeRight;

int built = 0;
int destroyed = 0;

struct Counted {
  Counted() { ++built; }
  Counted(const Counted& /*other*/) { ++built; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { ++destroyed; }
};

/// A coroutine that runs to its end at once.
struct Eager {
  struct promise_type {
    Eager get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

struct Aggregate {
  Counted member;
};
struct WithConstructor {
  WithConstructor() {}
  Counted member;
};

struct Ready {
  Ready() noexcept {}
  [[nodiscard]] bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<> /*self*/) const noexcept {}
  void await_resume() const noexcept {}
};
template <class T>
Ready takes(const T& /*temporary*/) {
  return Ready();
}
Ready takes_default(const Aggregate& /*options*/ = {}) { return Ready(); }

template <class Body>
bool balanced(const char* what, Body body) {
  built = destroyed = 0;
  body();
  const bool right = built == destroyed;
  std::printf("%-45s %s (%d built, %d destroyed)\n", what, right ? "right" : "TRAP", built, destroyed);
  return right;
}

TEST(Gcc12Probes, AggregateTemporariesBesideAnAwait) {
  const bool right = balanced("aggregate temporary", [] { []() -> Eager { co_await takes(Aggregate{}); }(); });
  EXPECT_TRUE(right || !kKnownToBeRight);
}

TEST(Gcc12Probes, AggregateDefaultArguments) {
  const bool right = balanced("aggregate default argument = {}", [] { []() -> Eager { co_await takes_default(); }(); });
  EXPECT_TRUE(right || !kKnownToBeRight);
}

TEST(Gcc12Probes, CapturingLambdaTemporaries) {
  const bool right = balanced("capturing lambda temporary", [] {
    const Counted counted;
    [](const Counted& owned) -> Eager { co_await takes([owned] { static_cast<void>(owned); }); }(counted);
  });
  EXPECT_TRUE(right || !kKnownToBeRight);
}

TEST(Gcc12Probes, ClassResultOfAConditional) {
  const bool right = balanced("class-type result of ?:", [] {
    [](bool choice) -> Eager { co_await takes(choice ? WithConstructor() : WithConstructor()); }(true);
  });
  EXPECT_TRUE(right || !kKnownToBeRight);
}

TEST(Gcc12Probes, TemporariesWithAConstructorAreAlwaysRight) {
  EXPECT_TRUE(balanced("temporary with a constructor", [] { []() -> Eager { co_await takes(WithConstructor()); }(); }));
}

TEST(Gcc12Probes, NamedAggregatesAreAlwaysRight) {
  EXPECT_TRUE(balanced("named aggregate", [] {
    []() -> Eager {
      const Aggregate named{};
      co_await takes(named);
    }();
  }));
}

// -- symmetric transfer ----------------------------------------------------------------------------------------------

/// How far the stack grew when `handle` was resumed by symmetric transfer; a tail call leaves it where it was.
struct Hop {
  explicit Hop(int steps_left) noexcept : left(steps_left) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> self) noexcept {
    char here = 0;
    const auto address = reinterpret_cast<std::uintptr_t>(&here);
    if (first == 0) first = address;
    deepest = first > address ? first - address : address - first;
    return self;  // resumes itself, as a chain of awaits would resume one another
  }
  void await_resume() const noexcept {}
  int left;
  static inline std::uintptr_t first = 0;
  static inline std::uintptr_t deepest = 0;
};

TEST(Gcc12Probes, SymmetricTransferIsATailCallOnlySometimes) {
  Hop::first = Hop::deepest = 0;
  []() -> Eager {
    for (int i = 0; i < 1000; ++i) co_await Hop(i);
  }();
  const bool tail_call = Hop::deepest < 1000;
  std::printf("%-45s %s (%zu bytes of stack in 1000 transfers)\n", "symmetric transfer as a tail call",
              tail_call ? "yes here" : "no here", static_cast<std::size_t>(Hop::deepest));
  EXPECT_LT(Hop::deepest, 1000U * 4096U);
}

}  // namespace
