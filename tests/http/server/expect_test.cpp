// SPDX-License-Identifier: Apache-2.0
// WebServerOptions::expect_handler: who may send his body. Both backends.
#include "tests/http/server/server_test.hpp"

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

class ExpectTest : public ServerTest {
 protected:
  // What is asked of it is in `asked`, the requests that came through in `served`.
  WebServerOptions deciding() {
    WebServerOptions options;
    options.expect_handler = [this](ServerRequest& request) -> Coro<std::optional<ServerResponse>> {
      asked += std::string(request.path()) + ";";
      co_await sleep(0s);
      if (!request.headers().contains("Authorization")) co_return ServerResponse::error(401);
      if (request.content_length().value_or(0) > 10) throw http::HttpError(413, "not that much");
      co_return std::nullopt;
    };
    return options;
  }
  http::RequestHandler handler = [this](ServerRequest& request) -> Coro<ServerResponse> {
    served += std::string(request.path()) + ";";
    std::string body = co_await request.read();
    co_return ServerResponse(200, std::move(body));
  };

  std::string asked;
  std::string served;
};

std::string post(const std::string& path, const std::string& expect, std::size_t length, bool known = true) {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) +
         "\r\nExpect: " + expect + (known ? "\r\nAuthorization: me\r\n\r\n" : "\r\n\r\n");
}

TEST_F(ExpectTest, WhoMayGoOnIsTold) {
  run_test([this]() -> Coro<void> {
    auto server = co_await start(handler, deciding());
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    for (const char* expect : {"100-continue", "100-Continue"}) {
      const Reply interim = co_await client.ask(post("/a", expect, 2));
      EXPECT_EQ(interim.head, "HTTP/1.1 100 Continue\r\n\r\n");
      const Reply reply = co_await client.ask("ok");
      EXPECT_EQ(reply.body, "ok");
    }
    EXPECT_EQ(asked, "/a;/a;");
    EXPECT_EQ(served, "/a;/a;");
    // Nothing is expected: nobody is asked.
    const Reply plain = co_await client.ask("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(plain.body, "ok");
    EXPECT_EQ(asked, "/a;/a;");
  });
}

TEST_F(ExpectTest, WhoMayNotKeepsHisBody) {
  run_test([this]() -> Coro<void> {
    auto server = co_await start(handler, deciding());
    struct Case {
      std::string request;
      int status;
    };
    // What follows is a body that was sent all the same: never a request.
    const std::vector<Case> cases = {{post("/", "100-continue", 5, false), 401},
                                     {post("/", "100-continue", 11), 413},
                                     {post("/", "100-continue", 41, false) + get("/smuggled"), 401},
                                     {post("/", "200-ok", 41, false) + get("/smuggled"), 401}};
    for (const Case& c : cases) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const Reply reply = co_await client.ask(c.request);
      EXPECT_EQ(reply.status, c.status) << c.request;
      EXPECT_TRUE(reply.has("Connection: close")) << c.request;
      const bool ended = co_await client.ended();
      EXPECT_TRUE(ended) << c.request;
    }
    EXPECT_EQ(asked, "/;/;/;/;");
    EXPECT_EQ(served, "");
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(ExpectTest, WithoutABodyTheConnectionIsKept) {
  run_test([this]() -> Coro<void> {
    auto server = co_await start(handler, deciding());
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    for (int i = 0; i < 2; ++i) {
      const Reply refused = co_await client.ask(get("/", "Expect: 100-continue\r\n"));
      EXPECT_EQ(refused.status, 401);
      EXPECT_FALSE(refused.has("Connection: close"));
    }
  });
}

TEST_F(ExpectTest, OtherExpectationsAndVersions) {
  run_test([this]() -> Coro<void> {
    auto server = co_await start(handler, deciding());
    const Reply met = co_await ask_once(server.port(), post("/", "cake", 4) + "cake");
    EXPECT_EQ(met.body, "cake");
    const Reply refused = co_await ask_once(server.port(), post("/", "cake", 4, false) + "cake");
    EXPECT_EQ(refused.status, 401);
    asked.clear();
    const Reply old =
        co_await ask_once(server.port(), "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok");
    EXPECT_EQ(old.status, 200);
    EXPECT_EQ(old.body, "ok");
    EXPECT_EQ(asked, "");
    // By default 417, as ever.
    auto usual = co_await start(handler);
    const Reply unknown = co_await ask_once(usual.port(), post("/", "cake", 4) + "cake");
    EXPECT_EQ(unknown.status, 417);
  });
}

TEST_F(ExpectTest, ItsErrorsAreErrorsOfAHandler) {
  run_test([this]() -> Coro<void> {
    WebServerOptions options;
    options.expect_handler = [](ServerRequest&) -> Coro<std::optional<ServerResponse>> {
      throw RuntimeError("cannot decide");
      co_return std::nullopt;
    };
    auto server = co_await start(handler, options);
    const Reply reply = co_await ask_once(server.port(), post("/", "100-continue", 2));
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reports.size(), 1U);
    EXPECT_TRUE(!reports.empty() && reports.front().find("cannot decide") != std::string::npos);
    EXPECT_EQ(served, "");
  });
}

}  // namespace
}  // namespace corolla_tests
