// SPDX-License-Identifier: Apache-2.0
// Sessions that go where an origin is served, too.
#include "tests/http/client/https_test.hpp"

#include <corolla/http/alt_svc.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace corolla::test {
namespace {

class AltSvcTest : public SessionTest {};

// Of origin.test alone, whoever shows it.
const Certificate& origins_certificate() {
  static const Certificate certificate = [] {
    corolla_tests::CertificateRequest wanted("origin.test");
    wanted.names = "DNS:origin.test";
    return Certificate(wanted, &authorities().root);
  }();
  return certificate;
}

const Certificate& another_certificate() {
  static const Certificate certificate = [] {
    corolla_tests::CertificateRequest wanted("other.test");
    wanted.names = "DNS:other.test";
    return Certificate(wanted, &authorities().root);
  }();
  return certificate;
}

// A server and what its Alt-Svc field says; it answers "name Host Alt-Used version".
class Place {
 public:
  explicit Place(std::string name) : name_(std::move(name)) {}
  Coro<void> start(const Certificate& certificate, bool http2 = true) {
    http::WebServerOptions options;
    options.ssl = serving(certificate);
    options.http2 = http2;
    const auto handler = [this](http::ServerRequest& request) -> Coro<http::ServerResponse> {
      std::string text = name_ + " " + std::string(request.headers().get("Host", "-"));
      text.append(" ").append(request.headers().get("Alt-Used", "-"));
      text.append(" ").append(http::to_string(request.version()));
      http::ServerResponse response(status, text);
      if (!says.empty()) response.headers().set("Alt-Svc", says);
      ++requests;
      co_return response;
    };
    auto starting = http::serve(handler, "127.0.0.1", 0, options);
    http::WebServer server = co_await std::move(starting);
    server_.emplace(std::move(server));
  }
  Coro<void> stop() {
    auto stopping = server_->shutdown();
    co_await std::move(stopping);
  }
  [[nodiscard]] std::string port() const { return std::to_string(server_->port()); }
  [[nodiscard]] std::uint16_t number() const { return server_->port(); }

  std::string says;
  int status = 200;
  int requests = 0;

