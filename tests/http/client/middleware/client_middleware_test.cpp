// SPDX-License-Identifier: Apache-2.0
// Middlewares of a session, before a real server.
#include "tests/http/client/session_test.hpp"

#include <corolla/http/retry.hpp>

namespace corolla::test {
namespace {

using http::ClientHandler;
using http::ClientMiddleware;
using http::RequestData;

class ClientMiddlewareTest : public SessionTest {};

ClientMiddleware noting(std::vector<std::string>& log, std::string name) {
  return [&log, name](RequestData& request, ClientHandler next) -> Coro<Response> {
    log.push_back(name + " " + std::string(request.url.path()));
    request.headers.add("X-Way", name);
    auto sending = next(request);
    Response response = co_await std::move(sending);
    log.push_back(name + " " + std::to_string(response.status()));
    co_return response;
  };
}

ClientMiddleware adding(std::string name, std::string value) {
  return [name, value](RequestData& request, ClientHandler next) {
    request.headers.set(name, value);
    return next(request);
  };
}

SessionOptions with_middlewares(std::vector<ClientMiddleware> list) {
  SessionOptions options;
  options.middlewares = std::move(list);
  return options;
}

TEST_F(ClientMiddlewareTest, AreAroundEachOtherAndEachHop) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      if (request.starts_with("GET /a "))
        return std::string("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
      return ok("here");
    });
    co_await server.start();
    std::vector<std::string> log;
    Session session(with_middlewares({noting(log, "outer"), noting(log, "inner")}));
    auto response = co_await session.get(server.url("/a"));
    const auto text = co_await response.text();
    EXPECT_EQ(text, "here");
    EXPECT_EQ(response.history().size(), 1U);
    EXPECT_EQ(log, (std::vector<std::string>{"outer /a", "inner /a", "inner 302", "outer 302", "outer /b", "inner /b",
                                             "inner 200", "outer 200"}));
    for (const std::string& request : server.requests())
      EXPECT_NE(request.find("\r\nX-Way: outer\r\nX-Way: inner\r\n"), std::string::npos)
          << "a hop begins with the request's own fields: " << request;
    EXPECT_EQ(server.connections(), 1);
  });
}

TEST_F(ClientMiddlewareTest, ARequestMayHaveItsOwn) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    Session session(with_middlewares({adding("X-By", "session")}));
    const std::vector<ClientMiddleware> own{adding("X-By", "request")};
    co_await session.get(server.url());
    co_await session.get(server.url()).middlewares(own);
    const std::vector<ClientMiddleware> none;
    co_await session.get(server.url()).middlewares(none);
    EXPECT_NE(server.requests().at(0).find("X-By: session\r\n"), std::string::npos);
    EXPECT_NE(server.requests().at(1).find("X-By: request\r\n"), std::string::npos);
    EXPECT_EQ(server.requests().at(1).find("X-By: session\r\n"), std::string::npos);
    EXPECT_EQ(server.requests().at(2).find("X-By"), std::string::npos);
  });
}

