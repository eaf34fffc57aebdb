// SPDX-License-Identifier: Apache-2.0
// The cache: stale answers while somebody asks again (RFC 5861, section 3), and HEAD (RFC 9111, section 4.3.5).
#include "tests/http/client/middleware/cache_test.hpp"

namespace corolla_tests {
namespace {

class CacheRevalidationTest : public CacheTest {};

Coro<void> until_idle() {
  for (int i = 0; i < 20; ++i) co_await sleep(0s);
}

TEST_F(CacheRevalidationTest, StaleOnesAreServedAtOnceAndRenewed) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=10, stale-while-revalidate=30"}, {"ETag", "\"v1\""}});
    co_await cached.get();
    present += seconds(40);
    for (int i = 0; i < 2; ++i) {
      const auto text = co_await cached.get();
      EXPECT_EQ(text, "cached 200 1");
      EXPECT_EQ(cached.requests().size(), 1U) << "nobody was asked yet";
    }
    co_await until_idle();
    EXPECT_EQ(cached.requests().size(), 2U) << "one asks for both";
    EXPECT_EQ(cached.requests().back().headers.get("If-None-Match", ""), "\"v1\"");
    const auto renewed = co_await cached.get();
    EXPECT_EQ(renewed, "cached 200 2");
    present += seconds(11);
    cached.set_status(304);
    co_await cached.get();
    co_await until_idle();
    EXPECT_EQ(cached.requests().size(), 3U);
    const auto confirmed = co_await cached.get();
    EXPECT_EQ(confirmed, "cached 200 2");
    co_await until_idle();
    EXPECT_EQ(cached.requests().size(), 3U) << "fresh again";
    cached.set_status(200);
    present += seconds(41);
    const auto late = co_await cached.get();
    EXPECT_EQ(late, "200 4") << "beyond the time that the server gave";
  }());
}

TEST_F(CacheRevalidationTest, NotForEverybody) {
  run([]() -> Coro<void> {
    for (const char* strict : {"must-revalidate", "no-cache", "stale-while-revalidate=0"}) {
      Cached cached(Fields{{"Cache-Control", std::string("max-age=10, ") + strict + ", stale-while-revalidate=30"}});
      co_await cached.get();
      present += seconds(15);
      const auto text = co_await cached.get();
      EXPECT_EQ(text, "200 2") << strict;
    }
    for (const char* wanted : {"no-cache", "max-age=14", "min-fresh=1"}) {
      Cached cached(Fields{{"Cache-Control", "max-age=10, stale-while-revalidate=30"}});
      co_await cached.get();
      present += seconds(15);
      const auto text = co_await cached.get(fields_of("Cache-Control", wanted));
      EXPECT_EQ(text, "200 2") << wanted;
    }
    Cached cached(Fields{{"Cache-Control", "max-age=10, stale-while-revalidate=30"}});
    co_await cached.get();
    present += seconds(15);
    const auto text = co_await cached.get(fields_of("Cache-Control", "only-if-cached"));
    EXPECT_EQ(text, "cached 200 1");
    co_await until_idle();
    EXPECT_EQ(cached.requests().size(), 1U) << "it wants nobody to be asked";
  }());
}

TEST_F(CacheRevalidationTest, AFailureLeavesWhatThereWas) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=10, stale-while-revalidate=30"}});
    co_await cached.get();
    present += seconds(15);
    for (const int status : {0, 503}) {
      cached.set_status(status);
      const auto text = co_await cached.get();
      EXPECT_EQ(text, "cached 200 1");
      co_await until_idle();
    }
    EXPECT_EQ(cached.requests().size(), 3U);
  }());
  EXPECT_TRUE(reports.empty()) << "nobody waits for the error";
}

// A session with a cache before a server that answers the second request when `go` is done.
struct Slow {
  Slow() {
    const ClientMiddleware server = [this](RequestData& request, ClientHandler) -> Coro<Response> {
      if (++asked == 2) co_await go;
      Fields fields{{"Cache-Control", "max-age=10, stale-while-revalidate=30"}};
      co_return answer(request, 200, std::to_string(asked), std::move(fields));
    };
    session = std::make_unique<Session>(through({cache.middleware(), server}));
  }
  /// Fetches, and a while later once more.
  Coro<void> fetch_twice() {
    for (int i = 0; i < 2; ++i) {
      const auto text = co_await answer_to(session->get("http://a.example/"));
      EXPECT_EQ(text, "200 1");
      present += seconds(15);
    }
    co_await until_idle();
    EXPECT_EQ(asked, 2);
  }
  [[nodiscard]] std::string kept() const { return *cache.storage().load("http://a.example/").at(0).body; }

