// SPDX-License-Identifier: Apache-2.0
// Alternative services: what is remembered, for whom and for how long.
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/alt_svc.hpp>
#include <corolla/runtime/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

using corolla::ValueError;
using corolla::http::AltService;
using corolla::http::AltSvcStore;
using corolla::http::Url;

std::chrono::sys_seconds present{};
std::chrono::sys_seconds test_clock() { return present; }

class AltSvcStoreTest : public ::testing::Test {
 protected:
  AltSvcStoreTest() { present = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1); }
};

void update(AltSvcStore& store, const char* url, std::string_view field) { store.update(Url::parse(url), field); }

// "h2 a.example:443|"
std::string found(const AltSvcStore& store, const char* url) {
  std::string text;
  for (const AltService& service : store.find(Url::parse(url)))
    text += service.protocol + " " + service.host_and_port() + "|";
  return text;
}

std::string learned(std::string_view field) {
  AltSvcStore store(test_clock);
  update(store, "https://a.example/", "h2=\"before:1\"");
  update(store, "https://a.example/", field);
  return found(store, "https://a.example/");
}

TEST_F(AltSvcStoreTest, Fields) {
  EXPECT_EQ(learned("h2=\":8443\""), "h2 a.example:8443|") << "the host is the origin's";
  EXPECT_EQ(learned(" h3=\"b.example:443\"; ma=60, ,http%2F1.1=\"[2001:DB8::1]:80\" ; persist=1; x=\"a,b\""),
            "h3 b.example:443|http/1.1 [2001:db8::1]:80|");
  EXPECT_EQ(learned("h2=\"B.Example:443\"; ma=\"60\""), "h2 b.example:443|");
  EXPECT_EQ(learned("h2=\"b:1\";ma=0, h2=\"c:1\""), "h2 c:1|");
  EXPECT_EQ(learned("h2=\"b:1\"; ma=0"), "") << "what was known is replaced";
  EXPECT_EQ(learned(" clear "), "");
  EXPECT_EQ(learned("h2=\"b:1\", clear"), "h2 b:1|") << "up to what is malformed";
  EXPECT_EQ(learned("h2=\"b:1\"; ma=99999999999999999999999"), "h2 b:1|");
  const char* const malformed[] = {"",
                                   "Clear",
                                   "h2",
                                   "h2=",
                                   "h2=b:1",
                                   "h2=\"b\"",
                                   "h2=\"b:\"",
                                   "h2=\"b:0\"",
                                   "h2=\"b:65536\"",
                                   "h2=\"b:1",
                                   "h2=\"b c:1\"",
                                   "h2=\"b%22c:1\"",
                                   "h2=\"b;c:1\"",
                                   "h2=\"b/c:1\"",
                                   "h2=\"u@b:1\"",
                                   "h 2=\"b:1\"",
                                   "=\"b:1\"",
                                   "h%0a2=\"b:1\"",
                                   "h2=\"b:1\" junk"};
  for (const char* field : malformed) EXPECT_EQ(learned(field), "h2 before:1|") << field;
  std::string many;
  for (int i = 1; i < 100; ++i) many += "h2=\"b:" + std::to_string(i) + "\",";
  AltSvcStore store(test_clock);
  update(store, "https://a.example/", many);
  EXPECT_EQ(store.find(Url::parse("https://a.example/")).size(), AltSvcStore::kMostOfOrigin);
}

TEST_F(AltSvcStoreTest, OfOneOriginForItsTime) {
  AltSvcStore store(test_clock);
  update(store, "https://a.example/x", "h2=\"b.example:1\"; ma=100, h2=\"c.example:1\"");
  update(store, "http://a.example/", "h2=\"b.example:2\"");
  EXPECT_EQ(found(store, "https://A.example:443/y"), "h2 b.example:1|h2 c.example:1|");
  for (const char* other : {"http://a.example/", "https://a.example:444/", "https://www.a.example/"})
    EXPECT_EQ(found(store, other), "") << other;
  present += std::chrono::seconds(100);
  EXPECT_EQ(found(store, "https://a.example/"), "h2 c.example:1|");
  present += std::chrono::hours(24);
  EXPECT_EQ(found(store, "https://a.example/"), "") << "a day unless it says another time";
}

