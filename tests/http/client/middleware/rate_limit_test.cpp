// SPDX-License-Identifier: Apache-2.0
// Limits of requests in a period, on the virtual clock.
#include "tests/http/client/middleware/middleware_test.hpp"

namespace corolla_tests {
namespace {

class RateLimitTest : public RuntimeTest {};

using Times = std::vector<std::chrono::nanoseconds>;

FakeServer fine() {
  return FakeServer([](const RequestData& request) { return answer(request, 200, "ok"); });
}

SessionOptions limited(const http::RateLimit& limit, const FakeServer& server) {
  return through({http::limit_rate(limit), server.middleware()});
}

Coro<void> ask(Session& session, std::vector<std::string> urls) {
  std::vector<Coro<std::string>> asking;
  for (const std::string& url : urls) asking.push_back(answer_to(session.get(url)));
  const auto answers = co_await gather(asking);
  for (const std::string& text : answers) EXPECT_EQ(text, "200 ok");
}

std::vector<std::string> paths(const FakeServer& server) {
  std::vector<std::string> all;
  for (const RequestData& request : server.requests()) all.emplace_back(request.url.path());
  return all;
}

TEST_F(RateLimitTest, EvenlyInTheOrderOfAsking) {
  run([]() -> Coro<void> {
    const FakeServer server = fine();
    Session session(limited(http::RateLimit(http::Rate(2, 1s, 1)), server));
    const std::vector<std::string> urls{"http://a.example/1", "http://b.example/2", "http://a.example/3",
                                        "http://c.example/4"};
    co_await ask(session, urls);
    EXPECT_EQ(server.times(), (Times{0s, 500ms, 1s, 1500ms}));
    EXPECT_EQ(paths(server), (std::vector<std::string>{"/1", "/2", "/3", "/4"}));
  }());
}

TEST_F(RateLimitTest, ABurstAfterAPause) {
  run([]() -> Coro<void> {
    const FakeServer server = fine();
    Session session(limited(http::RateLimit(http::Rate(3, 3s)), server));
    const std::vector<std::string> urls(5, "http://a.example/");
    co_await ask(session, urls);
    EXPECT_EQ(server.times(), (Times{0s, 0s, 0s, 1s, 2s}));
    co_await sleep(100s);
    co_await ask(session, urls);
    EXPECT_EQ(Times(server.times().begin() + 5, server.times().end()), (Times{102s, 102s, 102s, 103s, 104s}))
        << "a pause saves no more than a burst";
    co_await sleep(500ms);
    const std::vector<std::string> one(1, "http://a.example/");
    co_await ask(session, one);
    EXPECT_EQ(server.times().back(), 105s) << "half a token is none";
  }());
}

TEST_F(RateLimitTest, HostsDoNotWaitForEachOther) {
  run([]() -> Coro<void> {
    const FakeServer server = fine();
    Session session(limited(http::RateLimit(http::Rate(4, 1s, 1), http::Rate(1, 1s)), server));
    const std::vector<std::string> urls{"http://a.example/1", "http://a.example/2",    "http://a.example/3",
                                        "http://b.example/1", "http://a.example:81/1", "https://c.example/1"};
    co_await ask(session, urls);
    EXPECT_EQ(paths(server), (std::vector<std::string>{"/1", "/1", "/1", "/1", "/2", "/3"}));
    EXPECT_EQ(server.times(), (Times{0s, 250ms, 500ms, 750ms, 1s, 2s}));
  }());
}

TEST_F(RateLimitTest, ManyHostsAreForgottenOnceTheirTimeIsOver) {
  run([]() -> Coro<void> {
    const FakeServer server = fine();
    Session session(limited(http::RateLimit(http::Rate(), http::Rate(1, 1s)), server));
    std::vector<std::string> urls;
    for (int i = 0; i < 3000; ++i) urls.push_back("http://h" + std::to_string(i) + ".example/");
    co_await ask(session, urls);
    EXPECT_EQ(now(), 0s);
    co_await ask(session, urls);
    EXPECT_EQ(now(), 1s) << "none was forgotten that still counts";
  }());
}

TEST_F(RateLimitTest, ACancelledOneLeavesItsPlace) {
  run_and_destroy([]() -> Coro<void> {
    const FakeServer server = fine();
    Session session(limited(http::RateLimit(http::Rate(1, 1s)), server));
    const auto begin = now();
    std::vector<Task<std::string>> tasks;
    for (int i = 0; i < 5; ++i)
      tasks.push_back(create_task(answer_to(session.get("http://a.example/" + std::to_string(i)))));
    co_await sleep(500ms);
    tasks[1].cancel();
    tasks[3].cancel();
    for (auto& task : tasks) static_cast<void>(co_await outcome(task));
    EXPECT_EQ(paths(server), (std::vector<std::string>{"/0", "/2", "/4"}));
    Times since;
    for (const auto time : server.times()) since.push_back(time - begin);
    EXPECT_EQ(since, (Times{0s, 1s, 2s}));
  });
}

// Its token was granted, and it is cancelled before it runs: the next one gets it.
TEST_F(RateLimitTest, GrantedAndCancelledAtOncePassesTheTokenOn) {
  run([]() -> Coro<void> {
    const FakeServer server = fine();
    Session session(limited(http::RateLimit(http::Rate(1, 1s)), server));
    auto first = create_task(answer_to(session.get("http://a.example/0")));
    auto second = create_task(answer_to(session.get("http://a.example/1")));
    auto third = create_task(answer_to(session.get("http://a.example/2")));
    co_await sleep(0s);
    get_running_loop().call_later(1s, [&] { second.cancel(); });  // in the iteration in which its token comes
    const auto last = co_await third;
    EXPECT_EQ(last, "200 ok");
    const auto cancelled = co_await outcome(second);
    EXPECT_TRUE(cancelled.cancelled());
    EXPECT_EQ(server.times(), (Times{0s, 1s}));
    const auto done = co_await first;
    EXPECT_EQ(done, "200 ok");
  }());
}

TEST_F(RateLimitTest, WaitingCountsInTheTotalTime) {
  run([]() -> Coro<void> {
    const FakeServer server = fine();
    Session session(limited(http::RateLimit(http::Rate(1, 1h)), server));
    const auto first = co_await answer_to(session.get("http://a.example/").timeout(10s));
    EXPECT_EQ(first, "200 ok");
    const auto second = co_await answer_to(session.get("http://a.example/").timeout(10s));
    EXPECT_NE(second.find("the request took longer than 10.0 s"), std::string::npos) << second;
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_THROW(static_cast<void>(http::limit_rate(http::RateLimit(http::Rate(1, 0s)))), ValueError);
    EXPECT_THROW(static_cast<void>(http::limit_rate(http::RateLimit(http::Rate(), http::Rate(1, -1s)))), ValueError);
  }());
}

}  // namespace
}  // namespace corolla_tests
