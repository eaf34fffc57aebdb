// SPDX-License-Identifier: Apache-2.0
// How a server ends. Both backends.
#include "tests/http/server/server_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/sync/event.hpp>

namespace corolla_tests {
namespace {

TEST_F(ServerTest, ShutdownEndsIdleConnectionsAndLetsRequestsFinish) {
  run_test([]() -> Coro<void> {
    Event release;
    auto wait = [&release](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/wait") co_await release.wait();
      co_return ServerResponse(200, "done");
    };
    auto server = co_await start(wait);
    auto connecting = Client::connect(server.port());
    Client idle = co_await std::move(connecting);
    co_await idle.ask(get("/"));
    auto connecting_too = Client::connect(server.port());
    Client fresh = co_await std::move(connecting_too);
    auto connecting_more = Client::connect(server.port());
    Client busy = co_await std::move(connecting_more);
    co_await busy.send(get("/wait"));
    for (int i = 0; i < 1000 && server.connections() < 3; ++i) co_await sleep(1ms);
    co_await sleep(1ms);
    auto stopping = create_task(server.shutdown());
    const auto idle_ended = co_await idle.ended();
    EXPECT_TRUE(idle_ended);
    const auto fresh_ended = co_await fresh.ended();
    EXPECT_TRUE(fresh_ended);
    EXPECT_FALSE(stopping.done());
    EXPECT_FALSE(server.is_serving());
    release.set();
    const Reply reply = co_await busy.read_reply();
    EXPECT_EQ(reply.body, "done");
    EXPECT_TRUE(reply.has("Connection: close"));
    co_await stopping;
    EXPECT_EQ(server.connections(), 0U);
  });
}

TEST_F(ServerTest, ShutdownCutsWhatDoesNotFinish) {
  run_test([]() -> Coro<void> {
    auto hang = [](ServerRequest&) -> Coro<ServerResponse> {
      co_await sleep(1h);
      co_return ServerResponse(200);
    };
    WebServerOptions options;
    options.shutdown_timeout = 30ms;
    auto server = co_await start(hang, options);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    co_await client.send(get("/"));
    while (server.connections() == 0) co_await sleep(1ms);
    co_await server.shutdown();
    EXPECT_EQ(server.connections(), 0U);
    auto reading = client.read_to_end();
    auto end = co_await outcome(std::move(reading));
    EXPECT_TRUE(!end || end->empty());
  });
}

TEST_F(ServerTest, ServeForeverDrainsWhenItIsCancelled) {
  run_test([]() -> Coro<void> {
    Event release;
    auto wait = [&release](ServerRequest&) -> Coro<ServerResponse> {
      co_await release.wait();
      co_return ServerResponse(200, "done");
    };
    auto server = co_await start(wait);
    auto serving = create_task(server.serve_forever());
    auto asking = create_task(ask_once(server.port(), get("/")));
    while (server.connections() == 0) co_await sleep(1ms);
    co_await sleep(1ms);
    serving.cancel();
    for (int i = 0; i < 5; ++i) co_await sleep(1ms);
    EXPECT_FALSE(serving.done());
    release.set();
    const Reply reply = co_await asking;
    EXPECT_EQ(reply.body, "done");
    auto end = co_await outcome(serving);
    EXPECT_TRUE(end.cancelled());
  });
}

TEST_F(ServerTest, ServeForeverReturnsWhenTheServerIsClosed) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    auto serving = create_task(server.serve_forever());
    co_await sleep(0s);
    server.close();
    server.close();
    co_await serving;
    auto refused = co_await outcome(ask_once(server.port(), get("/")));
    EXPECT_FALSE(refused.has_value());
  });
}

TEST_F(ServerTest, DestroyedServerCutsItsConnections) {
  run_test([]() -> Coro<void> {
    auto server = std::make_unique<WebServer>(co_await start(hello));
    auto connecting = Client::connect(server->port());
    Client client = co_await std::move(connecting);
    co_await client.ask(get("/"));
    server.reset();
    auto reading = client.read_to_end();
    auto end = co_await outcome(std::move(reading));
    EXPECT_TRUE(!end || end->empty());
  });
}

TEST_F(ServerTest, PortInUseIsAnOSError) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()) + "/");
    auto starting = http::serve(hello, "127.0.0.1", server.port());
    auto second = co_await outcome(std::move(starting));
    EXPECT_FALSE(second.has_value());
    EXPECT_NE(second.error_message().find("ddress already in use"), std::string::npos) << second.error_message();
  });
}

// A loop that dies at any moment leaves nothing behind.
Coro<void> everything() {
  auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
    auto reading = request.read();
    std::string body = co_await std::move(reading);
    ServerResponse response;
    response.set_producer([body](http::BodyWriter& writer) -> Coro<void> {
      co_await writer.write(body);
      co_await sleep(0s);
      co_await writer.write(body);
    });
    co_return response;
  };
  auto server = co_await start(handler);
  auto connecting = Client::connect(server.port());
  Client client = co_await std::move(connecting);
  const Reply interim =
      co_await client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(interim.status, 100);
  const Reply reply = co_await client.ask("abc");
  EXPECT_EQ(reply.body, "3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n");
  co_await server.shutdown();
}

TEST_F(ServerTest, LoopDestroyedAfterEachStep) {
  run_test(everything);
  destroy_at_every_step<RealLoop>(everything);
}

}  // namespace
}  // namespace corolla_tests