TEST_F(AltSvcStoreTest, WhatFailedIsLeftAloneForAWhile) {
  AltSvcStore store(test_clock);
  const Url url = Url::parse("https://a.example/");
  update(store, "https://a.example/", "h2=\"b.example:1\", h2=\"c.example:1\"");
  store.failed(url, store.find(url).front());
  EXPECT_EQ(found(store, "https://a.example/"), "h2 c.example:1|");
  update(store, "https://a.example/", "h2=\"b.example:1\"");
  EXPECT_EQ(found(store, "https://a.example/"), "") << "the origin does not know better";
  present += std::chrono::minutes(5);
  EXPECT_EQ(found(store, "https://a.example/"), "h2 b.example:1|");
}

TEST_F(AltSvcStoreTest, AnotherNetwork) {
  AltSvcStore store(test_clock);
  update(store, "https://a.example/", "h2=\"b.example:1\", h2=\"c.example:1\"; persist=1");
  update(store, "https://b.example/", "h2=\"b.example:1\"; persist=2");
  store.network_changed();
  EXPECT_EQ(found(store, "https://a.example/"), "h2 c.example:1|");
  EXPECT_EQ(store.size(), 1U);
  store.clear();
  EXPECT_EQ(store.size(), 0U);
}

TEST_F(AltSvcStoreTest, ThereIsAMost) {
  AltSvcStore store(test_clock);
  for (std::size_t i = 0; i <= AltSvcStore::kMost; ++i) {
    const std::string url = "https://h" + std::to_string(i) + ".example/";
    update(store, url.c_str(), "h2=\":1\"; ma=" + std::to_string(i == 500 ? 10 : 1000));
  }
  EXPECT_EQ(store.size(), AltSvcStore::kMost);
  EXPECT_EQ(found(store, "https://h500.example/"), "") << "it would have ended first";
  EXPECT_NE(found(store, "https://h0.example/"), "");
}

TEST_F(AltSvcStoreTest, SavedAndLoadedAsCurlDoes) {
  const TemporaryDirectory directory;
  const std::string path = directory / "alt-svc.txt";
  AltSvcStore store(test_clock);
  update(store, "https://a.example:8443/", "h3=\"b.example:443\"; ma=86399; persist=1, http%2F1.1=\":80\"; ma=60");
  update(store, "https://[::1]/", "h2=\"[::2]:443\"; ma=120");
  store.save(path);
  EXPECT_EQ(read_whole_file(path),
            "# Your alt-svc cache. https://curl.se/docs/alt-svc.html\n"
            "h2 [::1] 443 h2 [::2] 443 \"20260101 00:02:00\" 0 0\n"
            "h2 a.example 8443 h3 b.example 443 \"20260101 23:59:59\" 1 0\n"
            "h2 a.example 8443 h1 a.example 80 \"20260101 00:01:00\" 0 0\n");
  AltSvcStore other(test_clock);
  other.load(path);
  EXPECT_EQ(found(other, "https://a.example:8443/"), "h3 b.example:443|http/1.1 a.example:80|");
  EXPECT_EQ(found(other, "https://[::1]/"), "h2 [::2]:443|");
  present += std::chrono::seconds(90);
  AltSvcStore later(test_clock);
  later.load(path);
  EXPECT_EQ(found(later, "https://a.example:8443/"), "h3 b.example:443|");
  later.load(directory / "nowhere");
  EXPECT_EQ(later.size(), 2U);
  later.network_changed();
  EXPECT_EQ(later.size(), 1U) << "the file says which ones persist";
  write_whole_file(path, "# ours\n\n h1 C.EXAMPLE 443 h2 ::3 444 \"20300101 00:00:00\" 0 0\r\n");
  later.load(path);
  EXPECT_EQ(found(later, "https://c.example/"), "h2 [::3]:444|");
  const std::vector<std::string> malformed{
      "h2", "h2 a 443 h2 b 443 \"20300101 00:00:00\"", "h2 a 443 h2 b 443 \"soon\" 0 0",
      "h2 a 443 h2 b 65536 \"20300101 00:00:00\" 0 0", "h2 a b 443 h2 b 443 \"20300101 00:00:00\" 0 0"};
  for (const std::string& bad : malformed) {
    write_whole_file(path, "# one\n" + bad + "\n");
    try {
      later.load(path);
      ADD_FAILURE() << bad;
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find("alt-svc.txt:2: "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace corolla_tests
