// SPDX-License-Identifier: Apache-2.0
#include "net/dns/resolver_cache.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace corolla_tests {
namespace {

using namespace corolla;
using namespace std::chrono_literals;

ResolverCache::Answer answer(const std::string& reason) {
  ResolverAnswer made;
  made.reason = reason;
  return std::make_shared<const ResolverAnswer>(std::move(made));
}

ResolverCache::time_point at(std::chrono::nanoseconds since_start) { return ResolverCache::time_point(since_start); }

TEST(ResolverCacheTest, AnAnswerIsValidUntilItExpires) {
  ResolverCache cache(2);
  const auto one = answer("one");
  cache.put("a", one, at(10s));
  EXPECT_EQ(cache.find("a", at(10s - 1ns)), one);
  EXPECT_EQ(cache.find("a", at(10s)), nullptr);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.find("b", at(0s)), nullptr);
}

TEST(ResolverCacheTest, TheLeastRecentlyUsedMakesRoom) {
  ResolverCache cache(2);
  cache.put("a", answer("a"), at(1h));
  cache.put("b", answer("b"), at(1h));
  EXPECT_NE(cache.find("a", at(0s)), nullptr);
  cache.put("c", answer("c"), at(1h));
  EXPECT_EQ(cache.find("b", at(0s)), nullptr);
  EXPECT_NE(cache.find("a", at(0s)), nullptr);
  EXPECT_NE(cache.find("c", at(0s)), nullptr);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(ResolverCacheTest, ANewAnswerReplacesTheOldOne) {
  ResolverCache cache(2);
  cache.put("b", answer("b"), at(1h));
  cache.put("a", answer("old"), at(1h));
  cache.put("a", answer("new"), at(2h));
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("a", at(90min))->reason, "new");
}

TEST(ResolverCacheTest, ShorteningNeverProlongsAndMeetsItsOwnAnswerOnly) {
  ResolverCache cache(2);
  const auto first = answer("first");
  cache.put("a", first, at(10s));
  cache.shorten("a", first, at(20s));
  EXPECT_EQ(cache.find("a", at(10s)), nullptr);
  cache.shorten("a", first, at(1s));  // is gone
  const auto second = answer("second");
  cache.put("a", second, at(10s));
  cache.shorten("a", first, at(1s));
  EXPECT_EQ(cache.find("a", at(5s)), second);
  cache.shorten("a", second, at(5s));
  EXPECT_EQ(cache.find("a", at(5s)), nullptr);
}

TEST(ResolverCacheTest, WithoutRoomNothingIsKept) {
  ResolverCache cache(0);
  cache.put("a", answer("a"), at(1h));
  EXPECT_EQ(cache.find("a", at(0s)), nullptr);
  ResolverCache cleared(1);
  cleared.put("a", answer("a"), at(1h));
  cleared.clear();
  EXPECT_EQ(cleared.find("a", at(0s)), nullptr);
  EXPECT_EQ(cleared.size(), 0U);
}

}  // namespace
}  // namespace corolla_tests
