// SPDX-License-Identifier: Apache-2.0
// WebServerOptions::handler_cancellation in HTTP/1.1: who counts as gone, and what the watch leaves alone. Both backends.
#include "tests/http/server/handler_cancellation_test.hpp"
#include "tests/support/destroy_at_every_step.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace corolla_tests {
namespace {

TEST_F(HandlerCancellationTest, AHandlerEndsWithItsClient) {
  run_test([this]() -> Coro<void> {
    for (const Going& way : kWaysToGo) {
      for (const char* request :
           {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na"}) {
        Waiting waiting;
        log.clear();
        auto handler = [&waiting](ServerRequest&) -> Coro<ServerResponse> {
          co_await waiting.wait();
          co_return ServerResponse(200, "nobody hears it");
        };
        auto server = co_await start(handler, cancelling());
        Client client = co_await Client::connect(server.port());
        co_await client.send(request);
        co_await waiting.begun.wait();
        way.go(client.stream());
        co_await waiting.cleaned_up.wait();
        co_await all_ended(server);
        EXPECT_EQ(log, "/ 499;") << way.name;
      }
    }
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(HandlerCancellationTest, UnlessAskedForHandlersGoOn) {
  run_test([this]() -> Coro<void> {
    Event begun;
    Event go_on;
    bool finished = false;
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
      begun.set();
      co_await go_on.wait();
      finished = true;
      co_return ServerResponse(200, "nobody hears it");
    };
    auto server = co_await start(handler);
    {
      Client client = co_await Client::connect(server.port());
      co_await client.send(get("/"));
      co_await begun.wait();
    }
    // One that comes later is served: the end of the first one was there to be seen.
    begun.clear();
    auto other = create_task(ask_once(server.port(), get("/")));
    co_await begun.wait();
    EXPECT_FALSE(finished);
    go_on.set();
    const Reply reply = co_await other;
    EXPECT_EQ(reply.status, 200);
    co_await all_ended(server);
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(HandlerCancellationTest, WhatArrivesMeanwhileIsServedInOrder) {
  run_test([this]() -> Coro<void> {
    Event begun;
    Event go_on;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      const std::string path(request.path());
      if (path == "/slow") {
        begun.set();
        co_await go_on.wait();
      }
      const std::string body = co_await request.read();
      co_return ServerResponse(200, path + body);
    };
    auto server = co_await start(handler, cancelling());
    Client client = co_await Client::connect(server.port());
    co_await client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    co_await begun.wait();
    const std::string rest =
        "cd" + get("/2") + "POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nef" + get("/4");
    for (const char byte : rest) {
      co_await client.send(std::string(1, byte));
      co_await sleep(0s);
    }
    go_on.set();
    for (const char* expected : {"/slowabcd", "/2", "/3ef", "/4"}) {
      const Reply reply = co_await client.read_reply();
      EXPECT_EQ(reply.body, expected);
    }
    EXPECT_EQ(log, "/slow 200;/2 200;/3 200;/4 200;");
  });
}

TEST_F(HandlerCancellationTest, WhatArrivesMeanwhileHasALimit) {
  run_test([this]() -> Coro<void> {
    constexpr std::size_t kSize = 64'000'000;
    Event begun;
    Event go_on;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      request.set_max_body_bytes(kSize);
      begun.set();
      co_await go_on.wait();
      std::size_t size = 0;
      for (;;) {
        const std::string_view piece = co_await request.chunk();
        if (piece.empty()) break;
        size += piece.size();
      }
      co_return ServerResponse(200, std::to_string(size));
    };
    auto server = co_await start(handler, cancelling());
    Client client = co_await Client::connect(server.port());
    client.stream().send_nowait("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    client.stream().send_nowait(std::string(kSize, 'x'));
    co_await begun.wait();
    // As long as something moves, there is something to wait for.
    for (std::size_t before = 0; before != client.stream().unsent(); co_await sleep(20ms))
      before = client.stream().unsent();
    EXPECT_GT(client.stream().unsent(), kSize / 2);
    go_on.set();
    const Reply reply = co_await client.read_reply();
    EXPECT_EQ(reply.body, std::to_string(kSize));
  });
}

// The watch would move what the handler still looks at.
TEST_F(HandlerCancellationTest, WhileAHandlerReadsNobodyElseDoes) {
  run_test([this]() -> Coro<void> {
    Waiting waiting;
    Event has_piece;
    Event go_on;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      const std::string_view piece = co_await request.chunk();
      const std::string copy(piece);
      has_piece.set();
      co_await go_on.wait();
      EXPECT_EQ(piece, copy);
      const std::string rest = co_await request.read();
      EXPECT_EQ(copy + rest, std::string(20'000, 'a') + std::string(20'000, 'b'));
      co_await waiting.wait();
      co_return ServerResponse(200);
    };
    auto server = co_await start(handler, cancelling());
    Client client = co_await Client::connect(server.port());
    co_await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n" + std::string(20'000, 'a'));
    co_await has_piece.wait();
    co_await client.send(std::string(20'000, 'b'));
    co_await sleep(5ms);
    go_on.set();
    co_await waiting.begun.wait();
    client.stream().close();
    co_await waiting.cleaned_up.wait();
    co_await all_ended(server);
    EXPECT_EQ(log, "/ 499;");
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(HandlerCancellationTest, ReadingFailsWhenTheClientGoes) {
  run_test([this]() -> Coro<void> {
    Event begun;
    std::string seen;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      begun.set();
      auto reading = request.read();
      const auto read = co_await outcome(std::move(reading));
      seen = read ? "read" : read.cancelled() ? "cancelled" : "failed";
      if (!read) std::rethrow_exception(read.error());
      co_return ServerResponse(200);
    };
    auto server = co_await start(handler, cancelling());
    Client client = co_await Client::connect(server.port());
    co_await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
    co_await begun.wait();
    client.stream().close();
    co_await all_ended(server);
    EXPECT_EQ(seen, "failed");
    EXPECT_EQ(log, "/ 499;");
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

// The cancellation is the handler's, not the connection's.
TEST_F(HandlerCancellationTest, AHandlerMayAnswerAllTheSame) {
  run_test([this]() -> Coro<void> {
    Waiting waiting;
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
      try {
        co_await waiting.wait();
      } catch (const CancelledError&) {  // it is said below
      }
      co_await sleep(1ms);
      EXPECT_EQ(current_task().cancelling(), 1U);
      co_return ServerResponse(200, "all the same");
    };
    auto server = co_await start(handler, cancelling());
    Client client = co_await Client::connect(server.port());
    co_await client.send(get("/"));
    co_await waiting.begun.wait();
    client.stream().send_eof();
    const Reply reply = co_await client.read_reply();
    EXPECT_EQ(reply.body, "all the same");
    const bool ended = co_await client.ended();
    EXPECT_TRUE(ended);
    EXPECT_EQ(log, "/ 200;");
  });
}

TEST_F(HandlerCancellationTest, WhatCleaningUpThrowsIsReported) {
  run_test([this]() -> Coro<void> {
    Waiting waiting;
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
      try {
        co_await waiting.wait();
      } catch (const CancelledError&) {
        throw RuntimeError("it could not be undone");
      }
      co_return ServerResponse(200);
    };
    auto server = co_await start(handler, cancelling());
    {
      Client client = co_await Client::connect(server.port());
      co_await client.send(get("/"));
      co_await waiting.begun.wait();
    }
    co_await all_ended(server);
    EXPECT_EQ(reports.size(), 1U);
    EXPECT_TRUE(!reports.empty() && reports.front().find("it could not be undone") != std::string::npos);
  });
}

TEST_F(HandlerCancellationTest, InAnApplicationMiddlewaresAreUnwoundToo) {
  run_test([this]() -> Coro<void> {
    Waiting waiting;
    std::string unwound;
    Application app;
    app.add_middleware([&](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
      try {
        co_return co_await next(request);
      } catch (const CancelledError&) {
        unwound += "outer;";
        throw;
      }
    });
    app.add_get("/", [&](ServerRequest&) -> Coro<ServerResponse> {
      auto body = [&](TaskGroup& group) -> Coro<void> {
        auto child = [&]() -> Coro<void> {
          try {
            co_await waiting.wait();
          } catch (const CancelledError&) {
            unwound += "child;";
            throw;
          }
        };
        group.create_task(child);
        co_return;
      };
      co_await task_group(body);
      co_return ServerResponse(200);
    });
    auto client = co_await http::test_client(app, http::SessionOptions(), cancelling());
    {
      Client raw = co_await Client::connect(client.port());
      co_await raw.send(get("/"));
      co_await waiting.begun.wait();
    }
    while (log.empty()) co_await sleep(1ms);
    EXPECT_EQ(unwound, "child;outer;");
    EXPECT_EQ(log, "/ 499;");
    EXPECT_EQ(reports, std::vector<std::string>());
    co_await client.close();
  });
}

// Who stops the server stops the handler as before, also while its client goes.
TEST_F(HandlerCancellationTest, AServerThatIsDestroyedEndsItsHandlers) {
  run_test([this]() -> Coro<void> {
    for (const bool both : {false, true}) {
      Waiting waiting;
      auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
        co_await waiting.wait();
        co_return ServerResponse(200);
      };
      auto server = std::make_unique<WebServer>(co_await start(handler, cancelling()));
      Client client = co_await Client::connect(server->port());
      co_await client.send(get("/"));
      co_await waiting.begun.wait();
      if (both) client.stream().abort();
      server.reset();
      co_await waiting.cleaned_up.wait();
    }
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(HandlerCancellationTest, LoopDestroyedAfterEachStep) {
  const auto everything = []() -> Coro<void> {
    Waiting waiting;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      const std::string body = co_await request.read();
      if (body.empty()) co_await waiting.wait();
      co_return ServerResponse(200, body);
    };
    WebServerOptions options;
    options.handler_cancellation = true;
    auto server = co_await start(handler, options);
    Client client = co_await Client::connect(server.port());
    const Reply reply = co_await client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(reply.body, "abc");
    co_await client.send(get("/"));
    co_await waiting.begun.wait();
    client.stream().close();
    co_await waiting.cleaned_up.wait();
    co_await server.shutdown();
  };
  run_test(everything);
  destroy_at_every_step<RealLoop>(everything);
}

}  // namespace
}  // namespace corolla_tests
