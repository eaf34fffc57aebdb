// SPDX-License-Identifier: Apache-2.0
// The cache of a session, by the sections of RFC 9111, with a clock of the test's own.
#include "tests/http/client/middleware/cache_test.hpp"

namespace corolla_tests {
namespace {

class HttpCacheTest : public CacheTest {};

// Section 4.2.1: asked at once, after `age`, and after `age` + 1 s.
struct Lifetime {
  Fields fields;
  int status;
  int seconds;  // how long it is fresh; 0: not at all
};

TEST_F(HttpCacheTest, FreshForAsLongAsTheServerSays) {
  run([]() -> Coro<void> {
    const auto begin = present;
    const std::vector<Lifetime> cases{
        {Fields{{"Cache-Control", "max-age=60"}}, 200, 60},
        {Fields{{"Cache-Control", "MAX-AGE=\"60\""}}, 200, 60},
        {Fields{{"Cache-Control", "max-age=60, max-age=100"}}, 200, 60},
        {Fields{{"Cache-Control", "private, x=\"a, max-age=1\", max-age=60"}}, 200, 60},
        {Fields{{"Cache-Control", "max-age=60, s-maxage=5"}}, 200, 60},
        {Fields{{"Cache-Control", "max-age=60"}, {"Expires", date(seconds(5))}}, 200, 60},
        {Fields{{"Cache-Control", "max-age=60"}, {"Age", "20"}}, 200, 40},
        {Fields{{"Cache-Control", "max-age=60"}, {"Date", date(seconds(-10))}}, 200, 50},
        {Fields{{"Cache-Control", "max-age=60"}, {"Date", date(seconds(-10))}, {"Age", "20"}}, 200, 40},
        {Fields{{"Cache-Control", "max-age=60"}}, 404, 60},
        {Fields{{"Cache-Control", "max-age=60"}}, 302, 60},
        {Fields{{"Cache-Control", "max-age=60"}}, 500, 60},
        {Fields{{"Cache-Control", "max-age=99999999999999999999"}}, 200, 1'000'000},
        {Fields{{"Expires", date(seconds(30))}}, 200, 30},
        {Fields{{"Date", date(seconds(10))}, {"Expires", date(seconds(40))}}, 200, 30},
        {Fields{{"Expires", "0"}}, 200, 0},
        {Fields{{"Expires", date(seconds(-1))}}, 200, 0},
        {Fields{{"Last-Modified", date(seconds(-1000))}}, 200, 100},
        {Fields{{"Last-Modified", date(seconds(-1000))}}, 404, 100},
        {Fields{{"Last-Modified", date(std::chrono::days(-100))}}, 200, 86400},
        {Fields{{"Last-Modified", date(seconds(-1000))}}, 503, 0},
        {Fields{{"Last-Modified", date(seconds(-1000))}}, 302, 0},
        {Fields{{"Cache-Control", "max-age=60, no-store"}}, 200, 0},
        {Fields{{"Cache-Control", "max-age=60, no-cache"}}, 200, 0},
        {Fields{{"Cache-Control", "max-age=60, no-store, must-understand"}}, 200, 60},
        {Fields{{"Cache-Control", "max-age=60, no-store, must-understand"}}, 299, 0},
        {Fields{{"Cache-Control", "max-age=soon"}}, 200, 0},
        {Fields{{"Cache-Control", "max-age=-1"}}, 200, 0},
        {Fields{{"Cache-Control", "max-age=60"}, {"Vary", "X, *"}}, 200, 0},
        {Fields{{"Cache-Control", "max-age=60"}}, 206, 0},
        {Fields{}, 200, 0},
        {Fields{{"ETag", "\"x\""}}, 200, 0},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const Lifetime& each = cases[i];
      present = begin;
      Cached cached(each.fields, each.status);
      const std::string status = std::to_string(each.status);
      const auto first = co_await cached.get();
      EXPECT_EQ(first, status + " 1") << i;
      if (each.seconds > 0) {
        present += seconds(each.seconds - 1);
        const auto again = co_await cached.get();
        EXPECT_EQ(again, "cached " + status + " 1") << i;
      }
      present += seconds(each.seconds > 0 ? 1 : 0);
      if (each.seconds == 1'000'000) continue;
      const auto late = co_await cached.get();
      EXPECT_EQ(late, status + " 2") << i;
    }
  }());
}

TEST_F(HttpCacheTest, AgeIsTold) {
  run([]() -> Coro<void> {
    Cached cached(Fields{
        {"Cache-Control", "max-age=60"}, {"Age", "5"}, {"X-Kept", "yes"}, {"Connection", "X-Not"}, {"X-Not", "a"}});
    co_await cached.get();
    present += seconds(7);
    auto response = co_await cached.session().get("http://a.example/#fragment");
    EXPECT_TRUE(response.from_cache());
    EXPECT_EQ(response.headers().get("Age"), "12");
    EXPECT_EQ(response.headers().get("X-Kept"), "yes");
    EXPECT_FALSE(response.headers().contains("X-Not"));
    EXPECT_FALSE(response.headers().contains("Connection"));
    EXPECT_EQ(response.url().fragment(), "fragment");
  }());
}

// Section 4.3.
TEST_F(HttpCacheTest, StaleOnesAreConfirmedOrReplaced) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=10"},
                         {"ETag", "W/\"v1\""},
                         {"Last-Modified", date(seconds(-5))},
                         {"Content-Type", "text/a"},
                         {"X-State", "old"}});
    co_await cached.get();
    present += seconds(11);
    cached.set_status(304);
    cached.fields() = Fields{{"Cache-Control", "max-age=20"}, {"X-State", "new"}, {"Content-Length", "77"}};
    auto confirmed = co_await cached.session().get("http://a.example/");
    EXPECT_TRUE(confirmed.from_cache());
    const auto body = co_await confirmed.text();
    EXPECT_EQ(body, "1");
    EXPECT_EQ(confirmed.headers().get("X-State"), "new");
    EXPECT_EQ(confirmed.headers().get("Content-Type"), "text/a");
    EXPECT_NE(confirmed.headers().get("Content-Length", ""), "77");
    EXPECT_EQ(cached.requests().at(1).headers.get("If-None-Match"), "W/\"v1\"");
    EXPECT_EQ(cached.requests().at(1).headers.get("If-Modified-Since"), http::format_http_date(present - seconds(16)));
    present += seconds(19);
    const auto renewed = co_await cached.get();
    EXPECT_EQ(renewed, "cached 200 1") << "the 304 brought it another time";
    present += seconds(2);
    cached.set_status(200);
    cached.fields() = Fields{{"Cache-Control", "max-age=10"}, {"ETag", "\"v2\""}};
    const auto replaced = co_await cached.get();
    EXPECT_EQ(replaced, "200 3");
    const auto kept = co_await cached.get();
    EXPECT_EQ(kept, "cached 200 3");
    present += seconds(11);
    cached.set_status(404);
    cached.fields() = Fields();
    const auto gone = co_await cached.get();
    EXPECT_EQ(gone, "404 4");
    const auto still = co_await cached.get();
    EXPECT_EQ(still, "404 5");
    EXPECT_FALSE(cached.requests().back().headers.contains("If-None-Match")) << "the old one is forgotten";
  }());
}

