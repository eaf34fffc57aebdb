// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/seen_set.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>

using corolla::crawl::SeenSet;

namespace {

TEST(SeenSet, RemembersEveryUrlOnce) {
  SeenSet seen(7);
  constexpr int kUrls = 200'000;
  for (int i = 0; i < kUrls; ++i) ASSERT_TRUE(seen.insert("http://h.example/page/" + std::to_string(i))) << i;
  for (int i = 0; i < kUrls; ++i) ASSERT_FALSE(seen.insert("http://h.example/page/" + std::to_string(i))) << i;
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kUrls));
  EXPECT_TRUE(seen.contains("http://h.example/page/0"));
  EXPECT_FALSE(seen.contains("http://h.example/page/x"));
}

TEST(SeenSet, CostsAtMostEighteenAndAHalfBytesAUrl) {
  SeenSet seen;
  std::mt19937_64 random(1);
  for (std::size_t n = 1; n <= 1'000'000; ++n) {
    seen.insert_fingerprint(random());
    if (n >= 10'000 && n % 1000 == 0) {
      ASSERT_LE(seen.memory(), n * 37 / 2) << n;
    }
  }
}

// Fingerprints that share their low bits walk through the same slots, zero is also the mark of a free slot.
TEST(SeenSet, AgreesWithASetOnHostileFingerprints) {
  SeenSet seen;
  std::set<std::uint64_t> model;
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t fingerprint = (random() % 4) << 62 | (random() % 300) << 20 | random() % 2;
    ASSERT_EQ(seen.contains_fingerprint(fingerprint), model.contains(fingerprint));
    ASSERT_EQ(seen.insert_fingerprint(fingerprint), model.insert(fingerprint).second);
    ASSERT_EQ(seen.size(), model.size());
  }
  EXPECT_TRUE(model.contains(0));
}

TEST(SeenSet, AnEmptySetContainsNothing) {
  const SeenSet seen;
  EXPECT_FALSE(seen.contains(""));
  EXPECT_FALSE(seen.contains_fingerprint(0));
  EXPECT_EQ(seen.memory(), 0U);
}

}  // namespace
