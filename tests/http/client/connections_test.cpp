// SPDX-License-Identifier: Apache-2.0
// Where connections lead, whom they are believed, and how long their parts may take.
#include "tests/http/client/https_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/web_server.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/runtime/async_generator.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <algorithm>
#include <memory>

namespace corolla::test {
namespace {

using http::Fingerprint;

class ConnectionsTest : public SessionTest {};

Coro<http::ServerResponse> name_host(http::ServerRequest& request) {
  co_return http::ServerResponse(200, std::string(request.headers().get("Host", "")) + std::string(request.path()));
}

Coro<http::WebServer> serve_on(SocketAddress address, TlsContext context = TlsContext()) {
  http::WebServerOptions options;
  options.ssl = std::move(context);
  const std::vector<SocketAddress> addresses{std::move(address)};
  auto starting = http::start_web_server(name_host, addresses, options);
  co_return co_await std::move(starting);
}

TEST_F(ConnectionsTest, UnixSocketsServeAnyHost) {
  const corolla_tests::TemporaryDirectory directory;
  const std::string path = directory / "socket";
  run_test([&]() -> Coro<void> {
    auto starting = serve_on(SocketAddress::unix_path(path));
    auto server = co_await std::move(starting);
    SessionOptions options;
    options.unix_socket = path;
    options.proxy = http::Url::parse("http://127.0.0.1:9/");
    {
      Session session(options);
      for (const char* host : {"docker", "docker", "[::1]:8080"}) {
        const auto text = co_await fetch(session, std::string("http://") + host + "/version");
        EXPECT_EQ(text, std::string(host) + "/version");
      }
      EXPECT_EQ(session.connections_idle(), 2U) << "one for each host of the URLs";
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
    Session session(options);
    const auto error = co_await error_of<http::ClientConnectorError>(session.get("http://docker/").send());
    EXPECT_NE(error.find("docker"), std::string::npos) << error;
  });
}

TEST_F(ConnectionsTest, UnixSocketsWithTlsCheckTheUrlsName) {
  const corolla_tests::TemporaryDirectory directory;
  const std::string path = directory / "socket";
  run_test([&]() -> Coro<void> {
    auto starting = serve_on(SocketAddress::unix_path(path), serving());
    auto server = co_await std::move(starting);
    {
      SessionOptions options = with(trusting());
      options.unix_socket = path;
      Session session(options);
      const auto text = co_await fetch(session, "https://localhost/a");
      EXPECT_EQ(text, "localhost/a");
      const auto error =
          co_await error_of<http::ClientConnectorCertificateError>(session.get("https://other.example/").send());
      EXPECT_NE(error.find("other.example"), std::string::npos) << error;
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

// Both digests of the certificate that the server shows, as the mismatch tells them: "certificate" and "key".
std::pair<std::string, std::string> digests_in(const std::string& message) {
  std::pair<std::string, std::string> found;
  const std::size_t first = message.find("sha256//");
  const std::size_t second = message.find("sha256//", first + 1);
  if (second == std::string::npos) return found;
  return {message.substr(first, 52), message.substr(second, 52)};
}

TEST_F(ConnectionsTest, FingerprintsOfCertificatesAndKeys) {
  run_test([]() -> Coro<void> {
    auto starting = serve_on(SocketAddress::ip("127.0.0.1", 0), serving());
    auto server = co_await std::move(starting);
    std::string of_certificate;
    {
      SessionOptions options = with(trusting());
      options.fingerprints = {Fingerprint::of_certificate(std::string(64, '0'))};
      Session session(options);
      const auto error = co_await error_of<http::ServerFingerprintMismatch>(session.get(server.url()).send());
      EXPECT_EQ(session.connections_idle(), 0U) << "nothing is kept, nothing was sent";
      const auto [certificate, key] = digests_in(error);
      EXPECT_NE(certificate, key) << error;
      of_certificate = certificate;
      const std::vector<Fingerprint> right{Fingerprint::of_certificate(certificate), Fingerprint::of_public_key(key)};
      for (const Fingerprint& each : right) {
        for (int i = 0; i < 2; ++i) {  // the kept connection is looked at, too
          auto response = co_await session.get(server.url()).fingerprint(each);
          EXPECT_EQ(response.status(), 200);
          const auto text = co_await response.text();
          EXPECT_TRUE(text.ends_with("/"));
        }
      }
      EXPECT_EQ(session.connections_idle(), 1U);
      const std::vector<Fingerprint> swapped{Fingerprint::of_certificate(key), Fingerprint::of_public_key(certificate)};
      for (const Fingerprint& each : swapped) {
        const auto mixed =
            co_await error_of<http::ServerFingerprintMismatch>(session.get(server.url()).fingerprint(each).send());
        EXPECT_EQ(mixed, error);
      }
      options.fingerprints = {Fingerprint::of_certificate(std::string(64, '0')), right[1]};
      Session either(options);
      const auto text = co_await fetch(either, server.url());
      EXPECT_TRUE(text.ends_with("/")) << "one of several will do";
    }
    {
      // It is no substitute for verification, unless the session does without.
      SessionOptions options;
      options.fingerprints = {Fingerprint::of_certificate(of_certificate)};
      Session careful(options);
      const auto error = co_await error_of<http::ClientConnectorCertificateError>(careful.get(server.url()).send());
      EXPECT_NE(error.find("refused"), std::string::npos) << error;
      options.ssl = TlsContext::client();
      options.ssl.set_check_hostname(false);
      options.ssl.set_verify_mode(TlsVerifyMode::kNone);
      Session pinned(options);
      const auto text = co_await fetch(pinned, server.url());
      EXPECT_TRUE(text.ends_with("/"));
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(ConnectionsTest, FingerprintsAreWrittenInTwoWays) {
  const std::string hex = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";  // of no bytes
  std::string colons;
  for (std::size_t i = 0; i < hex.size(); i += 2) colons += (i ? ":" : "") + hex.substr(i, 2);
  const std::string base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  for (const std::string& text : {hex, colons, base64, "sha256//" + base64})
    EXPECT_EQ(Fingerprint::of_certificate(text).digest(), base64) << text;
  EXPECT_FALSE(Fingerprint::of_certificate(hex) == Fingerprint::of_public_key(hex));
  for (const std::string& bad : {std::string(), hex.substr(2), hex + "00", hex.substr(1) + "g",
                                 std::string(43, '!') + "=", std::string("sha256//"), base64.substr(1)})
    EXPECT_THROW(static_cast<void>(Fingerprint::of_certificate(bad)), ValueError) << bad;
}

TEST_F(ConnectionsTest, ThePoolsTimeIsForWaitingAlone) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    SessionOptions options;
    options.limit = 1;
    options.timeout.pool = 5ms;
    Session session(options);
    auto holder = co_await session.get(server.url("/held"));
    const auto error = co_await error_of<http::ConnectionTimeoutError>(session.get(server.url()).send());
    EXPECT_EQ(error, "no connection to 127.0.0.1:" + std::to_string(server.port()) + " in time");
    const auto text = co_await holder.text();
    EXPECT_EQ(text, "x");
    const auto after = co_await fetch(session, server.url());
    EXPECT_EQ(after, "x");
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

TEST_F(ConnectionsTest, SendingHasATimeOfItsOwn) {
  run_test([]() -> Coro<void> {
    // Nobody reads there.
    auto server = co_await start_server([](ByteStream) -> Coro<void> { co_await sleep(1h); }, "127.0.0.1", 0);
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
    ClientTimeout limits;
    limits.sock_read = 1h;
    limits.sock_write = 20ms;
    {
      Session session;
      auto sending = session.put(url).timeout(limits).body(std::string(std::size_t{32} << 20U, 'x')).send();
      const auto error = co_await error_of<http::SocketTimeoutError>(std::move(sending));
      EXPECT_EQ(error, "nothing could be sent for 0.02 s");
    }
    server.close();
    server.abort_clients();
    co_await server.wait_closed();
  });
}

// What waits for the answer has the time for reading, however short the one for writing is.
// The clock moves when the body is sent, and by hand.
TEST_F(ConnectionsTest, AShortTimeToSendDoesNotEndReading) {
  const auto clock = std::make_shared<testkit::VirtualClock>();
  EventLoopOptions in_virtual_time;
  in_virtual_time.clock = clock;
  const auto body = [](testkit::VirtualClock* time) -> Coro<void> {
    Future<void> sent = get_running_loop().create_future<void>();
    Future<void> go = get_running_loop().create_future<void>();
    auto handler = [go](ByteStream stream) -> Coro<void> {
      while (!stream.buffered().ends_with("0\r\n\r\n")) {
        const std::string_view bytes = co_await stream.receive();
        if (bytes.empty()) co_return;
        stream.consume(stream.buffered().size() - std::min<std::size_t>(stream.buffered().size(), 5));
      }
      co_await go;
      co_await stream.send_all("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    };
    auto server = co_await start_server(handler, "127.0.0.1", 0);
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
    // It ends once the piece has left, and with it the sending.
    const auto pieces = [](Future<void> over) -> AsyncGenerator<std::string> {
      co_yield std::string(100'000, 'x');
      over.set_result();
    };
    const auto pass_time = [](Future<void> over, Future<void> then, testkit::VirtualClock* moved) -> Coro<void> {
      co_await over;
      moved->advance(10s);
      for (int i = 0; i < 10; ++i) co_await sleep(0s);
      then.set_result();
    };
    auto passing = create_task(pass_time, sent, go, time);
    ClientTimeout limits;
    limits.sock_write = 250ms;
    {
      Session session;
      auto sending = session.put(url).timeout(limits).body(pieces(sent)).send();
      auto response = co_await std::move(sending);
      const auto text = co_await response.text();
      EXPECT_EQ(text, "ok");
    }
    co_await std::move(passing);
    server.close();
    server.abort_clients();
    co_await server.wait_closed();
  };
  run(body(clock.get()), in_virtual_time);
}

}  // namespace
}  // namespace corolla::test
