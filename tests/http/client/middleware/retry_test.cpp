// SPDX-License-Identifier: Apache-2.0
// Retries, on the virtual clock.
#include "tests/http/client/middleware/middleware_test.hpp"

#include <corolla/http/date.hpp>
#include <corolla/runtime/async_generator.hpp>

namespace corolla_tests {
namespace {

class RetryTest : public RuntimeTest {};

const OSError kRefused(ECONNREFUSED, "connect");

http::RetryPolicy seeded(unsigned attempts) {
  http::RetryPolicy policy(attempts);
  policy.seed = 1;
  return policy;
}

SessionOptions retrying(const http::RetryPolicy& policy, const FakeServer& server) {
  SessionOptions options;
  options.middlewares = {http::retry(policy), server.middleware()};
  return options;
}

FakeServer busy(int status = 503, Fields fields = Fields()) {
  return FakeServer([status, fields](const RequestData& request) { return answer(request, status, "no", fields); });
}

TEST_F(RetryTest, WaitsAreRandomBelowAnExponentialBound) {
  run([]() -> Coro<void> {
    http::RetryPolicy policy = seeded(12);
    policy.backoff = 100ms;
    policy.max_backoff = 5s;
    const FakeServer server = busy();
    Session session(retrying(policy, server));
    const auto text = co_await answer_to(session.get("http://a.example/"));
    EXPECT_EQ(text, "503 no") << "the last response as it is";
    EXPECT_EQ(server.times().size(), 12U);
    bool any_short = false;
    for (std::size_t i = 1; i < server.times().size(); ++i) {
      const auto wait = server.times()[i] - server.times()[i - 1];
      const auto bound = std::min<std::chrono::nanoseconds>(100ms * (1U << (i - 1)), 5s);
      EXPECT_LE(wait, bound) << i;
      any_short = any_short || wait < bound / 2;
    }
    EXPECT_TRUE(any_short) << "jitter is full";
    EXPECT_GT(server.times().back(), 5s);
    const auto first = server.times();
    const FakeServer again = busy();
    Session twin(retrying(policy, again));
    const auto same = co_await answer_to(twin.get("http://a.example/"));
    EXPECT_EQ(same, text);
    EXPECT_EQ(again.times().at(5) - again.times().at(0), first.at(5) - first.at(0)) << "a seed makes it repeatable";
  }());
}

TEST_F(RetryTest, OnlyWhatMayBeRepeated) {
  run([]() -> Coro<void> {
    struct Case {
      const char* method;
      int status;
      std::size_t sent;
    };
    for (const Case& each : {Case{"GET", 503, 3}, Case{"HEAD", 429, 3}, Case{"PUT", 500, 3}, Case{"DELETE", 502, 3},
                             Case{"OPTIONS", 504, 3}, Case{"POST", 503, 1}, Case{"PATCH", 429, 1}, Case{"FROB", 503, 1},
                             Case{"GET", 404, 1}, Case{"GET", 501, 1}, Case{"GET", 200, 1}}) {
      const FakeServer server = busy(each.status);
      Session session(retrying(seeded(3), server));
      const auto text = co_await answer_to(session.request(each.method, "http://a.example/"));
      EXPECT_EQ(text, std::to_string(each.status) + " no");
      EXPECT_EQ(server.requests().size(), each.sent) << each.method << ' ' << each.status;
    }
    http::RetryPolicy any = seeded(2);
    any.any_method = true;
    const FakeServer server = busy();
    Session session(retrying(any, server));
    const auto posted = co_await answer_to(session.post("http://a.example/").body("x"));
    EXPECT_EQ(posted, "503 no");
    EXPECT_EQ(server.requests().size(), 2U);
    EXPECT_EQ(server.requests().at(1).body, "x");
    auto pieces = []() -> AsyncGenerator<std::string> { co_yield std::string("once"); };
    const auto streamed = co_await answer_to(session.put("http://a.example/").body(pieces()));
    EXPECT_EQ(streamed, "503 no");
    EXPECT_EQ(server.requests().size(), 3U) << "a stream is sent once";
  }());
}

TEST_F(RetryTest, ErrorsOfConnectionsAndNothingElse) {
  run([]() -> Coro<void> {
    struct Case {
      std::exception_ptr error;
      std::size_t got;
      std::size_t posted;
    };
    const TlsError tls("handshake", "bad");
    const std::vector<Case> cases{
        {std::make_exception_ptr(http::ClientConnectorError("a", kRefused)), 3, 3},
        {std::make_exception_ptr(http::ConnectionTimeoutError("late")), 3, 3},
        {std::make_exception_ptr(http::ServerDisconnectedError()), 3, 1},
        {std::make_exception_ptr(http::ClientOSError("a", kRefused)), 3, 1},
        {std::make_exception_ptr(http::ClientSSLError("a", tls)), 1, 1},
        {std::make_exception_ptr(http::ServerFingerprintMismatch("a")), 1, 1},
        {std::make_exception_ptr(http::SocketTimeoutError("late")), 1, 1},
        {std::make_exception_ptr(http::HttpProtocolError("what")), 1, 1},
        {std::make_exception_ptr(RuntimeError("mine")), 1, 1},
    };
    for (const Case& each : cases) {
      const FakeServer server([&](const RequestData&) -> Response { std::rethrow_exception(each.error); });
      Session session(retrying(seeded(3), server));
      const auto got = co_await answer_to(session.get("http://a.example/"));
      EXPECT_EQ(got, describe(each.error)) << "the last error as it is";
      EXPECT_EQ(server.requests().size(), each.got) << got;
      const auto posted = co_await answer_to(session.post("http://a.example/"));
      EXPECT_EQ(posted, got);
      EXPECT_EQ(server.requests().size() - each.got, each.posted) << got;
    }
    http::RetryPolicy strict = seeded(3);
    strict.connection_errors = false;
    const FakeServer server([](const RequestData&) -> Response { throw http::ServerDisconnectedError(); });
    Session session(retrying(strict, server));
    const auto once = co_await answer_to(session.get("http://a.example/"));
    EXPECT_EQ(server.requests().size(), 1U) << once;
  }());
}

TEST_F(RetryTest, RetryAfterInSecondsAndAsADate) {
  run([]() -> Coro<void> {
    struct Case {
      Fields fields;
      std::chrono::seconds wait;  // negative: no other attempt
    };
    const std::vector<Case> cases{
        {Fields{{"Retry-After", "7"}}, 7s},
        {Fields{{"Retry-After", "120"}}, 120s},
        {Fields{{"Retry-After", "121"}}, -1s},
        {Fields{{"Retry-After", "99999999999999999999999"}}, -1s},
        {Fields{{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}}, 30s},
        {Fields{{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"Retry-After", "Sun, 06 Nov 1994 08:49:07 GMT"}}, 0s},
        {Fields{{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}}, -1s},
        {Fields{{"Retry-After", "-5"}}, 0s},
        {Fields{{"Retry-After", "soon"}}, 0s},
    };
    for (const Case& each : cases) {
      http::RetryPolicy policy = seeded(2);
      policy.backoff = 0ns;
      const FakeServer server = busy(429, each.fields);
      Session session(retrying(policy, server));
      const auto text = co_await answer_to(session.get("http://a.example/"));
      EXPECT_EQ(text, "429 no");
      const std::string field(each.fields.get("Retry-After", ""));
      if (each.wait < 0s) {
        EXPECT_EQ(server.times().size(), 1U) << field;
      } else {
        EXPECT_EQ(server.times().size(), 2U) << field;
        EXPECT_EQ(server.times().back() - server.times().front(), each.wait) << field;
      }
    }
  }());
}

TEST_F(RetryTest, TheTotalTimeIsOneForAll) {
  run([]() -> Coro<void> {
    const FakeServer server = busy(503, Fields{{"Retry-After", "4"}});
    Session session(retrying(seeded(10), server));
    const auto start = now();
    const auto text = co_await answer_to(session.get("http://a.example/").timeout(10s));
    EXPECT_EQ(text, "503 no");
    EXPECT_EQ(server.times().size(), 3U) << "at 0, 4 and 8 seconds; the next would be too late";
    EXPECT_EQ(now() - start, 8s) << "nobody waits for what cannot be";
  }());
}

TEST_F(RetryTest, ARequestsPolicyTakesThePlaceOfTheSessions) {
  run([]() -> Coro<void> {
    SessionOptions options;
    options.retry = seeded(2);
    int count = 0;
    Session session(options);
    // Nobody listens there.
    auto counting = [&count](RequestData& request, ClientHandler next) -> Coro<Response> {
      ++count;
      auto sending = next(request);
      auto result = co_await outcome(std::move(sending));
      if (result) co_return std::move(*result);
      ++count;
      std::rethrow_exception(result.error());
    };
    auto failing = [](RequestData&, ClientHandler) -> Coro<Response> {
      throw http::ClientConnectorError("a", kRefused);
      co_return Response(200, Fields(), "", http::Url::parse("http://a.example/"));
    };
    const std::vector<ClientMiddleware> own{http::retry(seeded(5)), counting, failing};
    const auto text = co_await answer_to(session.get("http://a.example/").middlewares(own).retry(http::RetryPolicy(1)));
    EXPECT_NE(text.find("cannot connect"), std::string::npos);
    EXPECT_EQ(count, 10);
    EXPECT_THROW(static_cast<void>(session.get("http://a.example/").retry(http::RetryPolicy(0))), ValueError);
    http::RetryPolicy negative;
    negative.backoff = -1s;
    EXPECT_THROW(static_cast<void>(http::retry(negative)), ValueError);
  }());
}

TEST_F(RetryTest, CancelledAtEveryStep) {
  run_and_destroy([]() -> Coro<void> {
    http::RetryPolicy policy = seeded(4);
    const FakeServer server = busy();
    Session session(retrying(policy, server));
    for (int steps = 0; steps < 12; ++steps) {
      auto task = create_task(answer_to(session.get("http://a.example/")));
      for (int i = 0; i < steps; ++i) co_await sleep(10ms);
      task.cancel();
      const auto ended = co_await outcome(task);
      EXPECT_TRUE(ended.cancelled() || ended) << ended.error_message();
    }
  });
}

}  // namespace
}  // namespace corolla_tests
