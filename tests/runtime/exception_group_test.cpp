// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/exception_group.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace corolla;

template <class E>
std::exception_ptr error(const char* text) {
  return std::make_exception_ptr(E(text));
}
std::exception_ptr group(std::string message, std::vector<std::exception_ptr> members) {
  return std::make_exception_ptr(ExceptionGroup(std::move(message), std::move(members)));
}

/// "message(member, inner message(member))".
std::string shape(const ExceptionGroup& of) {
  std::string text = of.message() + "(";
  for (const auto& member : of.exceptions()) {
    if (text.back() != '(') text += ", ";
    try {
      std::rethrow_exception(member);
    } catch (const ExceptionGroup& inner) {
      text += shape(inner);
    } catch (...) {
      text += describe(member);
    }
  }
  return text + ")";
}
std::string shape(const std::optional<ExceptionGroup>& of) { return of ? shape(*of) : "nothing"; }

/// outer(value 1, inner(type 2, deep(value 3)), type 4): "value" is a ValueError, "type" a std::logic_error.
ExceptionGroup nested() {
  return ExceptionGroup(
      "outer", {error<ValueError>("value 1"),
                group("inner", {error<std::logic_error>("type 2"), group("deep", {error<ValueError>("value 3")})}),
                error<std::logic_error>("type 4")});
}

TEST(ExceptionGroupTest, SaysHowManyItHas) {
  const ExceptionGroup one("trouble", {error<ValueError>("a")});
  EXPECT_STREQ(one.what(), "trouble (1 sub-exception)");
  EXPECT_EQ(one.message(), "trouble");
  EXPECT_STREQ(nested().what(), "outer (3 sub-exceptions)");
}

TEST(ExceptionGroupTest, IsNeverEmptyAndHoldsNoNull) {
  EXPECT_THROW(ExceptionGroup("empty", {}), ValueError);
  EXPECT_THROW(ExceptionGroup("null", {error<ValueError>("a"), nullptr}), ValueError);
}

TEST(ExceptionGroupTest, SplitsByTypeAndKeepsMessagesAndNesting) {
  const auto [match, rest] = nested().split<ValueError>();
  EXPECT_EQ(shape(match), "outer(value 1, inner(deep(value 3)))");
  EXPECT_EQ(shape(rest), "outer(inner(type 2), type 4)");
  EXPECT_EQ(shape(nested().subgroup<std::logic_error>()), "outer(inner(type 2), type 4)");
}

TEST(ExceptionGroupTest, ABaseClassMatchesWhatDerivesFromIt) {
  const ExceptionGroup errors("outer", {error<TimeoutError>("late"), error<std::logic_error>("other")});
  EXPECT_EQ(shape(errors.subgroup<BrokenBarrierError>()), "nothing");
  EXPECT_EQ(shape(errors.split<BrokenBarrierError>().rest), "outer(late, other)");
  // A group is an Error itself, so it is taken whole.
  EXPECT_EQ(shape(errors.subgroup<Error>()), "outer(late, other)");
  EXPECT_EQ(shape(errors.split<Error>().rest), "nothing");
}

TEST(ExceptionGroupTest, AGroupThatMatchesIsTakenWhole) {
  EXPECT_EQ(shape(nested().subgroup<ExceptionGroup>()), shape(nested()));
  const auto by_message = [](const std::exception_ptr& candidate) {
    try {
      std::rethrow_exception(candidate);
    } catch (const ExceptionGroup& inner) {
      return inner.message() == "inner";
    } catch (...) {
      return false;
    }
  };
  const auto [match, rest] = nested().split(by_message);
  EXPECT_EQ(shape(match), "outer(inner(type 2, deep(value 3)))");
  EXPECT_EQ(shape(rest), "outer(value 1, type 4)");
}

TEST(ExceptionGroupTest, APredicateIsAskedOnceAboutEachFromTheOutsideIn) {
  std::vector<std::string> asked;
  const auto split = nested().split([&](const std::exception_ptr& candidate) {
    asked.push_back(describe(candidate).substr(0, 7));
    return false;
  });
  EXPECT_EQ(asked,
            (std::vector<std::string>{"outer (", "value 1", "inner (", "type 2", "deep (1", "value 3", "type 4"}));
  EXPECT_EQ(shape(split.match), "nothing");
  EXPECT_EQ(shape(split.rest), shape(nested()));
  EXPECT_EQ(shape(nested().subgroup([](const std::exception_ptr&) { return true; })), shape(nested()));
}

TEST(ExceptionGroupTest, TheHalvesShareTheExceptions) {
  const std::exception_ptr value = error<ValueError>("shared");
  const ExceptionGroup both("outer", {value, error<std::logic_error>("other")});
  const auto match = both.subgroup<ValueError>();
  ASSERT_TRUE(match);
  EXPECT_EQ(match->exceptions().front(), value);
}

TEST(ExceptionGroupTest, HoldsWhatIsNoStdExceptionToo) {
  const ExceptionGroup mixed("outer", {std::make_exception_ptr(7), std::make_exception_ptr(CancelledError("stop"))});
  EXPECT_EQ(shape(mixed.subgroup<int>()), "outer(unknown exception)");
  EXPECT_EQ(shape(mixed.subgroup<CancelledError>()), "outer(cancelled: stop)");
  EXPECT_EQ(shape(mixed.subgroup<std::exception>()), shape(mixed)) << "the group is a std::exception";
}

}  // namespace
