// SPDX-License-Identifier: Apache-2.0
// A Session in HTTP/2: over TLS by ALPN, without TLS by prior knowledge; against this library's server and against frames
// written by hand.
#include "tests/http/client/https_test.hpp"
#include "tests/http/http2/http2_test.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/runtime/async_generator.hpp>
#include <corolla/sync/event.hpp>

namespace corolla::test {
namespace {

using corolla_tests::RawPeer;
using http::HttpVersion;
using http::ServerRequest;
using http::ServerResponse;

class Http2ClientTest : public SessionTest {};

SessionOptions knowing() {
  SessionOptions options;
  options.http2 = http::Http2Use::kPriorKnowledge;
  return options;
}

Coro<ServerResponse> echo(ServerRequest& request) {
  request.set_max_body_bytes(100'000'000);
  ServerResponse response(200);
  if (request.path() == "/large") {
    response.set_text(std::string(3'000'000, 'l'));
  } else if (request.path() == "/echo") {
    response.set_producer([&request](http::BodyWriter& writer) -> Coro<void> {
      for (;;) {
        auto reading = request.chunk();
        const std::string_view piece = co_await std::move(reading);
        if (piece.empty()) break;
        co_await writer.write(piece);
      }
    });
  } else {
    std::string text = request.method() + " " + request.target() + " " + std::string(to_string(request.version()));
    if (const auto cookie = request.headers().get("Cookie")) text.append(" ").append(*cookie);
    response.set_text(text);
    response.headers().add("Set-Cookie", "a=b");
  }
  co_return response;
}

template <class Body>
Coro<void> with_server(bool tls, Body& body) {
  http::WebServerOptions options;
  options.h2c = true;
  if (tls) options.ssl = serving();
  auto starting = http::serve(echo, "127.0.0.1", 0, options);
  auto server = co_await std::move(starting);
  {
    SessionOptions session_options = tls ? with(trusting()) : knowing();
    session_options.limit = 0;
    Session session(session_options);
    auto running = body(session, server);
    co_await std::move(running);
  }
  auto stopping = server.shutdown();
  co_await std::move(stopping);
}

TEST_F(Http2ClientTest, RequestsShareOneConnection) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, http::WebServer& server) -> Coro<void> {
      std::vector<Coro<std::string>> pages;
      for (int i = 0; i < 1000; ++i) pages.push_back(fetch(session, server.url() + std::to_string(i)));
      const auto texts = co_await gather(pages);
      for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(texts[static_cast<std::size_t>(i)].starts_with("GET /" + std::to_string(i) + " HTTP/2"));
      EXPECT_LE(server.connections(), 10U) << "a hundred streams each";
      auto again = session.get(server.url() + "again").send();
      auto response = co_await std::move(again);
      EXPECT_EQ(response.version(), HttpVersion::kHttp2);
      EXPECT_EQ(response.status(), 200);
      EXPECT_EQ(response.reason(), "OK");
      const auto text = co_await response.text();
      EXPECT_EQ(text, "GET /again HTTP/2 a=b");
      EXPECT_EQ(session.connections_in_use(), 0U);
    };
    for (const bool tls : {true, false}) {
      auto running = with_server(tls, body);
      co_await std::move(running);
    }
  });
}

TEST_F(Http2ClientTest, TheFirstOneConnectsForAll) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, http::WebServer& server) -> Coro<void> {
      std::vector<Coro<std::string>> pages;
      for (int i = 0; i < 50; ++i) pages.push_back(fetch(session, server.url()));
      static_cast<void>(co_await gather(pages));
      EXPECT_EQ(server.connections(), 1U);
      EXPECT_EQ(session.connections_idle(), 1U);
    };
    auto running = with_server(true, body);
    co_await std::move(running);
  });
}

