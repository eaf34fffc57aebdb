// SPDX-License-Identifier: Apache-2.0
// WebSockets of a session: over TLS, and through proxies of HTTP, which pass no upgrade on but open tunnels.
#include "tests/http/client/https_test.hpp"
#include "tests/http/client/tunnel_proxy.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/web_server.hpp>

namespace corolla::test {
namespace {

class WebSocketRouteTest : public SessionTest {};

Coro<http::ServerResponse> echo(http::ServerRequest& request) {
  if (!request.headers().contains("Upgrade")) co_return http::ServerResponse(200, "page");
  auto accepting = http::accept_websocket(request);
  http::WebSocket ws = co_await std::move(accepting);
  for (;;) {
    const http::WsMessage message = co_await ws.receive();
    if (message.ends()) break;
    co_await ws.send_text(message.data);
  }
  co_return request.respond();
}

Coro<std::string> said_back(Session& session, std::string url, std::string text) {
  auto connecting = session.ws_connect(url);
  http::WebSocket ws = co_await std::move(connecting);
  co_await ws.send_text(text);
  const http::WsMessage message = co_await ws.receive();
  co_await ws.close();
  co_return message.data;
}

// A server, over TLS or not, and a session.
template <class Body>
Coro<void> with_echo(bool tls, SessionOptions options, Body& body) {
  http::WebServerOptions server_options;
  if (tls) server_options.ssl = serving();
  auto starting = http::serve(echo, "127.0.0.1", 0, server_options);
  auto server = co_await std::move(starting);
  {
    Session session(options);
    auto running = body(session, server);
    co_await std::move(running);
  }
  auto stopping = server.shutdown();
  co_await std::move(stopping);
}

TEST_F(WebSocketRouteTest, OverTlsBesideHttp2) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, http::WebServer& server) -> Coro<void> {
      auto getting = session.get(server.url()).send();
      auto response = co_await std::move(getting);
      EXPECT_EQ(response.version(), http::HttpVersion::kHttp2);
      const auto page = co_await response.text();
      EXPECT_EQ(page, "page");
      const auto text = co_await said_back(session, "wss" + server.url().substr(5) + "ws", "over TLS");
      EXPECT_EQ(text, "over TLS");
      EXPECT_EQ(session.connections_idle(), 1U) << "the one in HTTP/2";
    };
    auto running = with_echo(true, with(trusting()), body);
    co_await std::move(running);
  });
}

TEST_F(WebSocketRouteTest, CertificatesAreVerified) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, http::WebServer& server) -> Coro<void> {
      auto connecting = session.ws_connect("wss" + server.url().substr(5));
      const auto error = co_await error_of<http::ClientConnectorCertificateError>(std::move(connecting));
      EXPECT_NE(error.find("is refused"), std::string::npos) << error;
    };
    auto running = with_echo(true, SessionOptions(), body);
    co_await std::move(running);
  });
}

TEST_F(WebSocketRouteTest, ThroughTunnels) {
  run_test([]() -> Coro<void> {
    for (const bool tls : {false, true}) {
      TunnelProxy proxy;
      co_await proxy.start();
      SessionOptions options = with(trusting());
      options.proxy = http::Url::parse(proxy.url("user:pass@"));
      auto body = [&](Session& session, http::WebServer& server) -> Coro<void> {
        const std::string peer = "127.0.0.1:" + std::to_string(server.port());
        const auto text = co_await said_back(session, (tls ? "wss://" : "ws://") + peer + "/ws", "through");
        EXPECT_EQ(text, "through");
        EXPECT_EQ(
            proxy.requests(),
            (std::vector<std::string>{"CONNECT " + peer + " HTTP/1.1\r\nHost: " + peer +
                                      "\r\nUser-Agent: corolla\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n"}));
      };
      auto running = with_echo(tls, options, body);
      co_await std::move(running);
      co_await proxy.finish();
    }
  });
}

// Pages of the same server are still forwarded, by connections of their own.
TEST_F(WebSocketRouteTest, PagesAreForwardedAsBefore) {
  run_test([]() -> Coro<void> {
    ScriptedServer proxy([](const std::string& request) {
      return request.starts_with("CONNECT ") ? Reply("HTTP/1.1 403 No tunnels\r\nContent-Length: 0\r\n\r\n")
                                             : Reply(ok("page"));
    });
    co_await proxy.start();
    SessionOptions options;
    options.proxy = http::Url::parse(proxy.url());
    Session session(options);
    for (int i = 0; i < 2; ++i) {
      const auto page = co_await fetch(session, "http://nowhere.test/");
      EXPECT_EQ(page, "page");
      auto connecting = session.ws_connect("ws://nowhere.test/");
      const auto error = co_await error_of<http::ClientHttpProxyError>(std::move(connecting));
      EXPECT_NE(error.find("opens no tunnel to nowhere.test:80: 403 No tunnels"), std::string::npos) << error;
    }
    EXPECT_EQ(proxy.requests().size(), 4U);
    EXPECT_TRUE(proxy.requests().at(2).starts_with("GET http://nowhere.test/ HTTP/1.1\r\n"));
    EXPECT_EQ(proxy.connections(), 3);
    EXPECT_EQ(session.connections_idle(), 1U);
  });
}

}  // namespace
}  // namespace corolla::test