// Section 5.2.1: the request's words.
TEST_F(HttpCacheTest, RequestsSayWhatTheyTake) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=100"}});
    const auto none = co_await cached.get(fields_of("Cache-Control", "only-if-cached"));
    EXPECT_EQ(none, "504 not in the cache");
    EXPECT_EQ(cached.requests().size(), 0U);
    co_await cached.get();
    present += seconds(50);
    for (const auto& [words, fresh] :
         {std::pair("max-age=50", true), std::pair("max-age=49", false), std::pair("min-fresh=49", true),
          std::pair("min-fresh=50", false), std::pair("no-cache", false), std::pair("only-if-cached", true),
          std::pair("no-store", false), std::pair("max-age=0", false)}) {
      const std::size_t before = cached.requests().size();
      const auto text = co_await cached.get(fields_of("Cache-Control", std::string(words) + ", only-if-cached"));
      const bool asked = cached.requests().size() > before;
      EXPECT_EQ(text == "cached 200 1" && !asked, fresh) << words << ": " << text;
    }
    present += seconds(100);
    for (const auto& [words, answer] :
         {std::pair("max-stale", "cached 200 1"), std::pair("max-stale=50", "cached 200 1"),
          std::pair("max-stale=49", "504 not in the cache"), std::pair("x", "504 not in the cache")}) {
      const auto text = co_await cached.get(fields_of("Cache-Control", std::string(words) + ", only-if-cached"));
      EXPECT_EQ(text, answer) << words;
    }
    const auto pragma = co_await cached.get(fields_of("Pragma", "no-cache"));
    EXPECT_EQ(pragma.substr(0, 4), "200 ");
    cached.fields() = Fields{{"Cache-Control", "max-age=1, must-revalidate"}};
    co_await cached.get(fields_of("Cache-Control", "no-cache"));
    present += seconds(10);
    const auto strict = co_await cached.get(fields_of("Cache-Control", "max-stale, only-if-cached"));
    EXPECT_EQ(strict, "504 not in the cache");
  }());
}

