// SPDX-License-Identifier: Apache-2.0
// The server's messages: framing, keep-alive, errors, the access log. Both backends.
#include "tests/http/server/server_test.hpp"

#include <corolla/runtime/gather.hpp>

#include <algorithm>

namespace corolla_tests {
namespace {

Coro<ServerResponse> echo(ServerRequest& request) {
  auto reading = request.read();
  std::string body = co_await std::move(reading);
  co_return ServerResponse(200, request.method() + " " + request.target() + " " + body);
}

TEST_F(ServerTest, HelloIsExactlyThis) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply reply = co_await client.ask(get("/"));
    EXPECT_EQ(reply.head, "HTTP/1.1 200 OK\r\nDate: " + reply.field("Date") +
                              "\r\nServer: corolla\r\nContent-Type: text/plain; charset=utf-8\r\n"
                              "Content-Length: 5\r\n\r\n");
    EXPECT_EQ(reply.field("Date").size(), std::string("Sun, 06 Nov 1994 08:49:37 GMT").size());
    EXPECT_EQ(reply.body, "hello");
  });
}

TEST_F(ServerTest, ConnectionIsKept) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    for (int i = 0; i < 5; ++i) {
      const Reply reply = co_await client.ask(get("/"));
      EXPECT_EQ(reply.body, "hello");
    }
    EXPECT_EQ(server.connections(), 1U);
    const Reply last = co_await client.ask(get("/", "Connection: close\r\n"));
    EXPECT_TRUE(last.has("Connection: close"));
    const auto client_ended = co_await client.ended();
    EXPECT_TRUE(client_ended);
  });
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(echo);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    co_await client.send(get("/1") + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
                         "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n\r\n" +
                         get("/4", "Connection: close\r\n") + get("/5"));
    std::string bodies;
    for (int i = 0; i < 4; ++i) {
      const Reply reply = co_await client.read_reply();
      bodies += reply.body + "|";
    }
    EXPECT_EQ(bodies, "GET /1 |POST /2 abc|POST /3 de|GET /4 |");
    const auto client_ended = co_await client.ended();
    EXPECT_TRUE(client_ended);  // what follows "close" is not looked at
  });
}

TEST_F(ServerTest, RequestsArriveByteByByte) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(echo);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const std::string request =
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;e=\"1\"\r\nabc\r\n1\r\nd\r\n0\r\nT: "
        "t\r\n\r\n";
    for (const char byte : request) {
      co_await client.send(std::string(1, byte));
      co_await sleep(0s);
    }
    const Reply reply = co_await client.read_reply();
    EXPECT_EQ(reply.body, "POST /x abcd");
    const Reply next = co_await client.ask(get("/y"));
    EXPECT_EQ(next.body, "GET /y ");
  });
}

TEST_F(ServerTest, HeadHasTheSameHeadAndNoBody) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply head = co_await client.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", true);
    EXPECT_TRUE(head.has("Content-Length: 5"));
    const Reply next = co_await client.ask(get("/", "Connection: close\r\n"));  // would not parse behind a body
    EXPECT_EQ(next.status, 200);
    EXPECT_EQ(next.body, "hello");
  });
}

TEST_F(ServerTest, Http10ClosesUnlessAskedToKeep) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply kept = co_await client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(kept.has("Connection: keep-alive"));
    const Reply closed = co_await client.ask("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(closed.has("Connection: close"));
    EXPECT_EQ(closed.body, "hello");
    const auto client_ended = co_await client.ended();
    EXPECT_TRUE(client_ended);
  });
}

TEST_F(ServerTest, HandlersErrorsHaveTheirStatus) {
  run_test([this]() -> Coro<void> {
    auto fail = [](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/http") throw http::HttpError(429, "later <b>");
      if (request.path() == "/error") throw std::runtime_error("secret");
      if (request.path() == "/injection") {
        ServerResponse response(200, "x");
        response.headers().add("X", "a\r\nSet-Cookie: b");
        co_return response;
      }
      co_return ServerResponse(99);
    };
    auto server = co_await start(fail);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply http = co_await client.ask(get("/http"));
    EXPECT_EQ(http.status, 429);
    EXPECT_NE(http.body.find("later &lt;b&gt;"), std::string::npos);
    const Reply error = co_await client.ask(get("/error"));
    EXPECT_EQ(error.status, 500);
    EXPECT_EQ(error.body.find("secret"), std::string::npos);
    const Reply injection = co_await client.ask(get("/injection"));
    EXPECT_EQ(injection.status, 500);
    const Reply invalid = co_await client.ask(get("/status"));
    EXPECT_EQ(invalid.status, 500);
    EXPECT_EQ(reports.size(), 2U);
    EXPECT_EQ(reports.at(0), "Error handling request GET /error: secret");
  });
}

TEST_F(ServerTest, FramingIsTheServersBusiness) {
  run_test([]() -> Coro<void> {
    auto meddle = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response(request.path() == "/none" ? 204 : 200, "body");
      response.headers().add("Content-Length", "9999");
      response.headers().add("transfer-encoding", "chunked");
      response.headers().add("Date", "yesterday");
      if (request.path() == "/close") response.headers().add("Connection", "Close");
      co_return response;
    };
    auto server = co_await start(meddle);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply reply = co_await client.ask(get("/"));
    EXPECT_EQ(reply.body, "body");
    EXPECT_EQ(reply.head.find("chunked"), std::string::npos);
    EXPECT_EQ(reply.head.find("yesterday"), std::string::npos);
    const Reply none = co_await client.ask(get("/none"));
    EXPECT_EQ(none.field("Content-Length"), "");
    const Reply close = co_await client.ask(get("/close"));
    EXPECT_TRUE(close.has("Connection: close"));
    const auto client_ended = co_await client.ended();
    EXPECT_TRUE(client_ended);
  });
}

