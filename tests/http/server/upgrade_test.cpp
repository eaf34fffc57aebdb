// SPDX-License-Identifier: Apache-2.0
// upgrade and accept_connect in HTTP/1.1. Both backends.
#include "tests/http/server/application_test.hpp"
#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/http/upgrade.hpp>
#include <corolla/sync/event.hpp>

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

class UpgradeTest : public ServerTest {};

// Says back what it receives, until the client has said all.
Coro<void> echo(ByteStream& stream) {
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    co_await stream.send_all(bytes);
    stream.consume(bytes.size());
  }
  stream.close();
}

Coro<ServerResponse> echo_upgraded(ServerRequest& request) {
  const std::string body = co_await request.read();
  http::Headers fields;
  fields.add("X-Body", body);
  fields.add("Content-Length", "5");  // the server's business
  ByteStream stream = co_await http::upgrade(request, "echo", fields);
  co_await echo(stream);
  co_return request.respond(404);  // dropped
}

Coro<ServerResponse> echo_tunnel(ServerRequest& request) {
  const http::ConnectTarget target = http::connect_target(request);
  if (target.port == 25) co_return ServerResponse::error(403);
  http::Headers fields;
  fields.add("X-Target", target.host + " " + std::to_string(target.port));
  ByteStream stream = co_await http::accept_connect(request, fields);
  co_await echo(stream);
  co_return request.respond(404);  // dropped
}

const std::string kAsks = "Connection: keep-alive, Upgrade\r\nUpgrade: other, ECHO\r\n";

TEST_F(UpgradeTest, TheHandlerTakesTheConnectionOver) {
  run_test([this]() -> Coro<void> {
    std::string log;
    WebServerOptions options;
    options.handler_cancellation = true;
    options.access_log = [&log](const http::AccessRecord& record) { log += std::to_string(record.status) + ";"; };
    auto server = co_await start(echo_upgraded, options);
    // What is behind the head belongs to the new protocol, whatever it looks like.
    const std::vector<std::string> behind = {"", "hello", get("/"), "ab" + std::string(100'000, 'x')};
    for (const std::string& text : behind) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const Reply reply = co_await client.ask(get("/", kAsks) + text, true);
      EXPECT_EQ(reply.status, 101);
      EXPECT_TRUE(reply.has("Upgrade: echo"));
      EXPECT_TRUE(reply.has("Connection: Upgrade"));
      EXPECT_EQ(reply.field("Content-Length"), "");
      co_await client.send(" and more");
      client.stream().send_eof();
      const std::string said = co_await client.read_to_end();
      EXPECT_EQ(said, text + " and more");
    }
    EXPECT_EQ(log, "101;101;101;101;");
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(UpgradeTest, BehindABodyThatWasRead) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(echo_upgraded);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply reply =
        co_await client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n" + kAsks + "\r\nbodyhello", true);
    EXPECT_EQ(reply.status, 101);
    EXPECT_TRUE(reply.has("X-Body: body"));
    client.stream().send_eof();
    const std::string said = co_await client.read_to_end();
    EXPECT_EQ(said, "hello");
  });
}

TEST_F(UpgradeTest, WhoDidNotAskForItIsTold) {
  run_test([this]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      static_cast<void>(co_await http::upgrade(request, "echo"));
      co_return request.respond();
    };
    auto server = co_await start(handler);
    struct Case {
      std::string request;
      int status;
    };
    const std::vector<Case> cases = {
        {get("/"), 426},
        {get("/", "Upgrade: echo\r\n"), 426},
        {get("/", "Connection: upgrade\r\n"), 426},
        {get("/", "Connection: upgrade\r\nUpgrade: echo2\r\n"), 426},
        {"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n" + kAsks + "\r\nab", 400},
    };
    for (const Case& c : cases) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const Reply reply = co_await client.ask(c.request);
      EXPECT_EQ(reply.status, c.status) << c.request;
      if (c.status != 426) continue;
      EXPECT_TRUE(reply.has("Upgrade: echo")) << c.request;
      EXPECT_TRUE(reply.has("Connection: Upgrade")) << c.request;
      const Reply next = co_await client.ask(get("/", kAsks), true);  // now it knows
      EXPECT_EQ(next.status, 101);
    }
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(UpgradeTest, ATunnelThroughAnApplication) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_route("CONNECT", "/", echo_tunnel);
    app.add_get("/", say("a page"));
    auto server = co_await http::test_client(app);
    struct Case {
      const char* target;
      const char* answer;
    };
    const Case cases[] = {{"Example.org:443", "example.org 443"}, {"[::1]:80", "::1 80"}, {"10.0.0.1:1", "10.0.0.1 1"}};
    for (const Case& c : cases) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const std::string head = "CONNECT " + std::string(c.target) + " HTTP/1.1\r\nHost: " + c.target + "\r\n\r\n";
      const Reply reply = co_await client.ask(head + "behind the head", true);
      EXPECT_EQ(reply.status, 200);
      EXPECT_TRUE(reply.has("X-Target: " + std::string(c.answer))) << reply.head;
      EXPECT_EQ(reply.field("Content-Length") + reply.field("Transfer-Encoding"), "");
      client.stream().send_eof();
      const std::string said = co_await client.read_to_end();
      EXPECT_EQ(said, "behind the head");
    }
    const Reply refused = co_await ask_once(server.port(), "CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n");
    EXPECT_EQ(refused.status, 403);
    const Reply page = co_await ask_once(server.port(), get("/"));
    EXPECT_EQ(page.body, "a page");
    EXPECT_EQ(reports, std::vector<std::string>());
    co_await server.close();
  });
}