// Section 4.1.
TEST_F(HttpCacheTest, VariantsAreChosenByTheFieldsThatVaryNames) {
  run([]() -> Coro<void> {
    Cached cached(
        Fields{{"Cache-Control", "max-age=100"}, {"Vary", "Accept-Language, Cookie"}, {"Vary", "User-Agent"}});
    const auto german = co_await cached.get(fields_of("Accept-Language", "de"));
    EXPECT_EQ(german, "200 1");
    const auto french = co_await cached.get(fields_of("Accept-Language", "fr"));
    EXPECT_EQ(french, "200 2");
    const auto neither = co_await cached.get();
    EXPECT_EQ(neither, "200 3");
    const auto again = co_await cached.get(fields_of("Accept-Language", "de", "X-Other", "1"));
    EXPECT_EQ(again, "cached 200 1");
    const auto other_agent = co_await cached.get(fields_of("Accept-Language", "de", "User-Agent", "me"));
    EXPECT_EQ(other_agent, "200 4");
    cached.session().cookie_jar().update(http::Url::parse("http://a.example/"), Fields{{"Set-Cookie", "who=ada"}});
    const auto cookie = co_await cached.get(fields_of("Accept-Language", "de"));
    EXPECT_EQ(cookie, "200 5") << "the jar's cookies count";
    cached.session().cookie_jar().clear();
    const auto back = co_await cached.get(fields_of("Accept-Language", "de"));
    EXPECT_EQ(back, "cached 200 1");
  }());
}

TEST_F(HttpCacheTest, OneUsersAnswersAreNotAnothers) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=100"}});
    const auto ada = co_await cached.get(fields_of("Authorization", "Bearer ada"));
    EXPECT_EQ(ada, "200 1");
    const auto bob = co_await cached.get(fields_of("Authorization", "Bearer bob"));
    EXPECT_EQ(bob, "200 2");
    const auto nobody = co_await cached.get();
    EXPECT_EQ(nobody, "200 3");
    const auto again = co_await cached.get(fields_of("Authorization", "Bearer ada"));
    EXPECT_EQ(again, "cached 200 1");
    const auto by_url = co_await cached.get(Fields(), "http://ada:x@a.example/");
    EXPECT_EQ(by_url, "200 4");
  }());
}

