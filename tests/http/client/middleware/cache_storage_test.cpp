// SPDX-License-Identifier: Apache-2.0
// Where a cache keeps what it has.
#include <corolla/http/cache.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace corolla_tests {
namespace {

namespace http = corolla::http;

TEST(MemoryCacheStorageTest, HasABound) {
  http::MemoryCacheStorage storage(3500);
  http::CachedResponse response;
  response.body = std::make_shared<const std::string>(1000, 'x');
  const std::vector<http::CachedResponse> one{response};
  for (int i = 0; i < 3; ++i) {
    storage.store("key" + std::to_string(i), one);
    EXPECT_EQ(storage.load("key0").size(), i == 0 || i == 1 || i == 2 ? 1U : 0U) << "what is used stays";
    EXPECT_LE(storage.bytes(), 3500U);
  }
  EXPECT_EQ(storage.load("key1").size(), 0U) << "what was used longest ago makes room";
  response.body = std::make_shared<const std::string>(4000, 'x');
  storage.store("key0", {response});
  EXPECT_EQ(storage.load("key0").size(), 0U) << "nothing old stands in for what is too large";
  storage.store("key2", {});
  EXPECT_EQ(storage.bytes(), 0U);
  storage.store("key3", one);
  storage.clear();
  EXPECT_EQ(storage.bytes(), 0U);
}

}  // namespace
}  // namespace corolla_tests