TEST_F(Http2ClientTest, LargeBodiesBothWays) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, http::WebServer& server) -> Coro<void> {
      const auto large = co_await fetch(session, server.url() + "large");
      EXPECT_EQ(large, std::string(3'000'000, 'l'));
      const std::string text(2'000'000, 'u');
      auto posting = session.post(server.url() + "echo").body(text).send();
      auto posted = co_await std::move(posting);
      const auto echoed = co_await posted.read();
      EXPECT_EQ(echoed == text, true);
      auto pieces = []() -> AsyncGenerator<std::string> {
        for (int i = 0; i < 100; ++i) co_yield std::string(10'000, static_cast<char>('a' + i % 26));
      };
      auto streaming = session.post(server.url() + "echo").body(pieces()).send();
      auto streamed = co_await std::move(streaming);
      const auto back = co_await streamed.read();
      EXPECT_EQ(back.size(), 1'000'000U);
      EXPECT_EQ(server.connections(), 1U);
    };
    for (const bool tls : {true, false}) {
      auto running = with_server(tls, body);
      co_await std::move(running);
    }
  });
}

TEST_F(Http2ClientTest, DroppingAResponseResetsItsStreamAlone) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, http::WebServer& server) -> Coro<void> {
      {
        auto asking = session.get(server.url() + "large").send();
        auto response = co_await std::move(asking);
        static_cast<void>(co_await response.chunk());
      }
      EXPECT_EQ(session.connections_in_use(), 0U);
      for (int i = 0; i < 30; ++i) {
        auto task = create_task(fetch(session, server.url() + "large"));
        for (int step = 0; step < i; ++step) co_await sleep(0ms);
        task.cancel();
        static_cast<void>(co_await outcome(task));
      }
      const auto text = co_await fetch(session, server.url() + "next");
      EXPECT_EQ(text, "GET /next HTTP/2");
      EXPECT_EQ(server.connections(), 1U);
    };
    auto running = with_server(true, body);
    co_await std::move(running);
  });
}