// Small bodies leave with the head, larger ones beside the answer: each attempt has them whole.
TEST_F(ClientMiddlewareTest, RequestsAreRepeatedWithTheirBodies) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      if (request.find("X-Key: right") == std::string::npos)
        return std::string("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
      return ok(std::to_string(request.size() - request.find("\r\n\r\n") - 4));
    });
    co_await server.start();
    std::vector<std::size_t> seen;
    auto keyed = [&seen](RequestData& request, ClientHandler next) -> Coro<Response> {
      seen.push_back(request.body.size());
      auto first = next(request);
      Response response = co_await std::move(first);
      if (response.status() != 401) co_return response;
      const auto refusal = co_await response.text();
      EXPECT_EQ(refusal, "no");
      EXPECT_TRUE(request.repeatable());
      seen.push_back(request.body.size());
      request.headers.set("X-Key", "right");
      auto second = next(request);
      co_return co_await std::move(second);
    };
    Session session(with_middlewares({keyed}));
    for (const std::size_t size : {std::size_t{3}, std::size_t{300'000}}) {
      auto response = co_await session.post(server.url()).body(std::string(size, 'x'));
      const auto text = co_await response.text();
      EXPECT_EQ(text, std::to_string(size));
    }
    EXPECT_EQ(seen, (std::vector<std::size_t>{3, 3, 300'000, 300'000}));
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

TEST_F(ClientMiddlewareTest, MayAnswerAndRedirectByThemselves) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("real"); });
    co_await server.start();
    const http::Url target = http::Url::parse(server.url("/real"));
    auto answering = [&](RequestData& request, ClientHandler next) -> Coro<Response> {
      if (request.url.hostname() == "renamed.example") {
        request.url = target;
        auto sending = next(request);
        co_return co_await std::move(sending);
      }
      if (request.url.path() == "/away") co_return Response(302, {{"Location", target.href()}}, "", request.url);
      co_return Response(203, {{"X-By", "me"}}, "mine", request.url);
    };
    Session session(with_middlewares({answering}));
    auto made = co_await session.get("http://nowhere.example/x");
    EXPECT_EQ(made.status(), 203);
    EXPECT_EQ(made.reason(), "Non-Authoritative Information");
    EXPECT_EQ(made.headers().get("X-By"), "me");
    EXPECT_EQ(made.content_length(), 4U);
    EXPECT_EQ(made.url().href(), "http://nowhere.example/x");
    const auto piece = std::string(co_await made.chunk());
    EXPECT_EQ(piece, "mine");
    EXPECT_FALSE(made.complete());
    const auto rest = co_await made.text();
    EXPECT_EQ(rest, "");
    EXPECT_TRUE(made.complete());
    auto renamed = co_await session.get("http://renamed.example/y").allow_redirects(false);
    EXPECT_EQ(renamed.url().href(), target.href());
    const auto real = co_await renamed.text();
    EXPECT_EQ(real, "real");
    // The hop to the server passes through it again.
    auto away = co_await session.get("http://nowhere.example/away");
    EXPECT_EQ(away.status(), 203);
    EXPECT_EQ(away.url().href(), target.href());
  });
}

TEST_F(ClientMiddlewareTest, TheTotalTimeHoldsForThem) {
  run_test([]() -> Coro<void> {
    auto sleeping = [](RequestData& request, ClientHandler next) -> Coro<Response> {
      co_await sleep(1h);
      auto sending = next(request);
      co_return co_await std::move(sending);
    };
    auto failing = [](RequestData&, ClientHandler) -> Coro<Response> {
      throw TimeoutError("my own");
      co_return Response(200, http::Headers(), "", http::Url::parse("http://a.example/"));
    };
    Session session(with_middlewares({sleeping}));
    const auto late = co_await error_of<TimeoutError>(session.get("http://a.example/").timeout(5ms).send());
    EXPECT_EQ(late, "the request took longer than 0.005 s");
    const std::vector<ClientMiddleware> own{failing};
    const auto failed = co_await error_of<TimeoutError>(session.get("http://a.example/").middlewares(own).send());
    EXPECT_EQ(failed, "my own");
  });
}

// The chain with the network: a server that is not there, one that breaks off, one that wants it later.
TEST_F(ClientMiddlewareTest, RetriesReachTheServerThatComesBack) {
  run_test([]() -> Coro<void> {
    int count = 0;
    ScriptedServer server([&](const std::string&) {
      switch (++count) {
        case 1: return Reply("", true);
        case 2: return Reply("HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 100000\r\n\r\npart of it", true);
        default: return Reply(ok("at last"));
      }
    });
    co_await server.start();
    SessionOptions options;
    options.retry = http::RetryPolicy(3);
    options.retry->backoff = 0ns;
    Session session(options);
    auto response = co_await session.get(server.url());
    const auto text = co_await response.text();
    EXPECT_EQ(text, "at last");
    EXPECT_EQ(response.attempts(), 3U);
    const std::string gone = server.url();
    co_await server.finish();
    const auto error = co_await error_of<http::ClientConnectorError>(session.get(gone).send());
    EXPECT_NE(error.find("cannot connect to"), std::string::npos) << error;
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

}  // namespace
}  // namespace corolla::test
