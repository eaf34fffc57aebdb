// SPDX-License-Identifier: Apache-2.0
// The client against a server that answers byte by byte what the test wants. Both backends.
#include "tests/http/client/session_test.hpp"
#include "tests/support/temporary_directory.hpp"

namespace corolla::test {
namespace {

TEST_F(SessionTest, RequestHasWhatAServerNeeds) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("hello", "X-Test: a\r\n"); });
    co_await server.start();
    Session session;
    auto response = co_await session.get(server.url("/a?b=c#d")).header("X-Mine", "1");
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.reason(), "OK");
    EXPECT_EQ(response.headers().get("x-test"), "a");
    EXPECT_EQ(response.content_length(), 5U);
    EXPECT_EQ(response.url().href(), server.url("/a?b=c#d"));
    const auto text = co_await response.text();
    EXPECT_EQ(text, "hello");
    const auto text2 = co_await response.text();
    EXPECT_EQ(text2, "hello");
    EXPECT_TRUE(response.complete());
    EXPECT_EQ(server.requests().at(0), "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                                           "\r\nX-Mine: 1\r\nUser-Agent: corolla\r\nAccept: */*\r\n"
                                           "Accept-Encoding: gzip, deflate, br, zstd\r\n\r\n");
  });
}

TEST_F(SessionTest, HostsMayBeLookedUpByAResolver) {
  const corolla_tests::TemporaryDirectory directory;
  const std::string hosts = directory / "hosts";
  corolla_tests::write_whole_file(hosts, "127.0.0.1 service.test\n");
  ::setenv("CARES_HOSTS", hosts.c_str(), 1);
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    SessionOptions options;
    options.resolver = std::make_shared<Resolver>();
    Session session(options);
    const auto text = co_await fetch(session, "http://service.test:" + std::to_string(server.port()) + "/");
    EXPECT_EQ(text, "x");
    EXPECT_EQ(options.resolver->counters().queries, 1U);
  });
  ::unsetenv("CARES_HOSTS");
}

TEST_F(SessionTest, ConnectionIsKeptAndUsedAgain) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    Session session;
    for (int i = 0; i < 5; ++i) {
      const auto text = co_await fetch(session, server.url());
      EXPECT_EQ(text, "x");
    }
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(session.connections_idle(), 1U);
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

TEST_F(SessionTest, UnreadBodyClosesTheConnection) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(std::string(300000, 'x')); });
    co_await server.start();
    Session session;
    {
      auto response = co_await session.get(server.url());
      EXPECT_EQ(session.connections_in_use(), 1U);
    }
    EXPECT_EQ(session.connections_in_use(), 0U);
    EXPECT_EQ(session.connections_idle(), 0U);
  });
}

TEST_F(SessionTest, LimitsHoldAndWaitersTakeTurns) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    SessionOptions options;
    options.limit = 10;
    options.limit_per_host = 3;
    Session session(options);
    std::vector<Coro<std::string>> fetches;
    for (int i = 0; i < 20; ++i) fetches.push_back(fetch(session, server.url("/" + std::to_string(i))));
    co_await gather(fetches);
    EXPECT_LE(server.peak(), 3);
    EXPECT_EQ(server.requests().size(), 20U);
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

TEST_F(SessionTest, CancelledWaiterDoesNotKeepItsPlace) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    SessionOptions options;
    options.limit = 1;
    Session session(options);
    auto holder = co_await session.get(server.url("/held"));  // its body unread: it keeps the only connection
    auto cancelled = create_task(fetch(session, server.url("/cancelled")));
    auto waiting = create_task(fetch(session, server.url("/waiting")));
    for (int i = 0; i < 5; ++i) co_await sleep(0ms);
    cancelled.cancel();
    const auto text = co_await holder.text();
    EXPECT_EQ(text, "x");
    const auto waiting_value = co_await waiting;
    EXPECT_EQ(waiting_value, "x");
    EXPECT_TRUE(cancelled.cancelled());
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

// The place is granted and the task cancelled before it runs: the next one must get it.
TEST_F(SessionTest, GrantedAndCancelledAtOncePassesThePlaceOn) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    SessionOptions options;
    options.limit = 1;
    Session session(options);
    auto holder = co_await session.get(server.url());
    auto first = create_task(fetch(session, server.url()));
    auto second = create_task(fetch(session, server.url()));
    for (int i = 0; i < 5; ++i) co_await sleep(0ms);
    holder.close();  // grants the place to the first, which has not run yet
    first.cancel();
    const auto second_value = co_await second;
    EXPECT_EQ(second_value, "x");
    EXPECT_TRUE(first.cancelled());
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

TEST_F(SessionTest, ServerClosedKeptConnectionIsReplacedForIdempotentMethods) {
  run_test([]() -> Coro<void> {
    int count = 0;
    // Announces keep-alive and closes all the same.
    ScriptedServer server([&](const std::string&) { return Reply(ok("x" + std::to_string(++count)), true); });
    co_await server.start();
    Session session;
    for (int i = 1; i <= 4; ++i) {
      const auto text = co_await fetch(session, server.url());
      EXPECT_EQ(text, "x" + std::to_string(i));
    }
    EXPECT_EQ(server.connections(), 4);
  });
}

TEST_F(SessionTest, FollowsRedirectsAndTellsTheirHistory) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) -> Reply {
      if (request.starts_with("GET /a ")) return "HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 3\r\n\r\nabc";
      if (request.starts_with("GET /b ")) return "HTTP/1.1 302 Found\r\nLocation: c?q#f\r\nContent-Length: 0\r\n\r\n";
      return ok(request.substr(0, request.find('\r')));
    });
    co_await server.start();
    Session session;
    auto response = co_await session.get(server.url("/a"));
    const auto text = co_await response.text();
    EXPECT_EQ(text, "GET /c?q HTTP/1.1");
    EXPECT_EQ(response.history().size(), 2U);
    EXPECT_EQ(response.url().href(), server.url("/c?q#f"));
    EXPECT_EQ(server.connections(), 1);

    auto first = co_await session.get(server.url("/a")).allow_redirects(false);
    EXPECT_EQ(first.status(), 301);
  });
}

TEST_F(SessionTest, RedirectLoopEnds) {
  run_test([]() -> Coro<void> {
    ScriptedServer server(
        [](const std::string&) -> Reply { return "HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"; });
    co_await server.start();
    Session session;
    const std::string error = co_await error_of<http::TooManyRedirects>(session.get(server.url()).send());
    EXPECT_NE(error.find("more than 10 redirects"), std::string::npos) << error;
    EXPECT_EQ(server.requests().size(), 11U);
  });
}

TEST_F(SessionTest, PostBecomesGetAndCredentialsStayAtTheirOrigin) {
  run_test([]() -> Coro<void> {
    ScriptedServer other([](const std::string&) { return ok("other"); });
    co_await other.start();
    ScriptedServer server([&](const std::string& request) -> Reply {
      if (request.starts_with("POST /see")) return "HTTP/1.1 303 S\r\nLocation: /got\r\nContent-Length: 0\r\n\r\n";
      if (request.starts_with("POST /keep")) return "HTTP/1.1 307 S\r\nLocation: /kept\r\nContent-Length: 0\r\n\r\n";
      if (request.starts_with("GET /away"))
        return Reply("HTTP/1.1 302 S\r\nLocation: " + other.url("/x") + "\r\nContent-Length: 0\r\n\r\n");
      return ok("");
    });
    co_await server.start();
    Session session;
    co_await session.request("POST", server.url("/see")).body("data");
    EXPECT_TRUE(server.requests().back().starts_with("GET /got ")) << server.requests().back();
    EXPECT_EQ(server.requests().back().find("Content-Length"), std::string::npos);
    co_await session.request("POST", server.url("/keep")).body("data");
    EXPECT_TRUE(server.requests().back().starts_with("POST /kept "));
    EXPECT_TRUE(server.requests().back().ends_with("\r\n\r\ndata"));
    co_await session.get(server.url("/away")).header("Authorization", "secret").header("X-Other", "kept");
    EXPECT_EQ(other.requests().at(0).find("secret"), std::string::npos);
    EXPECT_NE(other.requests().at(0).find("X-Other: kept"), std::string::npos);
  });
}

TEST_F(SessionTest, CredentialsOfTheUrlAreSentAsBasic) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    Session session;
    co_await session.get("http://us%20er:p%3Aw@127.0.0.1:" + std::to_string(server.port()) + "/");
    EXPECT_NE(server.requests().at(0).find("Authorization: Basic dXMgZXI6cDp3\r\n"), std::string::npos);
  });
}

TEST_F(SessionTest, TimeoutsNameTheirPart) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      Reply reply(request.starts_with("GET /body") ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" : "");
      reply.hang = true;
      return reply;
    });
    co_await server.start();
    Session session;
    const auto error = co_await error_of<TimeoutError>(session.get(server.url("/head")).timeout(20ms).send());
    EXPECT_EQ(error, "the request took longer than 0.02 s");
    ClientTimeout between;
    between.sock_read = 20ms;
    const auto error2 = co_await error_of<TimeoutError>(session.get(server.url("/head")).timeout(between).send());
    EXPECT_EQ(error2, "nothing arrived for 0.02 s");
    auto response = co_await session.get(server.url("/body")).timeout(20ms);
    const auto error3 = co_await error_of<TimeoutError>(response.read());
    EXPECT_EQ(error3, "the request took longer than 0.02 s");
    EXPECT_EQ(session.connections_in_use(), 0U);

    SessionOptions one;
    one.limit = 1;
    Session narrow(one);
    auto holder = create_task(narrow.get(server.url("/head")).send());
    co_await sleep(0ms);
    ClientTimeout connect;
    connect.connect = 20ms;
    const std::string waited = co_await error_of<TimeoutError>(narrow.get(server.url("/head")).timeout(connect).send());
    EXPECT_EQ(waited, "no connection to 127.0.0.1:" + std::to_string(server.port()) + " in time");
    holder.cancel();
    static_cast<void>(co_await outcome(std::move(holder)));
    EXPECT_EQ(narrow.connections_in_use(), 0U);
  });
}

TEST_F(SessionTest, CancelledInFlightLeavesNothing) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      Reply reply(request.starts_with("GET /body") ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" : "");
      reply.hang = true;
      return reply;
    });
    co_await server.start();
    Session session;
    for (const char* path : {"/head", "/body"}) {
      for (int steps = 0; steps < 12; ++steps) {
        auto task = create_task(fetch(session, server.url(path)));
        for (int i = 0; i < steps; ++i) co_await sleep(0ms);
        if (steps > 8) co_await sleep(2ms);  // far enough to be waiting for the server
        task.cancel();
        const auto ended = co_await outcome(task);
        EXPECT_TRUE(ended.cancelled()) << ended.error_message();
        EXPECT_EQ(session.connections_in_use(), 0U);
      }
    }
  });
}

TEST_F(SessionTest, RefusedConnectionsAndUnknownNames) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    const std::string url = server.url();
    server.stop();
    Session session;
    auto refused = co_await outcome(session.get(url).send());
    EXPECT_FALSE(refused);
    try {
      static_cast<void>(std::move(refused).value());
      ADD_FAILURE() << "connected to nobody";
    } catch (const http::ClientConnectorError& e) {
      EXPECT_EQ(e.code(), std::errc::connection_refused);
      EXPECT_NE(std::string(e.what()).find("cannot connect to 127.0.0.1:"), std::string::npos) << e.what();
    }
    const std::string unknown =
        co_await error_of<http::ClientConnectorError>(session.get("http://no.such.invalid/").send());
    EXPECT_NE(unknown.find("cannot connect to no.such.invalid"), std::string::npos) << unknown;
    const auto error = co_await error_of<http::ClientError>(
        [](Session& s) -> Coro<void> { co_await s.get("ftp://127.0.0.1/"); }(session));
    EXPECT_EQ(error, "only http and https URLs can be fetched, not ftp: ftp://127.0.0.1/");
  });
}

TEST_F(SessionTest, ResponseMayOutliveItsSession) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(std::string(500'000, 'x')); });
    co_await server.start();
    auto session = std::make_unique<Session>();
    auto response = co_await session->get(server.url());
    session.reset();
    const std::string body = co_await response.read();
    EXPECT_EQ(body.size(), 500'000U);
  });
}

Coro<std::string> text_of(http::Request request) {
  auto sending = std::move(request).send();
  auto response = co_await std::move(sending);
  auto reading = response.text();
  co_return co_await std::move(reading);
}

// gather() leaves the others running when one fails, and the session may be gone then.
TEST_F(SessionTest, RequestsUnderWayMayOutliveTheirSession) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      return request.starts_with("GET /to ") ? Reply("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
                                             : Reply(ok("hello"));
    });
    co_await server.start();
    for (int steps = 0; steps < 12; ++steps) {
      std::vector<Task<std::string>> tasks;
      {
        SessionOptions options;
        options.limit = 2;
        Session session(options);
        for (int i = 0; i < 4; ++i) tasks.push_back(create_task(text_of(session.get(server.url(i % 2 ? "/" : "/to")))));
        for (int i = 0; i < steps; ++i) co_await sleep(0s);
      }
      for (auto& task : tasks) {
        const std::string text = co_await task;
        EXPECT_EQ(text, "hello") << steps;
      }
    }
    auto ending = server.finish();
    co_await std::move(ending);
  });
}

TEST_F(SessionTest, CloseWaitsForRequestsAndRefusesNewOnes) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    Session session;
    auto task = create_task(fetch(session, server.url()));
    co_await sleep(0ms);
    co_await session.close();
    const auto task_value = co_await task;
    EXPECT_EQ(task_value, "x");
    const auto error = co_await error_of<RuntimeError>(session.get(server.url()).send());
    EXPECT_EQ(error, "Session is closed");
    EXPECT_EQ(session.connections_idle(), 0U);
  });
}

}  // namespace
}  // namespace corolla::test