TEST_F(Http2ClientTest, WhoeverDoesNotSpeakItIsAskedInHttp1) {
  run_test([]() -> Coro<void> {
    http::WebServerOptions options;
    options.ssl = serving();
    options.http2 = false;
    auto starting = http::serve(echo, "127.0.0.1", 0, options);
    auto server = co_await std::move(starting);
    {
      Session session(with(trusting()));
      std::vector<Coro<std::string>> pages;
      for (int i = 0; i < 5; ++i) pages.push_back(fetch(session, server.url()));
      const auto texts = co_await gather(pages);
      for (const auto& text : texts) EXPECT_TRUE(text.starts_with("GET / HTTP/1.1")) << text;
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
    options.http2 = true;
    auto starting_again = http::serve(echo, "127.0.0.1", 0, options);
    auto both = co_await std::move(starting_again);
    {
      SessionOptions off = with(trusting());
      off.http2 = http::Http2Use::kOff;
      Session session(off);
      const auto text = co_await fetch(session, both.url());
      EXPECT_TRUE(text.starts_with("GET / HTTP/1.1")) << text;
    }
    auto stopping_again = both.shutdown();
    co_await std::move(stopping_again);
  });
}

TEST_F(Http2ClientTest, AWebSocketGetsAConnectionInHttp1) {
  run_test([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() != "/ws") co_return ServerResponse(200, std::string(to_string(request.version())));
      auto accepting = http::accept_websocket(request);
      http::WebSocket ws = co_await std::move(accepting);
      co_await ws.send_text("hello");
      auto closing = ws.close();
      co_await std::move(closing);
      co_return ServerResponse(200);
    };
    http::WebServerOptions options;
    options.ssl = serving();
    auto starting = http::serve(handler, "127.0.0.1", 0, options);
    auto server = co_await std::move(starting);
    {
      Session session(with(trusting()));
      const auto version = co_await fetch(session, server.url());
      EXPECT_EQ(version, "HTTP/2");
      auto connecting = session.ws_connect(server.url() + "ws");
      http::WebSocket ws = co_await std::move(connecting);
      const auto text = co_await ws.receive_text();
      EXPECT_EQ(text, "hello");
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

// -- servers written by hand ------------------------------------------------------------------------------------------

using Script = std::function<Coro<void>(RawPeer&, int)>;

// Serves each connection with the script; `body` gets a session of prior knowledge and the URL.
template <class Body>
Coro<void> scripted(Script script, Body& body) {
  int connections = 0;
  auto handler = [&](ByteStream stream) -> Coro<void> {
    RawPeer peer(std::move(stream));
    co_await peer.stream().send_all(corolla_tests::settings());
    const int number = ++connections;
    while (peer.stream().buffered().size() < corolla_tests::kPreface.size()) {
      const std::string_view arrived = co_await peer.stream().receive();
      if (arrived.empty()) co_return;
    }
    peer.stream().consume(corolla_tests::kPreface.size());
    auto playing = script(peer, number);
    static_cast<void>(co_await outcome(std::move(playing)));
  };
  auto server = co_await start_server(handler, "127.0.0.1", 0);
  {
    Session session(knowing());
    auto running = body(session, "http://127.0.0.1:" + std::to_string(server.port()) + "/");
    co_await std::move(running);
  }
  server.close();
  co_await server.wait_closed();
}

std::string answer(std::uint32_t id, const std::string& body, const corolla_tests::Fields& more = {}) {
  corolla_tests::Fields fields = {{":status", "200"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return corolla_tests::headers(id, fields, false) + corolla_tests::data(id, body, true);
}

TEST_F(Http2ClientTest, WhatARequestLooksLike) {
  run_test([]() -> Coro<void> {
    corolla_tests::Fields seen;
    std::string posted;
    auto body = [](Session& session, std::string url) -> Coro<void> {
      auto asking = session.post(url + "a?b").header("Connection", "close").header("X-Mine", "1").body("text").send();
      auto response = co_await std::move(asking);
      const auto text = co_await response.text();
      EXPECT_EQ(text, "ok");
    };
    auto running = scripted(
        [&](RawPeer& peer, int) -> Coro<void> {
          const auto message = co_await peer.message(1);
          seen = message.fields;
          posted = message.body;
          co_await peer.send(answer(1, "ok"));
          static_cast<void>(co_await peer.read_to_end());
        },
        body);
    co_await std::move(running);
    EXPECT_EQ(posted, "text");
    const auto value = [&](std::string_view name) {
      std::string all;
      for (const auto& [key, text] : seen)
        if (key == name) all += "[" + text + "]";
      return all;
    };
    EXPECT_EQ(value(":method") + value(":scheme") + value(":path"), "[POST][http][/a?b]");
    EXPECT_TRUE(value(":authority").starts_with("[127.0.0.1:")) << value(":authority");
    EXPECT_EQ(value("x-mine"), "[1]");
    EXPECT_EQ(value("content-length"), "[4]");
    EXPECT_EQ(value("connection") + value("host") + value("transfer-encoding"), "");
  });
}

// Above the last stream of a GOAWAY, or with REFUSED_STREAM, nothing was done: even a POST may go again.
TEST_F(Http2ClientTest, UnprocessedRequestsAreSentAgain) {
  run_test([]() -> Coro<void> {
    for (const bool goaway : {true, false}) {
      int attempts = 0;
      auto body = [](Session& session, std::string url) -> Coro<void> {
        auto asking = session.post(url).body("text").send();
        auto response = co_await std::move(asking);
        const auto text = co_await response.text();
        EXPECT_EQ(text, "second");
      };
      auto running = scripted(
          [&](RawPeer& peer, int connection) -> Coro<void> {
            for (std::uint32_t id = 1;; id += 2) {
              const auto message = co_await peer.message(id);
              if (++attempts > 1) {
                EXPECT_EQ(connection, goaway ? 2 : 1);
                co_await peer.send(answer(id, "second"));
              } else if (goaway) {
                co_await peer.send(corolla_tests::frame(corolla_tests::kGoaway, 0, 0, corolla_tests::big_endian(0, 8)));
              } else {
                co_await peer.send(corolla_tests::reset(id, 7));
              }
            }
          },
          body);
      co_await std::move(running);
      EXPECT_EQ(attempts, 2);
    }
  });
}

TEST_F(Http2ClientTest, ErrorsOfStreams) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, std::string url) -> Coro<void> {
      const auto early = co_await error_of<http::ServerDisconnectedError>(fetch(session, url));
      EXPECT_NE(early.find("INTERNAL_ERROR"), std::string::npos) << early;
      const auto late = co_await error_of<http::ClientPayloadError>(fetch(session, url));
      EXPECT_NE(late.find("INTERNAL_ERROR"), std::string::npos) << late;
      const auto large = co_await error_of<http::HeaderTooLarge>(fetch(session, url));
      EXPECT_NE(large.find("above the limits"), std::string::npos) << large;
      const auto many = co_await error_of<http::HttpProtocolError>(fetch(session, url));
      EXPECT_EQ(many, "too many interim responses");
      const auto sound = co_await fetch(session, url);
      EXPECT_EQ(sound, "sound");
    };
    auto running = scripted(
        [](RawPeer& peer, int) -> Coro<void> {
          static_cast<void>(co_await peer.message(1));
          co_await peer.send(corolla_tests::reset(1, 2));
          // The same again: the method is idempotent, but the connection was new.
          static_cast<void>(co_await peer.message(3));
          const std::string wire = corolla_tests::headers(3, {{":status", "200"}}, false) +
                                   corolla_tests::data(3, "some") + corolla_tests::reset(3, 2);
          co_await peer.send(wire);
          static_cast<void>(co_await peer.message(5));
          const std::string wire_2 = corolla_tests::headers(5, {{":status", "200"}, {"x", std::string(9000, 'x')}});
          co_await peer.send(wire_2);
          std::string interim;
          for (int i = 0; i < 21; ++i) interim += corolla_tests::headers(7, {{":status", "103"}}, false);
          static_cast<void>(co_await peer.message(7));
          co_await peer.send(interim);
          static_cast<void>(co_await peer.message(9));
          co_await peer.send(answer(9, "sound"));
          static_cast<void>(co_await peer.read_to_end());
        },
        body);
    co_await std::move(running);
  });
}

TEST_F(Http2ClientTest, ASilentConnectionTakesNoFurtherRequests) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, std::string url) -> Coro<void> {
      const auto first = co_await fetch(session, url);
      EXPECT_EQ(first, "connection 1");
      ClientTimeout timeout;
      timeout.sock_read = 20ms;
      auto asking = session.get(url).timeout(timeout).send();
      const auto asked = co_await outcome(std::move(asking));
      EXPECT_FALSE(static_cast<bool>(asked));
      const auto next = co_await fetch(session, url);
      EXPECT_EQ(next, "connection 2");
    };
    auto running = scripted(
        [](RawPeer& peer, int connection) -> Coro<void> {
          static_cast<void>(co_await peer.message(1));
          const std::string wire = answer(1, "connection " + std::to_string(connection));
          co_await peer.send(wire);
          static_cast<void>(co_await peer.read_to_end());
        },
        body);
    co_await std::move(running);
  });
}

