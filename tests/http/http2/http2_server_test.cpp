// SPDX-License-Identifier: Apache-2.0
// A server in HTTP/2: requests, bodies both ways, windows, time-outs. In memory, on a virtual clock.
#include "tests/http/http2/http2_test.hpp"

#include <corolla/sync/event.hpp>

namespace corolla_tests {
namespace {

class Http2ServerTest : public Http2Test {};

Coro<ServerResponse> count_body(ServerRequest& request) {
  std::size_t size = 0;
  for (;;) {
    auto reading = request.chunk();
    const std::string_view piece = co_await std::move(reading);
    if (piece.empty()) break;
    size += piece.size();
  }
  co_return ServerResponse(200, std::to_string(size));
}

TEST_F(Http2ServerTest, AnswersRequestsOfOneConnection) {
  run_and_destroy([]() -> Coro<void> {
    Served served(tell);
    RawPeer& peer = served.peer;
    const std::string wire = preface() + get(1, "/a?b", {{"cookie", "x=1"}, {"cookie", "y=2"}}) + get(3, "/c");
    co_await peer.send(wire);
    const Message first = co_await peer.message(1);
    EXPECT_EQ(first.status(), "200");
    EXPECT_EQ(first.body, "GET /a?b a HTTP/2 x=1; y=2");
    EXPECT_EQ(first.field("content-length"), std::to_string(first.body.size()));
    EXPECT_EQ(first.field("server"), "corolla");
    EXPECT_EQ(first.field("date").size(), 29U);
    const Message second = co_await peer.message(3);
    EXPECT_EQ(second.body, "GET /c a HTTP/2");
    peer.stream().close();
    co_await served.serving;
  });
}

TEST_F(Http2ServerTest, ByteByByte) {
  run([]() -> Coro<void> {
    Served served(count_body, WebServerOptions(), 1);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + headers(1, request("POST", "/"), false) + data(1, "hello ") +
                       data(1, "world", true));
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.body, "11");
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2ServerTest, WithoutThePrefaceItIsHttp1) {
  run([]() -> Coro<void> {
    Served served(tell);
    co_await served.peer.send("PRI / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    while (served.peer.stream().buffered().find("\r\n\r\n") == std::string_view::npos)
      co_await served.peer.stream().receive();
    EXPECT_TRUE(served.peer.stream().buffered().starts_with("HTTP/1.1 ")) << served.peer.stream().buffered();
    served.peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2ServerTest, ResponsesWithoutABody) {
  run([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/204") co_return ServerResponse(204);
      if (request.path() == "/304") co_return ServerResponse(304);
      ServerResponse response(200, "the body");
      response.headers().add("Connection", "close");
      response.headers().add("Transfer-Encoding", "chunked");
      co_return response;
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + headers(1, request("HEAD", "/")) + get(3, "/204") + get(5, "/304"));
    const Message head = co_await peer.message(1);
    EXPECT_EQ(head.status(), "200");
    EXPECT_EQ(head.field("content-length"), "8");
    EXPECT_EQ(head.field("connection") + head.field("transfer-encoding"), "");
    EXPECT_EQ(head.body, "");
    for (const std::uint32_t id : {3U, 5U}) {
      const Message none = co_await peer.message(id);
      EXPECT_EQ(none.status(), id == 3 ? "204" : "304");
      EXPECT_EQ(none.field("content-length"), "");
      EXPECT_EQ(none.body, "");
    }
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2ServerTest, StatusesOfErrors) {
  run([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/http") throw http::HttpError(409, "no", {{"X-Why", "because"}});
      if (request.path() == "/other") throw RuntimeError("broken");
      co_return ServerResponse(7);
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    const std::string wire =
        preface() + get(1, "/http") + get(3, "/other") + get(5, "/status") + get(7, "/", {{"expect", "miracles"}});
    co_await peer.send(wire);
    const Message refused = co_await peer.message(1);
    EXPECT_EQ(refused.status() + refused.field("x-why"), "409because");
    const Message broken = co_await peer.message(3);
    EXPECT_EQ(broken.status(), "500");
    const Message invalid = co_await peer.message(5);
    EXPECT_EQ(invalid.status(), "500");
    const Message unexpected = co_await peer.message(7);
    EXPECT_EQ(unexpected.status(), "417");
    peer.stream().close();
    co_await served.serving;
  }());
  EXPECT_EQ(reports, (Log{"Error handling request GET /other: broken"}));
}

// -- bodies of requests -----------------------------------------------------------------------------------------------

TEST_F(Http2ServerTest, TheWindowOpensAsTheHandlerReads) {
  run_and_destroy([]() -> Coro<void> {
    Event go;
    std::size_t size = 0;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      request.set_max_body_bytes(10'000'000);
      co_await go.wait();
      for (;;) {
        auto reading = request.chunk();
        const std::string_view piece = co_await std::move(reading);
        if (piece.empty()) break;
        size += piece.size();
      }
      co_return ServerResponse(200, std::to_string(size));
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    co_await peer.send(preface());
    const Frame told = co_await peer.next_of(kSettings);
    std::uint32_t window = 0;
    for (std::size_t at = 0; at + 6 <= told.payload.size(); at += 6)
      if (number_of(told.payload.substr(at, 2)) == 4) window = number_of(told.payload.substr(at + 2, 4));
    EXPECT_EQ(window, 256U * 1024);
    co_await peer.send(headers(1, request("POST", "/"), false));
    const std::string piece(16384, 'x');
    for (std::uint32_t sent = 0; sent < window; sent += 16384) co_await peer.send(data(1, piece));
    auto opening = create_task(peer.window_of(1));
    co_await turns(20);
    EXPECT_EQ(size, 0U);
    EXPECT_FALSE(opening.done());
    go.set();
    const std::uint32_t opened = co_await opening;
    EXPECT_GE(opened, window / 2);
    co_await peer.send(data(1, piece, true));
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.body, std::to_string(window + 16384));
    peer.stream().close();
    co_await served.serving;
  });
}

TEST_F(Http2ServerTest, BodiesAboveTheLimitAre413AndTheRestIsNotWanted) {
  run([]() -> Coro<void> {
    WebServerOptions options;
    options.max_body_bytes = 10;
    Served served(count_body, options);
    RawPeer& peer = served.peer;
    const std::string wire = preface() + headers(1, request("POST", "/", {{"content-length", "11"}}), false) +
                             headers(3, request("POST", "/"), false) + data(3, "12345678901");
    co_await peer.send(wire);
    for (const std::uint32_t id : {1U, 3U}) {
      const Message refused = co_await peer.message(id);
      EXPECT_EQ(refused.status(), "413");
      const Frame stop = co_await peer.next_of(kRstStream);
      EXPECT_EQ(stop.code(), 0U);
    }
    co_await peer.send(data(1, "late") + get(5, "/"));
    const Message next = co_await peer.message(5);
    EXPECT_EQ(next.status(), "200") << "the connection is as good as before";
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2ServerTest, ExpectIsAnsweredWhenTheBodyIsRead) {
  run([]() -> Coro<void> {
    Served served(count_body);
    RawPeer& peer = served.peer;
    const std::string wire = preface() + headers(1, request("POST", "/", {{"expect", "100-continue"}}), false);
    co_await peer.send(wire);
    const Frame go_on = co_await peer.next_of(kHeaders);
    EXPECT_EQ(go_on.fields, (Fields{{":status", "100"}}));
    co_await peer.send(data(1, "four", true));
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.status() + message.body, "2004");
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2ServerTest, ASlowBodyIs408) {
  run([]() -> Coro<void> {
    Served served(count_body);
    co_await served.peer.send(preface() + headers(1, request("POST", "/"), false) + data(1, "some"));
    const Message message = co_await served.peer.message(1);
    EXPECT_EQ(message.status(), "408");
    served.peer.stream().close();
    co_await served.serving;
  }());
  EXPECT_EQ(elapsed(), 30s);
}

TEST_F(Http2ServerTest, AResetIsAnErrorOfTheBody) {
  run([]() -> Coro<void> {
    std::string seen;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      auto counting = count_body(request);
      auto counted = co_await outcome(std::move(counting));
      if (request.method() == "POST") seen = counted ? "counted" : counted.error_message();
      co_return ServerResponse(200);
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + headers(1, request("POST", "/"), false) + data(1, "some"));
    co_await turns(10);
    co_await peer.send(reset(1) + get(3, "/"));
    const Message next = co_await peer.message(3);
    EXPECT_EQ(next.status(), "200");
    peer.stream().close();
    co_await served.serving;
    EXPECT_NE(seen.find("the request was reset"), std::string::npos) << seen;
  }());
}

// -- bodies of responses ----------------------------------------------------------------------------------------------

Coro<void> count_up(http::BodyWriter& writer) {
  for (int i = 0; i < 100; ++i) co_await writer.write(std::string(4096, static_cast<char>('a' + i % 26)));
}

TEST_F(Http2ServerTest, AProducerWaitsForTheClientsWindow) {
  run_and_destroy([]() -> Coro<void> {
    std::uint64_t written = 0;
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
      ServerResponse response(200);
      response.set_producer([&](http::BodyWriter& writer) -> Coro<void> {
        for (int i = 0; i < 100; ++i) {
          co_await writer.write(std::string(4096, static_cast<char>('a' + i % 26)));
          written = writer.written();
        }
      });
      co_return response;
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + get(1, "/"));
    std::string body;
    while (body.size() < 65535) {
      const Frame piece = co_await peer.next_of(kData);
      body += piece.payload;
    }
    co_await turns(20);
    EXPECT_EQ(body.size(), 65535U);
    EXPECT_LT(written, 65535U + 65536 + 4096 + 1) << "the window, and what a stream holds back at most";
    co_await peer.send(window_update(0, 1'000'000) + window_update(1, 1'000'000));
    const Message rest = co_await peer.message(1);
    EXPECT_EQ(body.size() + rest.body.size(), 409'600U);
    EXPECT_EQ(rest.body.back(), static_cast<char>('a' + 99 % 26));
    EXPECT_EQ(rest.reset, -1);
    peer.stream().close();
    co_await served.serving;
  });
}

TEST_F(Http2ServerTest, AProducersFailureResetsTheStream) {
  run([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response(200);
      if (request.path() == "/short") {
        response.set_producer([](http::BodyWriter& writer) -> Coro<void> { co_await writer.write("ab"); }, 3);
      } else if (request.path() == "/long") {
        response.set_producer([](http::BodyWriter& writer) -> Coro<void> { co_await writer.write("abcd"); }, 3);
      } else {
        response.set_producer([](http::BodyWriter& writer) -> Coro<void> {
          co_await writer.write("ab");
          throw RuntimeError("broken");
        });
      }
      co_return response;
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + get(1, "/short") + get(3, "/long") + get(5, "/throws"));
    for (const std::uint32_t id : {1U, 3U, 5U}) {
      const Message message = co_await peer.message(id);
      EXPECT_EQ(message.reset, 2) << "INTERNAL_ERROR for " << id;
    }
    peer.stream().close();
    co_await served.serving;
  }());
  EXPECT_EQ(reports.size(), 3U);
}

TEST_F(Http2ServerTest, ALargeTextIsSentInPieces) {
  run([]() -> Coro<void> {
    const std::string text(1'000'000, 't');
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> { co_return ServerResponse(200, text); };
    Served served(handler);
    RawPeer& peer = served.peer;
    const std::string wire =
        std::string(kPreface) + settings({{4, 2'000'000}}) + window_update(0, 2'000'000) + get(1, "/");
    co_await peer.send(wire);
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.field("content-length"), "1000000");
    EXPECT_EQ(message.body, text);
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2ServerTest, AClientThatTakesNothingIsCutOff) {
  run([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response(200);
      if (request.path() == "/small") response.set_text("four");
      else if (request.path() == "/large") response.set_text(std::string(300'000, 'x'));
      else response.set_producer(count_up);
      co_return response;
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    const std::string wire =
        std::string(kPreface) + settings({{4, 0}}) + get(1, "/small") + get(3, "/large") + get(5, "/stream");
    co_await peer.send(wire);
    for (const std::uint32_t id : {1U, 3U, 5U}) {
      const Message message = co_await peer.message(id);
      EXPECT_GT(message.reset, 0) << id;
      EXPECT_EQ(message.body, "");
    }
    peer.stream().close();
    co_await served.serving;
  }());
  EXPECT_EQ(elapsed(), 60s);
  EXPECT_EQ(reports, Log{});
}

// The connection itself is stuck, not a window: whoever sends, it is one connection's time-out.
TEST_F(Http2ServerTest, AClientThatReadsNothingIsCutOff) {
  run([]() -> Coro<void> {
    auto handler = [](ServerRequest&) -> Coro<ServerResponse> {
      co_return ServerResponse(200, std::string(200'000, 'x'));
    };
    Served served(handler);
    const std::string wire =
        std::string(kPreface) + settings({{4, 2'000'000}}) + window_update(0, 2'000'000) + get(1, "/") + get(3, "/");
    co_await served.peer.send(wire);
    co_await served.serving;
  }());
  EXPECT_EQ(elapsed(), 60s);
}

}  // namespace
}  // namespace corolla_tests