  http::HttpCache cache{options()};
  Future<void> go = get_running_loop().create_future<void>();
  int asked = 0;
  std::unique_ptr<Session> session;
};

TEST_F(CacheRevalidationTest, TheSessionsCloseWaitsForIt) {
  run([]() -> Coro<void> {
    Slow slow;
    co_await slow.fetch_twice();
    auto closing = create_task(slow.session->close());
    co_await until_idle();
    EXPECT_FALSE(closing.done());
    slow.go.set_result();
    co_await closing;
    EXPECT_EQ(slow.kept(), "2");
  }());
}

TEST_F(CacheRevalidationTest, TheSessionsEndCancelsIt) {
  run([]() -> Coro<void> {
    Slow slow;
    co_await slow.fetch_twice();
    slow.session.reset();
    co_await until_idle();
    EXPECT_TRUE(slow.go.cancelled());
    EXPECT_EQ(slow.kept(), "1");
  }());
}

TEST_F(CacheRevalidationTest, HeadIsAnsweredByAStoredGet) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=10"}, {"ETag", "\"v1\""}});
    const auto head = [&] { return Cached::ask(cached.session().head("http://a.example/")); };
    const auto first = co_await head();
    EXPECT_EQ(first, "200 1") << "and is not stored itself";
    co_await cached.get();
    auto asking = cached.session().head("http://a.example/").send();
    auto response = co_await std::move(asking);
    EXPECT_TRUE(response.from_cache());
    EXPECT_EQ(response.content_length(), 1U) << "of the body that a GET would have";
    const auto body = co_await response.read();
    EXPECT_EQ(body, "");
    EXPECT_EQ(cached.requests().size(), 2U);
    const auto none =
        co_await Cached::ask(cached.session().head("http://b.example/"), fields_of("Cache-Control", "only-if-cached"));
    EXPECT_EQ(none, "504 not in the cache");
  }());
}

TEST_F(CacheRevalidationTest, HeadRenewsOrForgets) {
  run([]() -> Coro<void> {
    for (const bool same : {true, false}) {
      Cached cached(Fields{{"Cache-Control", "max-age=10"}, {"ETag", "\"v1\""}, {"X-Of", "get"}});
      co_await cached.get();
      present += seconds(15);
      cached.fields().set("ETag", same ? "\"v1\"" : "\"v2\"");
      cached.fields().set("X-Of", "head");
      co_await Cached::ask(cached.session().head("http://a.example/"));
      EXPECT_EQ(cached.requests().size(), 2U);
      const auto kept = cached.cache().storage().load("http://a.example/");
      EXPECT_EQ(kept.size(), same ? 1U : 0U);
      const auto text = co_await cached.get();
      EXPECT_EQ(text, same ? "cached 200 1" : "200 3");
      if (same) {
        EXPECT_EQ(kept.at(0).headers.get("X-Of", ""), "head");
      }
    }
  }());
}

TEST_F(CacheRevalidationTest, HeadIsServedStaleAndRenewsMeanwhile) {
  run([]() -> Coro<void> {
    Cached cached(Fields{{"Cache-Control", "max-age=10, stale-while-revalidate=30"}, {"ETag", "\"v1\""}});
    co_await cached.get();
    present += seconds(15);
    cached.fields().set("X-Of", "head");
    auto asking = cached.session().head("http://a.example/").send();
    auto response = co_await std::move(asking);
    EXPECT_TRUE(response.from_cache());
    EXPECT_EQ(response.headers().get("Age", ""), "15");
    co_await until_idle();
    EXPECT_EQ(cached.requests().size(), 2U);
    const auto kept = cached.cache().storage().load("http://a.example/");
    EXPECT_EQ(kept.at(0).headers.get("X-Of", ""), "head");
    const auto text = co_await cached.get();
    EXPECT_EQ(text, "cached 200 1") << "fresh again";
  }());
}

}  // namespace
}  // namespace corolla_tests
