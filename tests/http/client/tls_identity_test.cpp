// SPDX-License-Identifier: Apache-2.0
// Who both sides of https prove to be: certificates of clients, and servers that are asked for by another name than the URL's.
#include "tests/http/client/https_test.hpp"
#include "tests/http/client/tunnel_proxy.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/alt_svc.hpp>
#include <corolla/http/cache.hpp>
#include <corolla/http/hsts.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/net/tls_connection.hpp>

#include <memory>

namespace corolla::test {
namespace {

using corolla_tests::CertificateRequest;
using corolla_tests::host_request;

class TlsIdentityTest : public SessionTest {};

// localhost, and first.test for those who ask for it.
TlsContext of_two_names() {
  static const Certificate first(host_request("DNS:first.test"), &authorities().root);
  TlsContext both = serving();
  both.add_server_name("first.test", serving(first));
  return both;
}

// "path, the name asked for, the client's subject, version"
Coro<http::ServerResponse> tell_identities(http::ServerRequest& request) {
  if (request.tls() == nullptr) co_return http::ServerResponse(200, "no TLS");
  if (request.headers().contains("Upgrade")) {
    auto accepting = http::accept_websocket(request);
    http::WebSocket ws = co_await std::move(accepting);
    co_await ws.send_text(request.tls()->server_name());
    co_await ws.close();
    co_return request.respond();
  }
  const auto client = request.tls()->peer_certificate();
  std::string text(request.path());
  text.append(" ").append(request.tls()->server_name());
  text.append(" ").append(client ? client->subject : "nobody");
  text.append(" ").append(http::to_string(request.version()));
  http::ServerResponse response(200, text);
  if (request.path() == "/away") {
    response = http::ServerResponse(302);
    response.headers().set("Location", request.query("to").value_or("/there"));
  }
  for (const char* field : {"Strict-Transport-Security", "Cache-Control"})
    response.headers().set(field, "max-age=3600");
  response.headers().set("Alt-Svc", "h2=\"elsewhere.test:1\"");
  co_return response;
}

Coro<http::WebServer> start(TlsContext context) {
  http::WebServerOptions options;
  options.ssl = std::move(context);
  auto starting = http::serve(tell_identities, "127.0.0.1", 0, options);
  co_return co_await std::move(starting);
}

Coro<void> stop(http::WebServer& server) {
  auto stopping = server.shutdown();
  co_await std::move(stopping);
}

Coro<std::string> fetch_as(Session& session, std::string url, std::string name) {
  auto response = co_await session.get(url).server_hostname(name);
  co_return co_await response.text();
}

TEST_F(TlsIdentityTest, ClientsShowACertificateToThoseWhoAsk) {
  run_test([]() -> Coro<void> {
    const Certificate customer(CertificateRequest("customer"), &authorities().root);
    for (const http::Http2Use http2 : {http::Http2Use::kNegotiate, http::Http2Use::kOff}) {
      const std::string version = http2 == http::Http2Use::kOff ? "HTTP/1.1" : "HTTP/2";
      TlsContext demanding = serving();
      demanding.load_verify_locations("", "", authorities().root.pem());
      demanding.set_verify_mode(TlsVerifyMode::kRequired);
      auto starting = start(demanding);
      auto server = co_await std::move(starting);
      TlsContext context = trusting();
      context.use_cert_chain(customer.pem(), customer.key_pem());
      SessionOptions options = with(context);
      options.http2 = http2;
      {
        Session session(options);
        for (const char* path : {"a", "b"}) {
          const auto page = co_await fetch(session, server.url() + path);
          EXPECT_EQ(page, "/" + std::string(path) + "  CN=customer " + version) << "an address is no name to ask for";
        }
        EXPECT_EQ(server.connections(), 1U);
        SessionOptions bare_options = with(trusting());
        bare_options.http2 = http2;
        Session bare(bare_options);
        const auto refused = co_await outcome(bare.get(server.url()).send());
        EXPECT_NE(refused.error_message().find("the peer refuses: certificate required"), std::string::npos)
            << refused.error_message();
      }
      co_await stop(server);
    }
    auto plain = http::serve(tell_identities, "127.0.0.1", 0);
    auto server = co_await std::move(plain);
    Session session;
    const auto page = co_await fetch(session, server.url());
    EXPECT_EQ(page, "no TLS");
    co_await stop(server);
  });
}

TEST_F(TlsIdentityTest, AServerMayBeAskedForByAnotherName) {
  run_test([]() -> Coro<void> {
    auto starting = start(of_two_names());
    auto server = co_await std::move(starting);
    {
      SessionOptions options = with(trusting());
      options.hsts = std::make_shared<http::HstsStore>();
      options.alt_svc = std::make_shared<http::AltSvcStore>();
      options.cache = std::make_shared<http::HttpCache>();
      Session session(options);
      const std::string url = "https://localhost:" + std::to_string(server.port()) + "/";
      const auto named = co_await fetch_as(session, url + "a", "first.test");
      EXPECT_EQ(named, "/a first.test nobody HTTP/2");
      EXPECT_FALSE(options.hsts->covers("localhost")) << "first.test cannot speak for localhost";
      EXPECT_EQ(options.alt_svc->size(), 0U);
      EXPECT_EQ(server.connections(), 1U);
      const auto again = co_await fetch_as(session, url + "b", "first.test");
      EXPECT_EQ(again, "/b first.test nobody HTTP/2");
      EXPECT_EQ(server.connections(), 1U) << "kept under its name";
      const auto own = co_await fetch(session, url + "a");
      EXPECT_EQ(own, "/a localhost nobody HTTP/2") << "nobody else's connection, nor answer";
      const auto still = co_await fetch_as(session, url + "a", "first.test");
      EXPECT_EQ(still, "/a first.test nobody HTTP/2");
      EXPECT_EQ(server.connections(), 2U);
      EXPECT_TRUE(options.hsts->covers("localhost"));
      const auto wrong = co_await error_of<http::ClientConnectorCertificateError>(
          session.get(url).server_hostname("second.test").send());
      EXPECT_NE(wrong.find("'second.test' does not match 'localhost'"), std::string::npos) << wrong;
      EXPECT_THROW(static_cast<void>(session.get(url).server_hostname("")), ValueError);
      EXPECT_EQ(session.connections_in_use(), 0U);
    }
    co_await stop(server);
  });
}

// Within the origin the name holds; another origin proves its own.
TEST_F(TlsIdentityTest, RedirectsElsewhereAreAskedForByTheirOwnNames) {
  run_test([]() -> Coro<void> {
    auto starting = start(of_two_names());
    auto server = co_await std::move(starting);
    {
      Session session(with(trusting()));
      const std::string port = ":" + std::to_string(server.port()) + "/";
      const auto within = co_await fetch_as(session, "https://127.0.0.1" + port + "away", "first.test");
      EXPECT_EQ(within, "/there first.test nobody HTTP/2");
      const auto beyond = co_await fetch_as(
          session, "https://127.0.0.1" + port + "away?to=https://localhost" + port + "b", "first.test");
      EXPECT_EQ(beyond, "/b localhost nobody HTTP/2");
    }
    co_await stop(server);
  });
}

TEST_F(TlsIdentityTest, WebSocketsAndTunnelsToo) {
  run_test([]() -> Coro<void> {
    auto starting = start(of_two_names());
    auto server = co_await std::move(starting);
    TunnelProxy proxy;
    co_await proxy.start();
    for (const bool tunnelled : {false, true}) {
      SessionOptions options = with(trusting());
      if (tunnelled) options.proxy = http::Url::parse(proxy.url());
      Session session(options);
      const auto page = co_await fetch_as(session, server.url(), "first.test");
      EXPECT_EQ(page, "/ first.test nobody HTTP/2");
      http::ClientWebSocketOptions named;
      named.server_hostname = "first.test";
      auto connecting = session.ws_connect("wss" + server.url().substr(5), named);
      http::WebSocket ws = co_await std::move(connecting);
      const http::WsMessage message = co_await ws.receive();
      EXPECT_EQ(message.data, "first.test");
      co_await ws.close();
    }
    EXPECT_EQ(proxy.requests().size(), 2U);
    co_await proxy.finish();
    co_await stop(server);
  });
}

}  // namespace
}  // namespace corolla::test
