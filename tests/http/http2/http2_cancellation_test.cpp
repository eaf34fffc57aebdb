// SPDX-License-Identifier: Apache-2.0
// WebServerOptions::handler_cancellation in HTTP/2, and producers of events. In memory, on a virtual clock.
#include "tests/http/http2/http2_test.hpp"

#include <corolla/http/event_stream.hpp>

#include <functional>

namespace corolla_tests {
namespace {

class Http2CancellationTest : public Http2Test {
 protected:
  WebServerOptions cancelling(bool handlers = true) {
    WebServerOptions options;
    options.handler_cancellation = handlers;
    options.access_log = [this](const http::AccessRecord& record) {
      log += std::string(record.target) + " " + std::to_string(record.status) + ";";
    };
    return options;
  }
  // Waits for an hour; says how that ended.
  Coro<void> wait_an_hour() {
    struct CleanUp {
      explicit CleanUp(std::string& l) : log(l) {}
      ~CleanUp() { log += "cleaned up;"; }
      std::string& log;
    } const clean_up(log);
    co_await sleep(1h);
  }
  http::RequestHandler waiting() {
    return [this](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/quick") co_return ServerResponse(200, "quick");
      auto waiting = wait_an_hour();
      co_await std::move(waiting);
      co_return ServerResponse(200, "late");
    };
  }

  std::string log;
};

TEST_F(Http2CancellationTest, AResetStreamEndsItsHandlerAlone) {
  run_and_destroy([this]() -> Coro<void> {
    log.clear();
    Served served(waiting(), cancelling());
    RawPeer& peer = served.peer;
    const std::string post = headers(3, request("POST", "/post"), false) + data(3, "some");
    co_await peer.send(preface() + get(1, "/a") + post + get(5, "/b"));
    co_await turns(10);
    co_await peer.send(reset(1) + reset(3, 0) + get(7, "/quick"));
    const Message quick = co_await peer.message(7);
    EXPECT_EQ(quick.body, "quick");
    const Message late = co_await peer.message(5);
    EXPECT_EQ(late.body, "late");
    peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(log, "/quick 200;cleaned up;/a 499;cleaned up;/post 499;cleaned up;/b 200;");
  });
}

TEST_F(Http2CancellationTest, TheConnectionsEndEndsAll) {
  run([this]() -> Coro<void> {
    for (const bool reset : {false, true}) {
      log.clear();
      Served served(waiting(), cancelling());
      co_await served.peer.send(preface() + get(1, "/a") + get(3, "/b"));
      co_await turns(10);
      if (reset) served.peer.stream().abort();
      else served.peer.stream().close();
      co_await served.serving;
      EXPECT_EQ(log, "cleaned up;/b 499;cleaned up;/a 499;");
    }
  }());
  EXPECT_EQ(elapsed(), 0s);
}

// Both at once: the connection's own cancellation goes on.
TEST_F(Http2CancellationTest, CancelledWithItsConnectionToo) {
  run([this]() -> Coro<void> {
    Served served(waiting(), cancelling());
    co_await served.peer.send(preface() + get(1, "/a"));
    co_await turns(10);
    served.peer.send_nowait(reset(1));
    co_await turns(1);
    served.serving.cancel();
    const auto ended = co_await outcome(served.serving);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_TRUE(log.starts_with("cleaned up;")) << log;
  }());
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(Http2CancellationTest, AHandlerThatReadsIsCancelledToo) {
  run([this]() -> Coro<void> {
    std::string seen;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      try {
        auto reading = request.read();
        static_cast<void>(co_await std::move(reading));
      } catch (const CancelledError&) {
        seen = "cancelled";
        throw;
      }
      co_return ServerResponse(200);
    };
    Served served(handler, cancelling());
    co_await served.peer.send(preface() + headers(1, request("POST", "/"), false) + data(1, "some"));
    co_await turns(10);
    co_await served.peer.send(reset(1));
    served.peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(seen, "cancelled");
    EXPECT_EQ(log, "/ 499;");
  }());
}

// In memory HTTP/1.1 has the same end, and a clock that says that nobody waited for a ping.
TEST_F(Http2CancellationTest, AnEventProducerEndsWithItsClientAtOnce) {
  for (const bool http2 : {false, true}) {
    run_and_destroy([this, http2]() -> Coro<void> {
      log.clear();
      const auto began = get_running_loop().time();
      auto handler = [this](ServerRequest&) -> Coro<ServerResponse> {
        co_return http::event_stream([this](http::EventStream& events) -> Coro<void> {
          co_await events.send("one");
          auto waiting = wait_an_hour();
          co_await std::move(waiting);
        });
      };
      Served served(handler, cancelling(false));
      const std::string asked = http2 ? preface() + get(1, "/") : "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
      co_await served.peer.send(asked);
      co_await turns(20);
      if (http2) co_await served.peer.send(reset(1));
      else served.peer.stream().close();
      co_await turns(20);
      EXPECT_EQ(log, "cleaned up;/ 200;");
      EXPECT_EQ(get_running_loop().time() - began, 0s);
      served.peer.stream().close();
      co_await served.serving;
    });
  }
}

}  // namespace
}  // namespace corolla_tests
