// SPDX-License-Identifier: Apache-2.0
// Producers of events end with their client, whatever WebServerOptions::handler_cancellation says. Both backends.
#include "tests/http/server/handler_cancellation_test.hpp"

#include <corolla/http/event_stream.hpp>

namespace corolla_tests {
namespace {

TEST_F(HandlerCancellationTest, AnEventProducerEndsWithItsClientAtOnce) {
  run_test([this]() -> Coro<void> {
    for (const Going& way : kWaysToGo) {
      Waiting waiting;
      log.clear();
      auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
        auto producer = [&](http::EventStream& events) -> Coro<void> {
          co_await events.send("one");
          co_await waiting.wait();
        };
        co_return http::event_stream(producer, 1h);
      };
      WebServerOptions options = cancelling();
      options.handler_cancellation = false;
      auto server = co_await start(handler, options);
      Client client = co_await Client::connect(server.port());
      co_await client.send(get("/"));
      co_await waiting.begun.wait();
      way.go(client.stream());
      co_await waiting.cleaned_up.wait();
      co_await all_ended(server);
      EXPECT_EQ(log, "/ 200;") << way.name;
    }
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(HandlerCancellationTest, AnEventProducerThatWaitsToSendEndsToo) {
  run_test([this]() -> Coro<void> {
    bool ended = false;
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
      auto producer = [&](http::EventStream& events) -> Coro<void> {
        struct CleanUp {
          explicit CleanUp(bool& f) : flag(f) {}
          ~CleanUp() { flag = true; }
          bool& flag;
        } const clean_up(ended);
        for (;;) co_await events.send(std::string(100'000, 'x'));
      };
      co_return http::event_stream(producer, 1h);
    };
    auto server = co_await start(handler);
    Client client = co_await Client::connect(server.port());
    co_await client.send(get("/"));
    const std::string_view arrived = co_await client.stream().receive();
    EXPECT_FALSE(arrived.empty());
    co_await sleep(20ms);  // the buffers in between are full
    client.stream().send_eof();
    co_await all_ended(server);
    EXPECT_TRUE(ended);
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

}  // namespace
}  // namespace corolla_tests
