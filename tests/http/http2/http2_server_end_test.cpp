// SPDX-License-Identifier: Apache-2.0
// How a server's connection in HTTP/2 ends, and what the log is told. In memory, on a virtual clock.
#include "tests/http/http2/http2_test.hpp"

#include <corolla/sync/event.hpp>

namespace corolla_tests {
namespace {

class Http2ServerEndTest : public Http2Test {};

TEST_F(Http2ServerEndTest, AnIdleConnectionIsClosedAfterATime) {
  run([]() -> Coro<void> {
    Served served(tell);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + get(1, "/"));
    static_cast<void>(co_await peer.message(1));
    // Only requests keep it alive.
    co_await sleep(50s);
    co_await peer.send(frame(kPing, 0, 0, "12345678"));
    const int code = co_await peer.goaway();
    EXPECT_EQ(code, 0);
    const int more = co_await peer.read_to_end();
    EXPECT_EQ(more, 0);
    peer.stream().close();
    co_await served.serving;
  }());
  EXPECT_EQ(elapsed(), 75s);
}

TEST_F(Http2ServerEndTest, AHeadHasToComeInTime) {
  run([]() -> Coro<void> {
    for (const bool preface_only : {false, true}) {
      Served served(tell);
      RawPeer& peer = served.peer;
      const auto began = get_running_loop().time();
      peer.acknowledges = preface_only;
      co_await peer.send(preface());
      if (!preface_only) co_await peer.send(frame(kHeaders, kEndStream, 1, hpack(request("GET", "/"))));
      const int code = co_await peer.goaway();
      EXPECT_EQ(code, 0);
      peer.stream().close();
      co_await served.serving;
      EXPECT_EQ(get_running_loop().time() - began, 10s);
    }
  }());
}

// Nothing of the client's moves the time-outs of what a handler takes its time for.
TEST_F(Http2ServerEndTest, TimeOutsBeginWithALateResponse) {
  auto late = [](ServerRequest&) -> Coro<ServerResponse> {
    co_await sleep(1h);
    co_return ServerResponse(200, "late");
  };
  run([&]() -> Coro<void> {
    const auto began = get_running_loop().time();
    Served taken(late);
    Served not_taken(late);
    const std::string no_window = std::string(kPreface) + settings({{4, 0}}) + get(1, "/");
    co_await taken.peer.send(preface() + get(1, "/"));
    co_await not_taken.peer.send(no_window);
    const Message answer = co_await taken.peer.message(1);
    EXPECT_EQ(answer.body, "late");
    static_cast<void>(co_await taken.peer.read_to_end());
    const WebServerOptions options;
    EXPECT_EQ(get_running_loop().time() - began, 1h + options.keepalive_timeout);
    const Message reset = co_await not_taken.peer.message(1);
    EXPECT_GT(reset.reset, 0);
    static_cast<void>(co_await not_taken.peer.read_to_end());
    EXPECT_EQ(get_running_loop().time() - began, 1h + options.send_timeout + options.keepalive_timeout);
    taken.peer.stream().close();
    not_taken.peer.stream().close();
    co_await taken.serving;
    co_await not_taken.serving;
  }());
}

TEST_F(Http2ServerEndTest, AStoppingServerFinishesWhatItBegan) {
  run_and_destroy([]() -> Coro<void> {
    Event go;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/wait") co_await go.wait();
      co_return ServerResponse(200, "done");
    };
    Served served(handler);
    Served idle(tell);
    RawPeer& peer = served.peer;
    co_await idle.peer.send(preface());
    co_await peer.send(preface() + get(1, "/wait"));
    co_await turns(10);
    served.state->close();
    idle.state->close();
    const int idle_code = co_await idle.peer.goaway();
    EXPECT_EQ(idle_code, 0);
    const Frame goaway = co_await peer.next_of(kGoaway);
    EXPECT_EQ(goaway.code(), 0U);
    EXPECT_EQ(number_of(goaway.payload.substr(0, 4)), 1U) << "the last stream that is served";
    co_await peer.send(get(3, "/late"));
    co_await turns(10);
    go.set();
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.body, "done");
    const int more = co_await peer.read_to_end();
    EXPECT_EQ(more, 0) << "stream 3 is not answered";
    peer.stream().close();
    idle.peer.stream().close();
    co_await served.serving;
    co_await idle.serving;
  });
}

TEST_F(Http2ServerEndTest, AConnectionHasAMostOfRequests) {
  run([]() -> Coro<void> {
    WebServerOptions options;
    options.max_requests_per_connection = 2;
    Served served(tell, options);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + get(1, "/") + get(3, "/") + get(5, "/"));
    const Message second = co_await peer.message(3);
    EXPECT_EQ(second.status(), "200");
    EXPECT_EQ(peer.goaways, (std::vector<std::uint32_t>{0}));
    const int more = co_await peer.read_to_end();
    EXPECT_EQ(more, 0);
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2ServerEndTest, HandlersOutliveTheirClient) {
  run_and_destroy([]() -> Coro<void> {
    bool done = false;
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
      co_await sleep(5s);
      done = true;
      co_return ServerResponse(200, "nobody hears it");
    };
    Served served(handler);
    co_await served.peer.send(preface() + get(1, "/"));
    co_await turns(10);
    served.peer.stream().abort();
    co_await served.serving;
    EXPECT_TRUE(done);
  });
}

TEST_F(Http2ServerEndTest, CancelledWithItsConnection) {
  run([]() -> Coro<void> {
    auto handler = [](ServerRequest&) -> Coro<ServerResponse> {
      co_await sleep(1h);
      co_return ServerResponse(200);
    };
    Served served(handler);
    co_await served.peer.send(preface() + get(1, "/") + get(3, "/"));
    co_await turns(10);
    served.serving.cancel();
    const auto ended = co_await outcome(served.serving);
    EXPECT_TRUE(ended.cancelled());
    const int frames = co_await served.peer.read_to_end();
    EXPECT_GT(frames, 0);
  }());
  EXPECT_LT(elapsed(), 1h);
}

TEST_F(Http2ServerEndTest, TheAccessLogTellsEachRequest) {
  run([]() -> Coro<void> {
    std::vector<std::string> lines;
    WebServerOptions options;
    options.access_log = [&](const http::AccessRecord& record) {
      lines.push_back(std::string(record.method) + " " + std::string(record.target) + " " +
                      std::string(to_string(record.version)) + " " + std::to_string(record.status) + " " +
                      std::to_string(record.body_bytes));
    };
    Served served(tell, options);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + get(1, "/a") + headers(3, request("HEAD", "/b")));
    static_cast<void>(co_await peer.message(1));
    static_cast<void>(co_await peer.message(3));
    peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(lines, (std::vector<std::string>{"HEAD /b HTTP/2 200 0", "GET /a HTTP/2 200 15"}));
  }());
}

}  // namespace
}  // namespace corolla_tests