TEST_F(ServerTest, TargetsAreTakenApart) {
  run_test([]() -> Coro<void> {
    auto tell = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response = request.respond();
      response.set_text(std::string(request.host()) + " " + std::string(request.path()) + " " +
                        std::string(request.query()) + " " + request.peername().host());
      co_return response;
    };
    auto server = co_await start(tell);
    const auto told = [&](std::string line) -> Coro<std::string> {
      const Reply reply = co_await ask_once(server.port(), line + " HTTP/1.1\r\nHost: field\r\n\r\n");
      co_return reply.body;
    };
    struct Target {
      const char* line;
      const char* seen;
    };
    constexpr Target kTargets[] = {
        {"GET /a%20b/c?d=e?f", "field /a%20b/c d=e?f 127.0.0.1"},
        {"GET http://target:80/x?y", "target:80 /x y 127.0.0.1"},
        {"GET http://target?y", "target / y 127.0.0.1"},
        {"GET http://target", "target /  127.0.0.1"},
        {"OPTIONS *", "field *  127.0.0.1"},
        {"CONNECT target:443", "target:443 /  127.0.0.1"},
    };
    for (const Target& target : kTargets) {
      const auto seen = co_await told(target.line);
      EXPECT_EQ(seen, target.seen) << target.line;
    }
  });
}

TEST_F(ServerTest, HundredConnectionsAtATime) {
  run_test([]() -> Coro<void> {
    int peak = 0;
    int now = 0;
    auto slow = [&](ServerRequest& request) -> Coro<ServerResponse> {
      peak = std::max(peak, ++now);
      co_await sleep(20ms);
      --now;
      co_return ServerResponse(200, std::string(request.path()));
    };
    auto server = co_await start(slow);
    const auto talk = [&](int number) -> Coro<int> {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      int right = 0;
      for (int i = 0; i < 5; ++i) {
        const std::string target = "/" + std::to_string(number) + "/" + std::to_string(i);
        const Reply reply = co_await client.ask(get(target));
        right += reply.body == target ? 1 : 0;
      }
      co_return right;
    };
    std::vector<Coro<int>> talks;
    for (int i = 0; i < 100; ++i) talks.push_back(talk(i));
    const auto right = co_await gather(talks);
    EXPECT_EQ(std::count(right.begin(), right.end(), 5), 100);
    EXPECT_GT(peak, 50);
  });
}

TEST_F(ServerTest, RespondGivesAnEmptyResponseEachTime) {
  run_test([]() -> Coro<void> {
    auto vary = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response = request.respond();
      if (request.path() == "/a") {
        response.headers().add("X-Once", "1");
        response.set_text("once");
        response.set_status(201);
      }
      co_return response;
    };
    auto server = co_await start(vary);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply first = co_await client.ask(get("/a"));
    EXPECT_TRUE(first.has("X-Once: 1"));
    const Reply second = co_await client.ask(get("/b"));
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(second.body, "");
    EXPECT_FALSE(second.has("X-Once: 1"));
  });
}

TEST_F(ServerTest, AccessLogTellsEachRequest) {
  run_test([]() -> Coro<void> {
    std::string log;
    WebServerOptions options;
    options.access_log = [&log](const http::AccessRecord& record) { http::append_common_log(log, record); };
    auto server = co_await start(hello, options);
    co_await ask_once(server.port(), get("/a?b\"\\"));
    co_await ask_once(server.port(), "HEAD / HTTP/1.0\r\n\r\n", true);
    co_await ask_once(server.port(), "nonsense\r\n\r\n");
    co_await sleep(0s);
    for (std::size_t at = 0; (at = log.find('[', at)) != std::string::npos; ++at)
      log.erase(at, log.find(']', at) - at + 2);
    EXPECT_EQ(log.substr(0, log.find("\"-\"")),
              "127.0.0.1 - - \"GET /a?b\\x22\\x5C HTTP/1.1\" 200 5\n127.0.0.1 - - \"HEAD / HTTP/1.0\" 200 -\n"
              "127.0.0.1 - - ");
    EXPECT_NE(log.find("\"-\" 400 "), std::string::npos);
  });
}

TEST(AccessLog, DateIsTheCommonLogs) {
  http::AccessRecord record;
  record.remote = "::1";
  record.method = "GET";
  record.target = "/\n\x7f\xc3\xa9";
  record.status = 200;
  record.body_bytes = 2326;
  record.time = std::chrono::sys_seconds(std::chrono::seconds(971186136));
  std::string line;
  http::append_common_log(line, record);
  EXPECT_EQ(line, "::1 - - [10/Oct/2000:13:55:36 +0000] \"GET /\\x0A\\x7F\\xC3\\xA9 HTTP/1.1\" 200 2326\n");
  record.remote = "a proxy's \"word\"";
  line.clear();
  http::append_common_log(line, record);
  EXPECT_TRUE(line.starts_with("a\\x20proxy's\\x20\\x22word\\x22 - - [")) << line;
}

}  // namespace
}  // namespace corolla_tests
