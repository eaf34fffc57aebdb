// SPDX-License-Identifier: Apache-2.0
// A Session in HTTP/2 and servers whose frames are written by hand.
#include "tests/http/http2/http2_client_test.hpp"

namespace corolla::test {
namespace {

using corolla_tests::RawPeer;

class Http2ScriptedServerTest : public SessionTest {};

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

TEST_F(Http2ScriptedServerTest, WhatARequestLooksLike) {
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
TEST_F(Http2ScriptedServerTest, UnprocessedRequestsAreSentAgain) {
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

TEST_F(Http2ScriptedServerTest, ErrorsOfStreams) {
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
      const auto status = co_await error_of<http::HttpProtocolError>(fetch(session, url));
      EXPECT_EQ(status, "a response without a valid status");
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
          // To nghttp2 it is a final one.
          const std::string ended = corolla_tests::headers(9, {{":status", "050"}}, false) +
                                    corolla_tests::headers(9, {{"trailer", "too"}}, true);
          co_await peer.send(ended);
          static_cast<void>(co_await peer.message(11));
          co_await peer.send(answer(11, "sound"));
          static_cast<void>(co_await peer.read_to_end());
        },
        body);
    co_await std::move(running);
  });
}

TEST_F(Http2ScriptedServerTest, ASilentConnectionTakesNoFurtherRequests) {
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

TEST_F(Http2ScriptedServerTest, IdleConnectionsAreClosedInPeace) {
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
