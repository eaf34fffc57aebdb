// SPDX-License-Identifier: Apache-2.0
// WebSockets of a Session and a WebServer, over sockets. Both backends.
#include "tests/http/server/server_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/session.hpp>
#include <corolla/http/websocket.hpp>

#include "http/websocket/handshake.hpp"

#include <optional>
#include <string>
#include <vector>

namespace corolla_tests {
namespace {

using http::accept_websocket;
using http::ClientWebSocketOptions;
using http::ServerWebSocketOptions;
using http::Session;
using http::WebSocket;
using http::WsMessage;
using http::WsMsgType;

class WebSocketConnectionTest : public ServerTest {};

Coro<ServerResponse> echo(ServerRequest& request) {
  ServerWebSocketOptions options;
  options.protocols = {"chat.v2", "chat.v1"};
  auto accepting = accept_websocket(request, options);
  WebSocket ws = co_await std::move(accepting);
  for (;;) {
    auto receiving = ws.receive();
    const WsMessage message = co_await std::move(receiving);
    if (message.ends()) break;
    co_await ws.send_text(message.data);
  }
  co_return request.respond();
}

std::string ws_url(const WebServer& server) { return "ws" + server.url().substr(4); }

const char* const kHandshake =
    "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

TEST_F(WebSocketConnectionTest, ASessionTalksToAServer) {
  run_test([]() -> Coro<void> {
    auto handler = echo;
    auto server = co_await start(handler);
    Session session;
    for (const bool deflate : {false, true}) {
      ClientWebSocketOptions options;
      options.protocols = {"chat.v1", "chat.v2"};
      options.deflate.enabled = deflate;
      auto connecting = session.ws_connect(ws_url(server), options);
      WebSocket ws = co_await std::move(connecting);
      EXPECT_EQ(ws.compressed(), deflate);
      EXPECT_EQ(ws.protocol(), "chat.v2");
      EXPECT_EQ(session.connections_in_use(), 0U);
      for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{70'000}, std::size_t{2'000'000}}) {
        const std::string text(size, 'x');
        auto send = [&]() -> Coro<void> { co_await ws.send_text(text); };
        auto sending = create_task(send());
        auto receiving = ws.receive_text();
        const std::string got = co_await std::move(receiving);
        EXPECT_TRUE(got == text) << size;
        co_await sending;
      }
      auto closing = ws.close();
      co_await std::move(closing);
      EXPECT_EQ(ws.close_code(), 1000);
    }
    co_await server.shutdown();
    co_await session.close();
  });
  EXPECT_TRUE(reports.empty());
}

TEST_F(WebSocketConnectionTest, TheHandshakeOnTheWire) {
  run_test([]() -> Coro<void> {
    auto handler = echo;
    auto server = co_await start(handler);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    // The first frame comes with the handshake.
    co_await client.send(get("/", std::string(kHandshake) + "Sec-WebSocket-Protocol: x, chat.v1\r\n") +
                         std::string("\x81\x82\0\0\0\0hi", 8));
    co_await client.stream().receive();
    while (client.stream().buffered().find("hi") == std::string_view::npos) {
      const std::string_view arrived = co_await client.stream().receive();
      if (arrived.empty()) break;
    }
    const std::string answer(client.stream().buffered());
    EXPECT_TRUE(
        answer.starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                           "Sec-WebSocket-Protocol: chat.v1\r\nDate: "))
        << answer;
    EXPECT_TRUE(answer.ends_with(std::string("\r\n\r\n\x81\x02hi"))) << answer;
    client.stream().abort();
    co_await server.shutdown();
  });
}

TEST_F(WebSocketConnectionTest, RequestsThatAreNoHandshakeAreRefused) {
  struct Case {
    std::string fields;
    int status;
  };
  const std::vector<Case> cases = {
      {"", 400},
      {"Connection: Upgrade\r\nUpgrade: h2c\r\n", 400},
      {"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400},
      {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", 400},
      {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", 400},
      {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
       426},
      {std::string(kHandshake) + "Sec-WebSocket-Extensions: a b\r\n", 400},
      {std::string(kHandshake) + "Origin: http://evil.example\r\n", 403},
      {std::string(kHandshake) + "Origin: http://a:81\r\n", 403},
      {std::string(kHandshake) + "Origin: null\r\n", 403},
  };
  run_test([&]() -> Coro<void> {
    auto handler = echo;
    auto server = co_await start(handler);
    for (const Case& refused : cases) {
      auto asking = ask_once(server.port(), get("/", refused.fields));
      const Reply reply = co_await std::move(asking);
      EXPECT_EQ(reply.status, refused.status) << refused.fields;
      for (const char* field : {"Sec-WebSocket-Version: 13", "Upgrade: websocket"})
        EXPECT_EQ(reply.has(field), refused.status == 426) << field;
    }
    auto posting = ask_once(server.port(),
                            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + std::string(kHandshake) + "\r\n");
    const Reply posted = co_await std::move(posting);
    EXPECT_EQ(posted.status, 405);
    EXPECT_TRUE(posted.has("Allow: GET"));
    co_await server.shutdown();
  });
  EXPECT_TRUE(reports.empty());
}

TEST_F(WebSocketConnectionTest, TheHookJudgesTheOrigin) {
  run_test([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerWebSocketOptions options;
      if (request.path() == "/hook")
        options.check_origin = [](std::string_view origin, const ServerRequest&) { return origin == "https://b"; };
      auto accepting = accept_websocket(request, options);
      const WebSocket ws = co_await std::move(accepting);
      co_return request.respond();
    };
    auto server = co_await start(handler);
    const auto status = [&](const char* path, const char* origin) -> Coro<int> {
      auto asking = ask_once(server.port(), get(path, std::string(kHandshake) + "Origin: " + origin + "\r\n"), true);
      const Reply reply = co_await std::move(asking);
      co_return reply.status;
    };
    const int same = co_await status("/", "http://a");
    EXPECT_EQ(same, 101);
    const int same_with_port = co_await status("/", "http://A:80");
    EXPECT_EQ(same_with_port, 101);
    const int known = co_await status("/hook", "https://b");
    EXPECT_EQ(known, 101);
    const int own = co_await status("/hook", "http://a");
    EXPECT_EQ(own, 403);
    co_await server.shutdown();
  });
}

TEST_F(WebSocketConnectionTest, AClientRefusesOtherAnswers) {
  run_test([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response = request.respond(request.path() == "/401" ? 401 : 200);
      response.headers().add("X-Why", "no");
      co_return response;
    };
    auto server = co_await start(handler);
    Session session;
    for (const int status : {200, 401}) {
      auto connecting = session.ws_connect(ws_url(server) + std::to_string(status));
      auto refused = co_await outcome(std::move(connecting));
      try {
        static_cast<void>(refused.value());
        ADD_FAILURE() << "connected";
      } catch (const http::WSServerHandshakeError& error) {
        EXPECT_EQ(error.status(), status);
        EXPECT_EQ(error.headers().get("X-Why", ""), "no");
      }
    }
    EXPECT_EQ(session.connections_in_use(), 0U);
    co_await server.shutdown();
    co_await session.close();
  });
}

// A server by hand, for answers that ours does not give.
TEST_F(WebSocketConnectionTest, AClientChecksTheAnswersFields) {
  const std::string good = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const std::string fine = good + "Sec-WebSocket-Accept: {}\r\n";
  const std::vector<std::string> bad = {
      good + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
      good,
      "Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
      "Upgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n",
      good + "Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: other\r\n",
      good + "Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
  };
  run_test([&]() -> Coro<void> {
    for (std::size_t i = 0; i <= bad.size(); ++i) {
      const std::string& fields = i < bad.size() ? bad[i] : fine;
      auto serve_one = [fields](ByteStream stream) -> Coro<void> {
        while (!stream.buffered().ends_with("\r\n\r\n")) {
          const std::string_view arrived = co_await stream.receive();
          if (arrived.empty()) co_return;
        }
        const std::string_view asked = stream.buffered();
        const std::string_view key = asked.substr(asked.find("Sec-WebSocket-Key: ") + 19, 24);
        std::string answer = fields;
        if (const auto at = answer.find("{}"); at != std::string::npos)
          answer.replace(at, 2, http::accept_for_key(key));
        co_await stream.send_all("HTTP/1.1 101 X\r\n", answer, "\r\n");
        stream.close();
      };
      auto starting = start_stream_server(serve_one, std::string("127.0.0.1"), 0, ServerOptions());
      Server server = co_await std::move(starting);
      Session session;
      auto connecting = session.ws_connect("ws://127.0.0.1:" + std::to_string(server.port()) + "/");
      auto end = co_await outcome(std::move(connecting));
      if (i < bad.size()) {
        EXPECT_THROW(static_cast<void>(end.value()), http::WSServerHandshakeError) << fields;
      } else {
        EXPECT_TRUE(end) << fields;
      }
      co_await session.close();
      server.close();
      co_await server.wait_closed();
    }
  });
}

TEST_F(WebSocketConnectionTest, AStoppingServerTells1001) {
  run_test([]() -> Coro<void> {
    std::string seen;
    auto handler = [&seen](ServerRequest& request) -> Coro<ServerResponse> {
      auto accepting = accept_websocket(request);
      WebSocket ws = co_await std::move(accepting);
      auto receiving = ws.receive();
      const WsMessage message = co_await std::move(receiving);
      seen = std::to_string(static_cast<int>(message.type)) + " " + std::to_string(ws.close_code());
      co_return request.respond();
    };
    auto server = co_await start(handler);
    Session session;
    auto connecting = session.ws_connect(ws_url(server));
    WebSocket ws = co_await std::move(connecting);
    auto stopping = create_task(server.shutdown());
    auto receiving = ws.receive();
    const WsMessage message = co_await std::move(receiving);
    EXPECT_EQ(message.type, WsMsgType::kClose);
    EXPECT_EQ(message.code, 1001);
    co_await stopping;
    EXPECT_EQ(seen, std::to_string(static_cast<int>(WsMsgType::kClosed)) + " 1001");
    EXPECT_EQ(server.connections(), 0U);
    co_await session.close();
  });
}

TEST_F(WebSocketConnectionTest, AHandlersErrorIsReportedAndEndsTheConnection) {
  run_test([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      auto accepting = accept_websocket(request);
      const WebSocket ws = co_await std::move(accepting);
      throw ValueError("oops");
    };
    auto server = co_await start(handler);
    Session session;
    auto connecting = session.ws_connect(ws_url(server));
    WebSocket ws = co_await std::move(connecting);
    auto receiving = ws.receive();
    const WsMessage message = co_await std::move(receiving);
    EXPECT_EQ(message.code, 1001);
    co_await server.shutdown();
    co_await session.close();
  });
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_NE(reports[0].find("oops"), std::string::npos);
}

TEST_F(WebSocketConnectionTest, DestroyedAtEveryStep) {
  auto body = []() -> Coro<void> {
    auto handler = echo;
    auto server = co_await start(handler);
    Session session;
    auto connecting = session.ws_connect(ws_url(server));
    WebSocket ws = co_await std::move(connecting);
    co_await ws.send_text("x");
    auto receiving = ws.receive_text();
    const std::string got = co_await std::move(receiving);
    EXPECT_EQ(got, "x");
    auto closing = ws.close();
    co_await std::move(closing);
    co_await server.shutdown();
    co_await session.close();
  };
  destroy_at_every_step<RealLoop>(body);
}

}  // namespace
}  // namespace corolla_tests