TEST_F(Http2ClientTest, IdleConnectionsAreClosedInPeace) {
  run_test([]() -> Coro<void> {
    int code = -2;
    auto handler = [&](ByteStream stream) -> Coro<void> {
      RawPeer peer(std::move(stream));
      co_await peer.stream().send_all(corolla_tests::settings());
      while (peer.stream().buffered().size() < corolla_tests::kPreface.size()) {
        const std::string_view arrived = co_await peer.stream().receive();
        if (arrived.empty()) co_return;
      }
      peer.stream().consume(corolla_tests::kPreface.size());
      static_cast<void>(co_await peer.message(1));
      co_await peer.send(answer(1, "ok"));
      code = co_await peer.goaway();
    };
    auto server = co_await start_server(handler, "127.0.0.1", 0);
    {
      SessionOptions options = knowing();
      options.keepalive_timeout = 10ms;
      Session session(options);
      const auto text = co_await fetch(session, "http://127.0.0.1:" + std::to_string(server.port()) + "/");
      EXPECT_EQ(text, "ok");
      EXPECT_EQ(session.connections_idle(), 1U);
      while (session.connections_idle() > 0) co_await sleep(1ms);
    }
    server.close();
    co_await server.wait_closed();
    EXPECT_EQ(code, 0);
  });
}

}  // namespace
}  // namespace corolla::test