TEST_F(HttpCacheTest, WhatPassesBy) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=100"}});
    for (const char* field :
         {"Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"}) {
      const auto once = co_await cached.get(fields_of(field, "x"));
      const auto twice = co_await cached.get(fields_of(field, "x"));
      EXPECT_NE(once, twice) << field;
    }
    auto heading = Cached::ask(cached.session().head("http://a.example/"));
    co_await std::move(heading);
    auto with_body = Cached::ask(cached.session().get("http://a.example/").body("x"));
    co_await std::move(with_body);
    const auto empty = co_await cached.get(fields_of("Cache-Control", "only-if-cached"));
    EXPECT_EQ(empty, "504 not in the cache");
  }());
}

// Section 4.4.
TEST_F(HttpCacheTest, UnsafeMethodsForget) {
  run([]() -> Coro<void> {
    Cached cached(
        Fields{{"Cache-Control", "max-age=1000"}, {"Location", "/b"}, {"Content-Location", "http://c.example/"}});
    const auto fill = [&]() -> Coro<void> {
      for (const char* url : {"http://a.example/a", "http://a.example/b", "http://c.example/"})
        static_cast<void>(co_await cached.get(Fields(), url));
    };
    const auto is_kept = [&](std::string url) -> Coro<bool> {
      const auto text = co_await cached.get(fields_of("Cache-Control", "only-if-cached"), url);
      co_return text.starts_with("cached");
    };
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "FROB"}) {
      cached.set_status(200);
      co_await fill();
      cached.set_status(500);
      auto failing = Cached::ask(cached.session().request(method, "http://a.example/a"));
      co_await std::move(failing);
      const bool kept = co_await is_kept("http://a.example/a");
      EXPECT_TRUE(kept) << "an error changes nothing";
      cached.set_status(200);
      auto changing = Cached::ask(cached.session().request(method, "http://a.example/a"));
      co_await std::move(changing);
      const bool target = co_await is_kept("http://a.example/a");
      EXPECT_FALSE(target) << method;
      const bool location = co_await is_kept("http://a.example/b");
      EXPECT_FALSE(location) << method;
      const bool foreign = co_await is_kept("http://c.example/");
      EXPECT_TRUE(foreign) << "not of another origin";
    }
  }());
}

// RFC 5861, section 4.
TEST_F(HttpCacheTest, StaleIfError) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=10, stale-if-error=30"}});
    co_await cached.get();
    present += seconds(40);
    for (const int status : {500, 502, 503, 504, 0}) {
      cached.set_status(status);
      const auto text = co_await cached.get();
      EXPECT_EQ(text, "cached 200 1") << status;
    }
    cached.set_status(501);
    cached.fields() = Fields();
    const auto refused = co_await cached.get();
    EXPECT_EQ(refused.substr(0, 4), "501 ");
    present += seconds(1);
    cached.set_status(503);
    const auto late = co_await cached.get();
    EXPECT_EQ(late.substr(0, 4), "503 ");
    cached.set_status(0);
    const auto error = co_await cached.get();
    EXPECT_NE(error.find("server disconnected"), std::string::npos) << error;
    Cached strict(Fields{{"Cache-Control", "max-age=10, stale-if-error=30, must-revalidate"}});
    co_await strict.get();
    present += seconds(11);
    strict.set_status(500);
    const auto failed = co_await strict.get();
    EXPECT_EQ(failed.substr(0, 4), "500 ");
  }());
}

TEST_F(HttpCacheTest, OnlyWhatWasReadToItsEndAndIsSmallEnough) {
  run([]() -> Coro<void> {
    http::CacheOptions small = options();
    small.max_body_bytes = 0;
    Cached cached(Fields{{"Cache-Control", "max-age=100"}}, 200, small);
    co_await cached.get();
    const auto large = co_await cached.get();
    EXPECT_EQ(large, "200 2");
    Cached unread(Fields{{"Cache-Control", "max-age=100"}});
    {
      auto response = co_await unread.session().get("http://a.example/");
      EXPECT_EQ(response.status(), 200);
    }
    const auto next = co_await unread.get();
    EXPECT_EQ(next, "200 2");
    const auto kept = co_await unread.get();
    EXPECT_EQ(kept, "cached 200 2");
  }());
}

}  // namespace
}  // namespace corolla_tests