 private:
  std::string name_;
  std::optional<http::WebServer> server_;
};

// origin.test is there, alt.test at any port of this machine.
SessionOptions options_for(const Place& origin) {
  SessionOptions options = with(trusting());
  options.hosts["origin.test:443"].push_back(SocketAddress::ip("127.0.0.1", origin.number()));
  options.hosts["alt.test"].push_back(SocketAddress::ip("127.0.0.1", 0));
  options.alt_svc = std::make_shared<http::AltSvcStore>();
  return options;
}

constexpr const char* kUrl = "https://origin.test/";

Coro<std::string> post(Session& session) {
  auto sending = session.post(kUrl).body("x").send();
  auto response = co_await std::move(sending);
  co_return co_await response.text();
}

TEST_F(AltSvcTest, LearnedAndUsedUnderTheOriginsName) {
  run_test([]() -> Coro<void> {
    Place origin("origin");
    Place alternative("alternative");
    co_await origin.start(origins_certificate());
    co_await alternative.start(origins_certificate());
    const std::string there = "alt.test:" + alternative.port();
    {
      origin.says = "h3=\"alt.test:1\", h2=\"" + there + "\", http%2F1.1=\"" + there + "\"";
      const SessionOptions options = options_for(origin);
      Session session(options);
      const auto first = co_await fetch(session, kUrl);
      EXPECT_EQ(first, "origin origin.test - HTTP/2");
      for (int i = 0; i < 2; ++i) {
        auto response = co_await session.get(kUrl);
        EXPECT_EQ(response.url().href(), kUrl);
        const auto text = co_await response.text();
        EXPECT_EQ(text, "alternative origin.test " + there + " HTTP/2");
      }
      EXPECT_EQ(session.connections_idle(), 2U) << "one to each place";
      const auto own =
          co_await error_of<http::ClientConnectorCertificateError>(session.get("https://" + there + "/").send());
      EXPECT_NE(own.find("alt.test"), std::string::npos) << "nobody else's connection: " << own;
      // Another session knows the same, and speaks less.
      SessionOptions older = options_for(origin);
      older.alt_svc = options.alt_svc;
      older.http2 = http::Http2Use::kOff;
      Session plain(older);
      const auto text = co_await fetch(plain, kUrl);
      EXPECT_EQ(text, "alternative origin.test " + there + " HTTP/1.1");
      alternative.says = "clear";
      co_await fetch(session, kUrl);
      EXPECT_EQ(options.alt_svc->size(), 0U);
      const auto back = co_await fetch(session, kUrl);
      EXPECT_EQ(back, "origin origin.test - HTTP/2");
    }
    co_await origin.stop();
    co_await alternative.stop();
  });
}

// Whatever is wrong with it: the origin answers, and is asked at once the next time.
TEST_F(AltSvcTest, TheOriginAnswersWhereTheAlternativeDoesNot) {
  run_test([]() -> Coro<void> {
    Place origin("origin");
    Place believed("believed");
    Place stranger("stranger");
    Place old("old");
    co_await origin.start(origins_certificate());
    co_await believed.start(origins_certificate());
    co_await stranger.start(another_certificate());
    co_await old.start(origins_certificate(), false);
    believed.status = 421;
    Socket deaf = Socket::create(SocketAddress::Family::kIPv4);  // bound, but it does not listen
    deaf.bind(SocketAddress::ip("127.0.0.1", 0));
    const std::vector<std::string> cases = {"h2=\"alt.test:" + std::to_string(deaf.sockname().port()) + "\"",
                                            "h2=\"nowhere.invalid:1\"", "h2=\"alt.test:" + stranger.port() + "\"",
                                            "h2=\"alt.test:" + old.port() + "\"",
                                            "h2=\"alt.test:" + believed.port() + "\""};
    for (const std::string& says : cases) {
      SCOPED_TRACE(says);
      origin.says = says;
      SessionOptions options = options_for(origin);
      options.resolve_host = [](std::string host, std::uint16_t) -> Coro<std::vector<SocketAddress>> {
        throw OSError(EHOSTUNREACH, "no " + host);
        co_return std::vector<SocketAddress>();
      };
      Session session(options);
      const http::Url url = http::Url::parse(kUrl);
      co_await fetch(session, kUrl);
      EXPECT_EQ(options.alt_svc->find(url).size(), 1U);
      for (int i = 0; i < 2; ++i) {
        const auto text = co_await post(session);
        EXPECT_EQ(text, "origin origin.test - HTTP/2");
        EXPECT_EQ(options.alt_svc->find(url).size(), 0U);
      }
      EXPECT_EQ(session.connections_in_use(), 0U);
    }
    EXPECT_EQ(believed.requests, 1);
    EXPECT_EQ(stranger.requests + old.requests, 0);
    for (Place* place : {&origin, &believed, &stranger, &old}) co_await place->stop();
  });
}

TEST_F(AltSvcTest, ABrokenConnectionToItIsTheOriginsTurn) {
  run_test([]() -> Coro<void> {
    Place origin("origin");
    co_await origin.start(origins_certificate());
    const TlsContext context = serving(origins_certificate());
    auto breaking = co_await start_server(
        [&](ByteStream raw) -> Coro<void> {
          auto securing = start_tls(std::move(raw), context);
          ByteStream stream = co_await std::move(securing);
          const std::string_view bytes = co_await stream.receive();
          EXPECT_FALSE(bytes.empty());
          stream.abort();
        },
        "127.0.0.1", 0);
    {
      origin.says = "http%2F1.1=\"alt.test:" + std::to_string(breaking.port()) + "\"";
      const SessionOptions options = options_for(origin);
      Session session(options);
      co_await fetch(session, kUrl);
      const auto unsafe = co_await outcome(post(session));
      EXPECT_FALSE(unsafe) << "it may have counted";
      const auto text = co_await fetch(session, kUrl);
      EXPECT_EQ(text, "origin origin.test - HTTP/2");
      EXPECT_TRUE(options.alt_svc->find(http::Url::parse(kUrl)).empty());
    }
    breaking.close();
    co_await breaking.wait_closed();
    co_await origin.stop();
  });
}

TEST_F(AltSvcTest, NothingIsLearnedFromStrangers) {
  run_test([]() -> Coro<void> {
    Place origin("origin");
    co_await origin.start(another_certificate());
    {
      origin.says = "h2=\"alt.test:1\"";
      SessionOptions options = options_for(origin);
      options.ssl.set_check_hostname(false);
      Session nameless(options);
      co_await fetch(nameless, kUrl);
      EXPECT_EQ(options.alt_svc->size(), 0U);
      options.ssl.set_verify_mode(TlsVerifyMode::kNone);
      Session unverified(options);
      co_await fetch(unverified, kUrl);
      EXPECT_EQ(options.alt_svc->size(), 0U);
      ScriptedServer plain([](const std::string&) { return ok("plain", "Alt-Svc: h2=\":1\"\r\n"); });
      co_await plain.start();
      SessionOptions verified;
      verified.alt_svc = options.alt_svc;
      Session session(verified);
      co_await fetch(session, plain.url());
      EXPECT_EQ(options.alt_svc->size(), 0U);
    }
    co_await origin.stop();
  });
}

// It accepts, and says nothing: five seconds, on a clock that it moves itself.
TEST_F(AltSvcTest, ASilentOneHasFiveSeconds) {
  const auto clock = std::make_shared<testkit::VirtualClock>();
  EventLoopOptions in_virtual_time;
  in_virtual_time.clock = clock;
  const auto body = [](testkit::VirtualClock* time) -> Coro<void> {
    Place origin("origin");
    co_await origin.start(origins_certificate());
    const auto hole = [time](ByteStream stream) -> Coro<void> {
      const std::string_view hello = co_await stream.receive();
      stream.consume(hello.size());
      time->advance(5s);
      for (;;) {
        const std::string_view bytes = co_await stream.receive();
        if (bytes.empty()) co_return;
        stream.consume(bytes.size());
      }
    };
    auto silent = co_await start_server(hole, "127.0.0.1", 0);
    {
      origin.says = "h2=\"alt.test:" + std::to_string(silent.port()) + "\"";
      Session session(options_for(origin));
      co_await fetch(session, kUrl);
      const auto text = co_await fetch(session, kUrl);
      EXPECT_EQ(text, "origin origin.test - HTTP/2");
    }
    silent.close();
    co_await silent.wait_closed();
    co_await origin.stop();
  };
  run(body(clock.get()), in_virtual_time);
}

}  // namespace
}  // namespace corolla::test
