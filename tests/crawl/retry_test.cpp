// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/retry.hpp>
#include <corolla/http/error.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/exception_group.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <netdb.h>

using namespace std::chrono_literals;
using corolla::crawl::classify;
using corolla::crawl::Failure;
using corolla::crawl::parse_retry_after;
using corolla::crawl::RetryOptions;
using corolla::crawl::RetryPolicy;

namespace {

TEST(RetryPolicy, KnowsWhatPasses) {
  const std::set<int> transient{408, 425, 429, 500, 502, 503, 504};
  for (int status = 100; status < 600; ++status)
    EXPECT_EQ(RetryPolicy::is_transient(status), transient.contains(status)) << status;
  for (const Failure failure : {Failure::kConnect, Failure::kReset, Failure::kTimeout, Failure::kResolve})
    EXPECT_TRUE(RetryPolicy::is_transient(failure));
  for (const Failure failure :
       {Failure::kProtocol, Failure::kTooLarge, Failure::kUnknownHost, Failure::kTls, Failure::kOther})
    EXPECT_FALSE(RetryPolicy::is_transient(failure));
}

TEST(RetryPolicy, GivesUpAfterItsAttempts) {
  RetryPolicy policy;
  EXPECT_TRUE(policy.after(Failure::kTimeout, 1));
  EXPECT_TRUE(policy.after(503, 2));
  EXPECT_FALSE(policy.after(Failure::kTimeout, 3));
  EXPECT_FALSE(policy.after(503, 3, 1s));
  EXPECT_FALSE(policy.after(404, 1));
  EXPECT_FALSE(policy.after(Failure::kTooLarge, 1));
  RetryPolicy once({.attempts = 1});
  EXPECT_FALSE(once.after(503, 1));
}

TEST(RetryPolicy, DrawsFromTheWholeRangeWhichDoublesUpToTheCap) {
  RetryPolicy policy({.attempts = 100, .base = 100ms, .cap = 1000ms, .seed = 1});
  for (std::uint32_t attempt : {1U, 2U, 3U, 4U, 5U, 40U, 99U}) {
    const auto most = std::min<std::int64_t>(1000, attempt > 20 ? 1000 : 100 << (attempt - 1));
    std::int64_t least_seen = most;
    std::int64_t most_seen = 0;
    std::int64_t sum = 0;
    for (int i = 0; i < 2000; ++i) {
      const auto wait = policy.after(Failure::kConnect, attempt).value().count();
      ASSERT_GE(wait, 0);
      ASSERT_LE(wait, most);
      least_seen = std::min(least_seen, wait);
      most_seen = std::max(most_seen, wait);
      sum += wait;
    }
    EXPECT_LE(least_seen, most / 50) << attempt;
    EXPECT_GE(most_seen, most - most / 50) << attempt;
    EXPECT_NEAR(static_cast<double>(sum) / 2000, static_cast<double>(most) / 2, static_cast<double>(most) / 20);
  }
}

TEST(RetryPolicy, DependsOnTheSeedAlone) {
  RetryPolicy a({.seed = 5});
  RetryPolicy b({.seed = 5});
  RetryPolicy c({.seed = 6});
  std::vector<std::chrono::milliseconds> from_a, from_b, from_c;
  for (int i = 0; i < 10; ++i) {
    from_a.push_back(*a.after(503, 2));
    from_b.push_back(*b.after(503, 2));
    from_c.push_back(*c.after(503, 2));
  }
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
}

TEST(RetryPolicy, WaitsAsLongAsTheServerAsks) {
  RetryPolicy policy({.base = 100ms, .cap = 100ms, .longest_retry_after = 60s});
  for (int i = 0; i < 100; ++i) {
    const auto wait = policy.after(429, 1, 10s).value();
    EXPECT_GE(wait, 10s);
    EXPECT_LE(wait, 10'100ms);
  }
  EXPECT_TRUE(policy.after(503, 1, 60s));
  EXPECT_FALSE(policy.after(503, 1, 61s)) << "longer than anybody wants to wait";
  EXPECT_FALSE(policy.after(503, 1, std::chrono::seconds::max()));
  EXPECT_LE(policy.after(503, 1, 0s).value(), 100ms);
}

TEST(RetryPolicy, RefusesNonsense) {
  EXPECT_THROW(RetryPolicy({.attempts = 0}), corolla::ValueError);
  EXPECT_THROW(RetryPolicy({.base = 2s, .cap = 1s}), corolla::ValueError);
  EXPECT_THROW(RetryPolicy({.base = -1s}), corolla::ValueError);
}

TEST(RetryAfter, SecondsAndDates) {
  const auto now = std::chrono::sys_days{std::chrono::year{1994} / 11 / 6} + 8h + 49min + 37s + 500ms;
  EXPECT_EQ(parse_retry_after("120", now), 120s);
  EXPECT_EQ(parse_retry_after(" 0\t", now), 0s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), 60s);
  EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:47 GMT", now), 10s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0s);
  EXPECT_EQ(parse_retry_after("99999999999999999999999", now), std::chrono::seconds(2147483647));
  for (const char* bad : {"", "  ", "-1", "+5", "1.5", "1 2", "soon", "Sun, 06 Nov 1994"})
    EXPECT_EQ(parse_retry_after(bad, now), std::nullopt) << bad;
}

template <class E>
Failure kind(E error) {
  return classify(std::make_exception_ptr(std::move(error)));
}

TEST(Classify, ErrorsOfTheClientAndTheSystem) {
  namespace http = corolla::http;
  EXPECT_EQ(kind(corolla::TimeoutError()), Failure::kTimeout);
  EXPECT_EQ(kind(corolla::OSError(ECONNREFUSED, "connect")), Failure::kConnect);
  EXPECT_EQ(kind(corolla::OSError(EHOSTUNREACH, "connect")), Failure::kConnect);
  EXPECT_EQ(kind(corolla::OSError(ECONNRESET, "recv")), Failure::kReset);
  EXPECT_EQ(kind(corolla::OSError(EPIPE, "send")), Failure::kReset);
  EXPECT_EQ(kind(corolla::OSError(ETIMEDOUT, "recv")), Failure::kTimeout);
  EXPECT_EQ(kind(corolla::OSError(EMFILE, "socket")), Failure::kOther);
  EXPECT_EQ(kind(corolla::IncompleteReadError("x", 5)), Failure::kReset);
  EXPECT_EQ(kind(http::ServerDisconnectedError()), Failure::kReset);
  EXPECT_EQ(kind(http::ClientConnectionError("x")), Failure::kConnect);
  const auto wrapped = [](int code) { return http::ClientConnectorError("h:80", corolla::OSError(code, "connect")); };
  EXPECT_EQ(kind(wrapped(ECONNREFUSED)), Failure::kConnect);
  EXPECT_EQ(kind(wrapped(ETIMEDOUT)), Failure::kTimeout);
  EXPECT_EQ(kind(wrapped(EMFILE)), Failure::kConnect);
  EXPECT_EQ(kind(http::ClientConnectorError("h:80", corolla::gaierror(EAI_NONAME, "h"))), Failure::kUnknownHost);
  EXPECT_EQ(kind(http::ClientConnectorError("h:80", corolla::gaierror(EAI_AGAIN, "h"))), Failure::kResolve);
  EXPECT_EQ(kind(http::ClientSSLError("h:443", corolla::TlsError("no shared cipher", "no shared cipher"))),
            Failure::kTls);
  EXPECT_EQ(kind(corolla::gaierror(EAI_NONAME, "h")), Failure::kUnknownHost);
  EXPECT_EQ(kind(http::ClientOSError("h:80", corolla::OSError(ECONNRESET, "recv"))), Failure::kReset);
  EXPECT_EQ(kind(http::ClientPayloadError("x")), Failure::kReset);
  EXPECT_EQ(kind(http::ContentTooLarge("x")), Failure::kTooLarge);
  EXPECT_EQ(kind(http::HttpProtocolError("x")), Failure::kProtocol);
  EXPECT_EQ(kind(http::HeaderTooLarge("x")), Failure::kProtocol);
  EXPECT_EQ(kind(corolla::ValueError("x")), Failure::kOther);
  EXPECT_EQ(kind(corolla::CancelledError()), Failure::kOther);
  EXPECT_EQ(kind(corolla::ExceptionGroup("all addresses failed",
                                         {std::make_exception_ptr(corolla::OSError(ECONNREFUSED, "connect")),
                                          std::make_exception_ptr(corolla::TimeoutError())})),
            Failure::kConnect);
}

}  // namespace
