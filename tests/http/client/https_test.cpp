// SPDX-License-Identifier: Apache-2.0
//
// https: the client and the server over TLS.
#include "tests/http/client/https_test.hpp"

#include <corolla/http/hsts.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/net/connect.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/sync/event.hpp>

#include <array>
#include <cstdio>
#include <vector>

namespace corolla::test {
namespace {

using corolla_tests::host_request;

Coro<http::ServerResponse> answer(http::ServerRequest& request) {
  const auto credentials = std::string(request.headers().get("Authorization", "none"));
  co_return http::ServerResponse(200, std::string(request.path()) + " " + credentials);
}

Coro<http::WebServer> secure_server(TlsContext context) {
  http::WebServerOptions options;
  options.ssl = std::move(context);
  auto starting = http::serve(answer, "127.0.0.1", 0, options);
  co_return co_await std::move(starting);
}

// A server that says nothing.
Coro<void> receive_nothing(ByteStream& stream) {
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    stream.consume(bytes.size());
  }
}

class HttpsTest : public SessionTest {};

TEST_F(HttpsTest, PagesComeOverOneConnection) {
  run_test([]() -> Coro<void> {
    auto starting = secure_server(serving());
    auto server = co_await std::move(starting);
    EXPECT_EQ(server.url().substr(0, 8), "https://");
    {
      Session session(with(trusting()));
      for (const char* path : {"a", "b", "c"}) {
        const auto page = co_await fetch(session, server.url() + path);
        EXPECT_EQ(page, std::string("/") + path + " none");
        EXPECT_EQ(session.connections_idle(), 1U);
        EXPECT_EQ(server.connections(), 1U) << "tickets that came in between do not spoil it";
      }
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(HttpsTest, NewConnectionsResumeTheSession) {
  run_test([]() -> Coro<void> {
    std::vector<bool> resumed;
    ServerOptions options;
    options.ssl = serving();
    auto server = co_await start_server(
        [&](ByteStream stream) -> Coro<void> {
          resumed.push_back(stream.tls()->resumed());
          while (stream.buffered().find("\r\n\r\n") == std::string_view::npos) co_await stream.receive();
          co_await stream.send_all("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
          stream.close();
          co_await stream.wait_closed();
        },
        "127.0.0.1", 0, options);
    Session session(with(trusting()));
    const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    for (int i = 0; i < 3; ++i) {
      const auto page = co_await fetch(session, url);
      EXPECT_EQ(page, "ok");
    }
    EXPECT_EQ(resumed, (std::vector<bool>{false, true, true}));
    server.close();
    co_await server.wait_closed();
  });
}

TEST_F(HttpsTest, CertificatesAreVerifiedUnlessToldOtherwise) {
  run_test([]() -> Coro<void> {
    auto starting = secure_server(serving());
    auto server = co_await std::move(starting);
    const std::string peer = server.url().substr(8, server.url().size() - 9);
    {
      Session careful;
      const std::string error =
          co_await error_of<http::ClientConnectorCertificateError>(careful.get(server.url()).send());
      EXPECT_EQ(error.find(peer + ": the certificate of 127.0.0.1:"), 0U) << error;
      EXPECT_NE(error.find(" is refused: "), std::string::npos) << error;
      EXPECT_EQ(careful.connections_in_use(), 0U);
      TlsContext careless = TlsContext::client();
      careless.set_check_hostname(false);
      careless.set_verify_mode(TlsVerifyMode::kNone);
      Session insecure(with(careless));
      const auto page = co_await fetch(insecure, server.url());
      EXPECT_EQ(page, "/ none");
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(HttpsTest, WhatIsWrongWithACertificateIsSaid) {
  run_test([]() -> Coro<void> {
    const Certificate expired(host_request("IP:127.0.0.1", -30, -2), &authorities().root);
    const Certificate elsewhere(host_request("DNS:elsewhere.example"), &authorities().root);
    const std::array<std::pair<const Certificate*, const char*>, 2> cases{
        {{&expired, "certificate has expired (not after 2"},
         {&elsewhere, "IP address '127.0.0.1' does not match 'elsewhere.example'"}}};
    for (const auto& [certificate, words] : cases) {
      auto starting = secure_server(serving(*certificate));
      auto server = co_await std::move(starting);
      Session session(with(trusting()));
      const std::string error =
          co_await error_of<http::ClientConnectorCertificateError>(session.get(server.url()).send());
      EXPECT_NE(error.find(words), std::string::npos) << error;
      auto stopping = server.shutdown();
      co_await std::move(stopping);
    }
  });
}

TEST_F(HttpsTest, HttpAndHttpsOnTheWrongPort) {
  run_test([]() -> Coro<void> {
    auto plain = http::serve(answer, "127.0.0.1", 0);
    auto http_server = co_await std::move(plain);
    auto secure = secure_server(serving());
    auto https_server = co_await std::move(secure);
    Session session(with(trusting()));
    const std::string to_plain = "https" + http_server.url().substr(4);
    const std::string error = co_await error_of<http::ClientSSLError>(session.get(to_plain).send());
    EXPECT_NE(error.find("the peer answers in plain HTTP, not TLS"), std::string::npos) << error;
    const std::string to_secure = "http" + https_server.url().substr(5);
    const auto refused = co_await outcome(session.get(to_secure).send());
    EXPECT_FALSE(refused);
    auto first = http_server.shutdown();
    co_await std::move(first);
    auto second = https_server.shutdown();
    co_await std::move(second);
  });
}

// http and https on one port number are two hosts of the pool, and two origins: credentials stay behind.
TEST_F(HttpsTest, RedirectsBothWaysLoseCredentials) {
  run_test([]() -> Coro<void> {
    auto starting = secure_server(serving());
    auto secure = co_await std::move(starting);
    ScriptedServer plain([&](const std::string& request) -> Reply {
      if (request.starts_with("GET /away")) {
        return Reply("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + secure.url() + "there\r\n\r\n");
      }
      return ok(request.find("Authorization") == std::string::npos ? "plain none" : "plain with credentials");
    });
    co_await plain.start();
    Session session(with(trusting()));
    auto asking = session.get(plain.url("/away")).header("Authorization", "Basic eDp5").send();
    auto response = co_await std::move(asking);
    const auto body = co_await response.text();
    EXPECT_EQ(body, "/there none");
    EXPECT_EQ(response.url().scheme(), "https");
    EXPECT_EQ(response.history().size(), 1U);

    http::WebServerOptions options;
    options.ssl = serving();
    auto redirecting = http::serve(
        [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
          http::ServerResponse found(302);
          found.headers().set("Location", request.headers().get("X-To", ""));
          co_return found;
        },
        "127.0.0.1", 0, options);
    auto redirector = co_await std::move(redirecting);
    auto returning =
        session.get(redirector.url()).header("X-To", plain.url("/back")).header("Authorization", "Basic eDp5").send();
    auto last = co_await std::move(returning);
    const auto last_body = co_await last.text();
    EXPECT_EQ(last_body, "plain none");
    for (http::WebServer* server : {&secure, &redirector}) {
      auto stopping = server->shutdown();
      co_await std::move(stopping);
    }
  });
}

// A body without a length ends with the connection: only close_notify says that it is whole.
TEST_F(HttpsTest, ABodyDelimitedByTheEndNeedsACleanOne) {
  run_test([]() -> Coro<void> {
    for (const bool clean : {true, false}) {
      const TlsContext context = serving();
      auto server = co_await start_server(
          [&](ByteStream raw) -> Coro<void> {
            const FutureRef<StreamState> below = raw.state();
            auto securing = start_tls(std::move(raw), context);
            ByteStream stream = co_await std::move(securing);
            while (stream.buffered().find("\r\n\r\n") == std::string_view::npos) co_await stream.receive();
            co_await stream.send_all("HTTP/1.1 200 OK\r\n\r\nhalf of the words");
            if (!clean) {
              below->close();
              co_return;
            }
            stream.close();
            co_await stream.wait_closed();
          },
          "127.0.0.1", 0);
      Session session(with(trusting()));
      const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
      if (clean) {
        const auto page = co_await fetch(session, url);
        EXPECT_EQ(page, "half of the words");
      } else {
        const auto message = co_await error_of<http::ClientPayloadError>(fetch(session, url));
        EXPECT_EQ(message, "the TLS connection ended without close_notify: the body may be cut short");
      }
      server.close();
      co_await server.wait_closed();
    }
  });
}

TEST_F(HttpsTest, CancelledInTheHandshake) {
  run_test([]() -> Coro<void> {
    auto server = co_await start_server([](ByteStream stream) -> Coro<void> { co_await receive_nothing(stream); },
                                        "127.0.0.1", 0);
    Session session(with(trusting()));
    const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    for (int steps = 0; steps < 10; ++steps) {
      auto task = create_task(fetch(session, url));
      for (int i = 0; i < steps; ++i) co_await sleep(0ms);
      if (steps > 7) co_await sleep(2ms);
      task.cancel();
      const auto ended = co_await outcome(task);
      EXPECT_TRUE(ended.cancelled()) << ended.error_message();
      EXPECT_EQ(session.connections_in_use(), 0U);
    }
    server.close();
    co_await server.wait_closed();
  });
}

TEST_F(HttpsTest, AServersContextIsNoClients) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    Session session(with(serving()));
    const auto error =
        co_await error_of<ValueError>(session.get("https://127.0.0.1:" + std::to_string(server.port()) + "/").send());
    EXPECT_EQ(error, "a client's TlsContext is needed for https");
    EXPECT_EQ(server.connections(), 0);
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

// handler_cancellation, with or without a goodbye of the client's TLS.
TEST_F(HttpsTest, AHandlerEndsWithItsClient) {
  run_test([]() -> Coro<void> {
    for (const bool abruptly : {false, true}) {
      Event begun;
      Event cancelled;
      const auto handler = [&](http::ServerRequest&) -> Coro<http::ServerResponse> {
        begun.set();
        try {
          Event never;
          co_await never.wait();
        } catch (const CancelledError&) {
          cancelled.set();
          throw;
        }
        co_return http::ServerResponse(200);
      };
      http::WebServerOptions server_options;
      server_options.ssl = serving();
      server_options.handler_cancellation = true;
      auto starting = http::serve(handler, "127.0.0.1", 0, server_options);
      auto server = co_await std::move(starting);
      ConnectOptions options;
      options.ssl = trusting();
      options.server_hostname = "localhost";
      auto connecting = connect_tcp("127.0.0.1", server.port(), options);
      ByteStream client = co_await std::move(connecting);
      co_await client.send_all("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      co_await begun.wait();
      if (abruptly) client.abort();
      else client.close();
      co_await cancelled.wait();
      auto stopping = server.shutdown();
      co_await std::move(stopping);
    }
  });
}

// What the first answer over TLS says holds for the next URL that begins with http.
TEST_F(HttpsTest, StrictTransportSecurityIsLearnedAndObeyed) {
  run_test([]() -> Coro<void> {
    const auto strict = [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
      http::ServerResponse response(200, std::string(request.scheme()));
      response.headers().set("Strict-Transport-Security", "max-age=3600");
      co_return response;
    };
    http::WebServerOptions server_options;
    server_options.ssl = serving();
    auto starting = http::serve(strict, "127.0.0.1", 0, server_options);
    auto server = co_await std::move(starting);
    const std::string at = "localhost:" + std::to_string(server.port()) + "/";
    {
      SessionOptions options = with(trusting());
      options.hsts = std::make_shared<http::HstsStore>();
      Session session(options);
      const auto unknown = co_await outcome(session.get("http://" + at).send());
      EXPECT_FALSE(unknown) << "no TLS, no answer";
      const auto learned = co_await fetch(session, "https://" + at);
      EXPECT_EQ(learned, "https");
      EXPECT_TRUE(options.hsts->covers("localhost"));
      auto asking = session.get("http://" + at).send();
      auto response = co_await std::move(asking);
      EXPECT_EQ(response.url().href(), "https://" + at);
      const auto text = co_await response.text();
      EXPECT_EQ(text, "https");
      Session forgetful(with(trusting()));
      co_await fetch(forgetful, "https://" + at);
      const auto plain = co_await outcome(forgetful.get("http://" + at).send());
      EXPECT_FALSE(plain);
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

}  // namespace
}  // namespace corolla::test