TEST_F(UpgradeTest, TargetsOfConnectAreHostAndPort) {
  run_test([this]() -> Coro<void> {
    auto server = co_await start(echo_tunnel);
    for (const char* target : {"example.org", "example.org:", "example.org:0", "example.org:65536", "example.org:80x",
                               ":80", "a@b:80", "a:1:2", "[::1:80", "a b:80", "a%00b:80"}) {
      const Reply reply = co_await ask_once(
          server.port(), "CONNECT " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      EXPECT_EQ(reply.status, 400) << target;
    }
    const Reply other = co_await ask_once(server.port(), get("/", "Connection: close\r\n"));
    EXPECT_EQ(other.status, 405);
    EXPECT_EQ(other.field("Allow"), "CONNECT");
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(UpgradeTest, TheStreamHasNoDeadlineAndEndsWithTheHandler) {
  run_test([this]() -> Coro<void> {
    Event go;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      ByteStream stream = co_await http::upgrade(request, "echo");
      if (request.path() == "/fails") throw RuntimeError("out of order");
      if (request.path() == "/twice") static_cast<void>(co_await http::upgrade(request, "echo"));
      if (request.path() == "/gone") static_cast<void>(co_await stream.receive());
      co_await go.wait();
      co_await echo(stream);
      co_return request.respond();
    };
    WebServerOptions options;
    options.header_timeout = options.keepalive_timeout = options.body_timeout = 5ms;
    auto server = co_await start(handler, options);
    {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const Reply reply = co_await client.ask(get("/", kAsks), true);
      EXPECT_EQ(reply.status, 101);
      co_await sleep(20ms);
      go.set();
      co_await client.send("late");
      client.stream().send_eof();
      const std::string said = co_await client.read_to_end();
      EXPECT_EQ(said, "late");
      EXPECT_EQ(reports, std::vector<std::string>());
    }
    for (const char* path : {"/fails", "/twice"}) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const Reply reply = co_await client.ask(get(path, kAsks), true);
      EXPECT_EQ(reply.status, 101);
      auto reading = client.read_to_end();
      const auto rest = co_await outcome(std::move(reading));
      EXPECT_TRUE(!rest || rest->empty()) << "an answer to what was answered";
      EXPECT_EQ(reports.size(), 1U);
      reports.clear();
    }
    {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const Reply reply = co_await client.ask(get("/gone", kAsks), true);
      EXPECT_EQ(reply.status, 101);
      client.stream().abort();
      for (int i = 0; i < 1000 && server.connections() > 0; ++i) co_await sleep(1ms);
      EXPECT_EQ(server.connections(), 0U);
      EXPECT_EQ(reports, std::vector<std::string>()) << "a client that goes is no news";
    }
  });
}

TEST_F(UpgradeTest, LoopDestroyedAfterEachStep) {
  const auto everything = []() -> Coro<void> {
    auto server = co_await start(echo_tunnel);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply reply = co_await client.ask("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nbehind", true);
    EXPECT_EQ(reply.status, 200);
    client.stream().send_eof();
    const std::string said = co_await client.read_to_end();
    EXPECT_EQ(said, "behind");
    co_await server.shutdown();
  };
  run_test(everything);
  destroy_at_every_step<RealLoop>(everything);
}

}  // namespace
}  // namespace corolla_tests
