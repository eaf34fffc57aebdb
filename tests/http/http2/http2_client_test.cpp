// SPDX-License-Identifier: Apache-2.0
// A Session in HTTP/2 and this library's server: over TLS by ALPN, without TLS by prior knowledge.
#include "tests/http/http2/http2_client_test.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/runtime/async_generator.hpp>
#include <corolla/sync/event.hpp>

namespace corolla::test {
namespace {

using http::HttpVersion;
using http::ServerRequest;
using http::ServerResponse;

class Http2ClientTest : public SessionTest {};

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

TEST_F(Http2ClientTest, TheServersLogKnowsTheClient) {
  run_test([]() -> Coro<void> {
    std::vector<std::string> remotes;
    http::WebServerOptions options;
    options.h2c = true;
    options.access_log = [&](const http::AccessRecord& record) { remotes.emplace_back(record.remote); };
    auto starting = http::serve(echo, "127.0.0.1", 0, options);
    auto server = co_await std::move(starting);
    {
      Session session(knowing());
      static_cast<void>(co_await fetch(session, server.url()));
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
    EXPECT_EQ(remotes, std::vector<std::string>{"127.0.0.1"});
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

}  // namespace
}  // namespace corolla::test
