// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/canonical.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>

using corolla::crawl::canonical_url;
using corolla::http::Url;

namespace {

std::string canonical(std::string_view text) { return canonical_url(Url::parse(text)); }

TEST(CanonicalUrl, SpellingsOfOneUrlAreEqual) {
  EXPECT_EQ(canonical("HTTP://A.Example:80"), "http://a.example/");
  EXPECT_EQ(canonical("http://a.example/x#part"), "http://a.example/x");
  EXPECT_EQ(canonical("http://a.example/#"), "http://a.example/");
  EXPECT_EQ(canonical("http://a.example/b/../%7euser/./c"), "http://a.example/~user/c");
  EXPECT_EQ(canonical("http://a.example/%c3%a9?q=%e2%82%ac%41#%41"), "http://a.example/%C3%A9?q=%E2%82%ACA");
  EXPECT_EQ(canonical("http://user:secret@a.example/x"), "http://a.example/x");
  EXPECT_EQ(canonical("http://user@a.example/%41#x"), "http://a.example/A");
}

TEST(CanonicalUrl, WhatAServerMayTellApartStaysApart) {
  for (const char* text :
       {"http://a.example/x?b=2&a=1", "http://a.example/x?", "http://a.example/x/", "http://a.example/X",
        "http://a.example/a//b", "http://a.example/%2F", "http://a.example/%3F", "http://a.example/a%20b",
        "http://a.example/100%", "http://a.example/%zz", "http://a.example/?a=%26&b=%2B", "https://a.example/",
        "http://a.example:8080/"})
    EXPECT_EQ(canonical(text), text);
}

TEST(CanonicalUrl, IsAFixedPoint) {
  std::mt19937_64 random(6);
  const std::string alphabet = "aA/.%2eE41fF?&=#~-_ \xC3\xA9";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "http://h.example/";
    for (std::uint64_t n = random() % 20; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const auto url = Url::try_parse(text);
    if (!url) continue;
    const std::string once = canonical_url(*url);
    const Url again = Url::parse(once);
    ASSERT_EQ(again.href(), once) << text;
    ASSERT_EQ(canonical_url(again), once) << text;
  }
}

}  // namespace
