// SPDX-License-Identifier: Apache-2.0
// HSTS: what is remembered, for whom and for how long.
#include "tests/http/client/middleware/middleware_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include "http/client/middleware/hsts.hpp"

namespace corolla_tests {
namespace {

using http::HstsStore;
using http::Url;

std::chrono::sys_seconds present{};
std::chrono::sys_seconds test_clock() { return present; }

class HstsTest : public RuntimeTest {
 protected:
  HstsTest() { present = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1); }
};

void update(HstsStore& store, const char* url, std::string_view field) { store.update(Url::parse(url), field); }

TEST_F(HstsTest, HostsAndThoseBelow) {
  HstsStore store(test_clock);
  update(store, "https://a.example/", "max-age=100; includeSubDomains");
  update(store, "https://b.example:8443/", "max-age=\"100\"; unknown; also=\"x\" ;");
  EXPECT_TRUE(store.covers("a.example"));
  EXPECT_TRUE(store.covers("a.example."));
  EXPECT_TRUE(store.covers("deep.below.a.example"));
  EXPECT_FALSE(store.covers("xa.example"));
  EXPECT_FALSE(store.covers("example"));
  EXPECT_TRUE(store.covers("b.example"));
  EXPECT_FALSE(store.covers("below.b.example"));
  present += std::chrono::seconds(100);
  EXPECT_FALSE(store.covers("a.example"));
}

TEST_F(HstsTest, NewerWordsCountAndZeroForgets) {
  HstsStore store(test_clock);
  update(store, "https://a.example/", "max-age=1000; includeSubDomains");
  update(store, "https://a.example/", "max-age=2000");
  EXPECT_FALSE(store.covers("www.a.example"));
  present += std::chrono::seconds(1500);
  EXPECT_TRUE(store.covers("a.example"));
  update(store, "https://a.example/", "max-age=0");
  EXPECT_EQ(store.size(), 0U);
  update(store, "https://a.example/", "max-age=99999999999999999999999999");
  present += std::chrono::years(5);
  EXPECT_TRUE(store.covers("a.example"));
}

TEST_F(HstsTest, WhatIsNotBelieved) {
  HstsStore store(test_clock);
  update(store, "http://a.example/", "max-age=100");
  update(store, "https://127.0.0.1/", "max-age=100");
  update(store, "https://[::1]/", "max-age=100");
  for (const char* bad : {"", "includeSubDomains", "max-age", "max-age=", "max-age=-1", "max-age=1x",
                          "max-age=1, max-age=2", "max-age=1; max-age=1", "max-age=1; includeSubDomains=1",
                          "max-age=1; includeSubDomains; includesubdomains", "max-age=1; a b", "max-age=\"1"})
    update(store, "https://a.example/", bad);
  update(store, "https://a.example/", "max-age=1;" + std::string(2000, ' '));
  EXPECT_EQ(store.size(), 0U);
}

TEST_F(HstsTest, UrlsBecomeHttps) {
  HstsStore store(test_clock);
  update(store, "https://a.example/", "MAX-AGE=100");
  const auto upgraded = [&](const char* url) {
    const auto result = store.upgraded(Url::parse(url));
    return result ? result->href() : std::string("as it is");
  };
  EXPECT_EQ(upgraded("http://a.example/x?y#z"), "https://a.example/x?y#z");
  EXPECT_EQ(upgraded("http://a.example:80/"), "https://a.example/");
  EXPECT_EQ(upgraded("http://u:p@a.example:8080/"), "https://u:p@a.example:8080/");
  EXPECT_EQ(upgraded("https://a.example/"), "as it is");
  EXPECT_EQ(upgraded("http://b.example/"), "as it is");
  EXPECT_EQ(upgraded("http://127.0.0.1/"), "as it is");
}

TEST_F(HstsTest, ThereIsAMost) {
  HstsStore store(test_clock);
  for (std::size_t i = 0; i < HstsStore::kMost + 2; ++i)
    store.update(Url::parse("https://h" + std::to_string(i) + ".example/"), "max-age=" + std::to_string(100 + i));
  EXPECT_EQ(store.size(), HstsStore::kMost);
  EXPECT_FALSE(store.covers("h1.example")) << "those that end first make room";
  EXPECT_TRUE(store.covers("h2.example"));
  EXPECT_TRUE(store.covers("h10001.example"));
}

TEST_F(HstsTest, SavedAndLoadedAsCurlDoes) {
  const TemporaryDirectory directory;
  const std::string path = directory / "hsts.txt";
  HstsStore store(test_clock);
  update(store, "https://a.example/", "max-age=86399; includeSubDomains");
  update(store, "https://b.example/", "max-age=60");
  store.save(path);
  EXPECT_EQ(read_whole_file(path),
            "# Your HSTS cache. https://curl.se/docs/hsts.html\n.a.example \"20260101 23:59:59\"\nb.example \"20260101 "
            "00:01:00\"\n");
  HstsStore other(test_clock);
  other.load(path);
  EXPECT_TRUE(other.covers("x.a.example"));
  EXPECT_TRUE(other.covers("b.example"));
  EXPECT_FALSE(other.covers("x.b.example"));
  present += std::chrono::minutes(2);
  HstsStore later(test_clock);
  later.load(path);
  EXPECT_EQ(later.size(), 1U);
  later.load(directory / "nowhere");
  EXPECT_EQ(later.size(), 1U);
  write_whole_file(path, "# ours\n\nC.EXAMPLE \"unlimited\"\r\n");
  later.load(path);
  EXPECT_TRUE(later.covers("c.example"));
  const std::vector<std::string> malformed{
      "a.example",         "a.example \"20261301 00:00:00\"", "a.example \"soon\"",          "1.2.3.4 \"unlimited\"",
      "a b \"unlimited\"", "a.example \"20260101 24:00:00\"", "#" + std::string(20'000, ' ')};
  for (const std::string& bad : malformed) {
    write_whole_file(path, "b.example \"unlimited\"\n" + bad + "\n");
    try {
      later.load(path);
      ADD_FAILURE() << bad;
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find("hsts.txt:2: "), std::string::npos) << error.what();
    }
  }
}

TEST_F(HstsTest, SessionsLearnAndObey) {
  run([]() -> Coro<void> {
    const FakeServer server([](const RequestData& request) {
      return answer(request, 200, request.url.href(), Fields{{"Strict-Transport-Security", "max-age=100"}});
    });
    const auto store = std::make_shared<HstsStore>(test_clock);
    Session session(through({http::remember_https(store, TlsContext()), server.middleware()}));
    const auto plain = co_await answer_to(session.get("http://a.example/"));
    EXPECT_EQ(plain, "200 http://a.example/");
    EXPECT_EQ(store->size(), 0U) << "not from plain http";
    const auto secure = co_await answer_to(session.get("https://a.example/"));
    EXPECT_EQ(secure, "200 https://a.example/");
    const auto upgraded = co_await answer_to(session.get("http://a.example/"));
    EXPECT_EQ(upgraded, "200 https://a.example/");
    TlsContext careless = TlsContext::client();
    careless.set_check_hostname(false);
    careless.set_verify_mode(TlsVerifyMode::kNone);
    const auto empty = std::make_shared<HstsStore>(test_clock);
    Session gullible(through({http::remember_https(empty, careless), server.middleware()}));
    const auto unverified = co_await answer_to(gullible.get("https://a.example/"));
    EXPECT_EQ(unverified, "200 https://a.example/");
    EXPECT_EQ(empty->size(), 0U);
  }());
}

}  // namespace
}  // namespace corolla_tests
