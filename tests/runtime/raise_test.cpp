// SPDX-License-Identifier: Apache-2.0
// A prepared cancellation against what `throw CancelledError(...)` does: nobody who catches it may see a difference.
#include "runtime/raise.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace corolla;

[[noreturn]] void raise(const std::string& message) {
  throw_prepared(prepare_cancellation(CancelledError(message)));
  std::terminate();
}

std::exception_ptr caught(const std::string& message) {
  try {
    raise(message);
  } catch (...) {
    return std::current_exception();
  }
}

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError& cancelled) {
    return cancelled.message();
  }
}

const std::string kLong = "a message that is too long for the small buffer of a string";

TEST(RaiseTest, IsCaughtByItsTypeWithItsMessage) {
  std::string message;
  try {
    raise(kLong);
  } catch (const std::exception&) {
    FAIL() << "a cancellation is no std::exception";
  } catch (const CancelledError& error) {
    message = error.message();
  }
  EXPECT_EQ(message, kLong);
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(RaiseTest, CountsAsUncaughtWhileTheStackIsUnwound) {
  struct Look {
    int& seen;
    explicit Look(int& s) : seen(s) {}
    ~Look() { seen = std::uncaught_exceptions(); }
  };
  int seen = -1;
  int in_handler = -1;
  try {
    const Look look(seen);
    raise("x");
  } catch (const CancelledError&) {
    in_handler = std::uncaught_exceptions();
  }
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(in_handler, 0);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST(RaiseTest, GoesOnWithThrow) {
  std::string message;
  try {
    try {
      raise(kLong);
    } catch (...) {
      throw;
    }
  } catch (const CancelledError& error) {
    message = error.message();
  }
  EXPECT_EQ(message, kLong);
}

TEST(RaiseTest, InsideAHandlerItLeavesTheOuterOneAsItWas) {
  std::string outer;
  std::string inner;
  try {
    throw std::runtime_error("outer");
  } catch (const std::exception&) {
    try {
      raise("inner");
    } catch (const CancelledError& error) {
      inner = error.message();
    }
    try {
      throw;
    } catch (const std::runtime_error& error) {
      outer = error.what();
    }
  }
  EXPECT_EQ(inner, "inner");
  EXPECT_EQ(outer, "outer");
}

TEST(RaiseTest, OutlivesItsHandlerInAnExceptionPtr) {
  const std::exception_ptr kept = caught(kLong);
  EXPECT_TRUE(is_cancelled_error(kept));
  EXPECT_EQ(message_of(kept), kLong);
  EXPECT_EQ(message_of(kept), kLong);  // twice: the first handler left it whole
}

TEST(RaiseTest, CanBeNested) {
  std::string nested;
  try {
    try {
      raise("nested");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("around it"));
    }
  } catch (const std::runtime_error& error) {
    try {
      std::rethrow_if_nested(error);
    } catch (const CancelledError& inner) {
      nested = inner.message();
    }
  }
  EXPECT_EQ(nested, "nested");
}

TEST(RaiseTest, ACopyIsAnObjectOfItsOwn) {
  const std::exception_ptr first = caught(kLong);
  std::exception_ptr second;
  try {
    throw_prepared(prepare_cancellation_like(first));
  } catch (...) {
    second = std::current_exception();
  }
  EXPECT_NE(first, second);
  EXPECT_EQ(message_of(second), kLong);
}

TEST(RaiseTest, ThreadsMayCopyTheSameOne) {
  const std::exception_ptr shared = caught(kLong);
  std::vector<int> right(4, 0);
  std::vector<std::thread> threads;
  for (int& count : right) {
    threads.emplace_back([&count, &shared] {
      for (int i = 0; i < 200; ++i) {
        try {
          throw_prepared(prepare_cancellation_like(shared));
        } catch (const CancelledError& error) {
          count += error.message() == kLong ? 1 : 0;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, std::vector<int>(4, 200));
}

TEST(RaiseDeathTest, UncaughtItTerminates) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(([]() noexcept { raise("nobody"); })(), "");
}

}  // namespace
