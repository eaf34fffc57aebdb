// SPDX-License-Identifier: Apache-2.0
//
// Handshakes: what is agreed on, and how they fail.
#include "tests/net/tls_test.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class TlsHandshakeTest : public NetTest {};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// -- what is agreed on ------------------------------------------------------------------------------------------------

TEST_F(TlsHandshakeTest, ProtocolsByAlpn) {
  run([]() -> Coro<void> {
    TlsContext client = client_context();
    client.set_alpn_protocols({"h2", "http/1.1"});
    TlsContext server = server_context();
    server.set_alpn_protocols({"http/1.1", "h2"});
    auto agreed = shake_hands(client, server);
    const TlsPair both = co_await std::move(agreed);
    EXPECT_EQ(both.client->tls()->alpn_protocol(), "http/1.1") << "the server's preference";
    EXPECT_EQ(both.server->tls()->alpn_protocol(), "http/1.1");
    server.set_alpn_protocols({"spdy/3"});
    auto none = shake_hands(client, server);
    const TlsPair nothing = co_await std::move(none);
    EXPECT_EQ(nothing.client->tls()->alpn_protocol(), "");
    server.set_alpn_protocols({});
    auto silent = shake_hands(client, server);
    const TlsPair unasked = co_await std::move(silent);
    EXPECT_EQ(unasked.server->tls()->alpn_protocol(), "");
    EXPECT_THROW(client.set_alpn_protocols({""}), ValueError);
    EXPECT_THROW(client.set_alpn_protocols({std::string(256, 'x')}), ValueError);
  }());
}

TEST_F(TlsHandshakeTest, ACertificateForEachServerName) {
  run([]() -> Coro<void> {
    const Certificate first(host_request("DNS:first.example"), &authorities().root);
    const Certificate second(host_request("DNS:*.second.example"), &authorities().root);
    TlsContext server = server_context();
    server.add_server_name("first.example", server_context(first));
    server.add_server_name("*.second.example", server_context(second));
    for (const char* name : {"first.example", "FIRST.example", "a.second.example", "localhost", "127.0.0.1"}) {
      auto shaking = shake_hands(client_context(), server, to_host(name));
      const TlsPair pair = co_await std::move(shaking);
      EXPECT_EQ(pair.client_error ? describe(pair.client_error) : "", "");
      EXPECT_EQ(pair.server->tls()->server_name(), std::string(name) == "127.0.0.1" ? "" : name);
    }
    auto deeper = shake_hands(client_context(), server, to_host("a.b.second.example"));
    const auto too_deep = co_await std::move(deeper);
    EXPECT_TRUE(contains(describe(too_deep.client_error), "does not match 'localhost'"));
    EXPECT_THROW(server.add_server_name("x", client_context()), ValueError);
  }());
}

// A second connection takes the session up again, unless the server has forgotten how.
TEST_F(TlsHandshakeTest, SessionsAreResumed) {
  run([]() -> Coro<void> {
    for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
      TlsContext client = client_context();
      client.set_maximum_version(version);
      TlsContext server = server_context();
      for (int connection = 0; connection < 4; ++connection) {
        auto shaking = shake_hands(client, server);
        TlsPair pair = co_await std::move(shaking);
        EXPECT_EQ(pair.client->tls()->resumed(), connection > 0);
        EXPECT_EQ(pair.server->tls()->resumed(), connection > 0);
        EXPECT_EQ(pair.client->tls()->version(), version == TlsVersion::kTls12 ? "TLSv1.2" : "TLSv1.3");
        EXPECT_TRUE(pair.client->tls()->peer_certificate()) << "as it was verified the first time";
        co_await pair.server->send_all("x");
        const auto received = co_await pair.client->receive();
        EXPECT_EQ(received, "x") << "tickets come before it";
      }
      auto elsewhere = shake_hands(client, server, to_host("127.0.0.1"));
      const auto elsewhere_pair = co_await std::move(elsewhere);
      EXPECT_FALSE(elsewhere_pair.client->tls()->resumed()) << "a session is one server's";
      auto forgotten = shake_hands(client, server_context());
      const auto forgotten_pair = co_await std::move(forgotten);
      EXPECT_FALSE(forgotten_pair.client->tls()->resumed()) << "another server cannot read the ticket";
    }
  }());
}

TEST_F(TlsHandshakeTest, SessionsAreNotResumedWhenOneSideDoesNotWantIt) {
  run([]() -> Coro<void> {
    for (const bool at_server : {false, true}) {
      for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
        TlsContext client = client_context();
        client.set_maximum_version(version);
        TlsContext server = server_context();
        if (at_server) server.set_num_tickets(0);
        else client.set_session_resumption(false);
        for (int connection = 0; connection < 2; ++connection) {
          auto shaking = shake_hands(client, server);
          TlsPair pair = co_await std::move(shaking);
          EXPECT_FALSE(pair.client->tls()->resumed());
          co_await pair.server->send_all("x");
          const auto received = co_await pair.client->receive();
          EXPECT_EQ(received, "x");
        }
      }
    }
  }());
}

TEST_F(TlsHandshakeTest, VersionsAndCiphersThatDoNotMeet) {
  run([]() -> Coro<void> {
    TlsContext client = client_context();
    client.set_minimum_version(TlsVersion::kTls13);
    TlsContext server = server_context();
    server.set_maximum_version(TlsVersion::kTls12);
    auto shaking = shake_hands(client, server);
    const TlsPair pair = co_await std::move(shaking);
    EXPECT_TRUE(contains(describe(pair.client_error), "the peer refuses: protocol version"))
        << describe(pair.client_error);
    EXPECT_TRUE(contains(describe(pair.server_error), "unsupported protocol")) << describe(pair.server_error);
    TlsContext one = client_context();
    one.set_maximum_version(TlsVersion::kTls12);
    one.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256");
    TlsContext other = server_context();
    other.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384");
    auto second = shake_hands(one, other);
    const TlsPair apart = co_await std::move(second);
    EXPECT_TRUE(contains(describe(apart.server_error), "no shared cipher")) << describe(apart.server_error);
    EXPECT_TRUE(contains(describe(apart.client_error), "handshake failure")) << describe(apart.client_error);
    EXPECT_THROW(one.set_ciphers("nonsense"), TlsError);
    EXPECT_THROW(one.set_ciphersuites("nonsense"), TlsError);
  }());
}

TEST_F(TlsHandshakeTest, ContextsAreForOneSide) {
  run([]() -> Coro<void> {
    EXPECT_THROW(TlsContext().set_ciphers("ALL"), ValueError);
    auto nameless = shake_hands(client_context(), server_context(), TlsOptions());
    const auto without_name = co_await std::move(nameless);
    EXPECT_EQ(describe(without_name.client_error), "a context that checks names needs a server_hostname");
    auto without = connect_tls("127.0.0.1", 1, TlsContext());
    const auto refused = co_await outcome(std::move(without));
    EXPECT_TRUE(failed_with<ValueError>(refused));
    ServerOptions options;
    options.ssl = client_context();
    auto starting = start_server([](ByteStream) -> Coro<void> { co_return; }, "127.0.0.1", 0, options);
    const auto started = co_await outcome(std::move(starting));
    EXPECT_TRUE(failed_with<ValueError>(started));
  }());
}

// -- how they fail ------------------------------------------------------------------------------------------------------

TEST_F(TlsHandshakeTest, APeerThatSaysNothingRunsIntoTheTimeout) {
  for (const bool serving : {false, true}) {
    VirtualLoop virtual_loop;
    virtual_loop.loop().run_until_complete([](testkit::VirtualClock& clock, bool server) -> Coro<void> {
      auto ends = testkit::memory_stream_pair();
      const auto before = clock.elapsed();
      auto starting =
          start_tls(std::move(ends.first), server ? server_context() : client_context(), to_host("localhost"));
      const auto result = co_await outcome(std::move(starting));
      EXPECT_EQ(clock.elapsed() - before, 60s);
      EXPECT_TRUE(failed_with<OSError>(result));
      EXPECT_TRUE(contains(result.error_message(), " took longer than 60 s")) << result.error_message();
      std::string said(co_await ends.second.receive());
      EXPECT_EQ(said.empty(), server);
      if (server) co_return;
      const auto received = co_await ends.second.receive();
      EXPECT_EQ(received, "") << "and the connection is closed";
    }(virtual_loop.clock(), serving));
  }
}

// The error of a handshake with a peer that sends these bytes and then closes.
Coro<std::string> error_from(std::string bytes, bool serving) {
  auto ends = testkit::memory_stream_pair();
  co_await ends.second.send_all(bytes);
  ends.second.close();
  auto starting = start_tls(std::move(ends.first), serving ? server_context() : client_context(), to_host("localhost"));
  const auto result = co_await outcome(std::move(starting));
  EXPECT_TRUE(failed_with<TlsError>(result) || failed_with<OSError>(result));
  co_return result.error_message();
}

TEST_F(TlsHandshakeTest, BytesThatAreNotTls) {
  run([]() -> Coro<void> {
    auto http = error_from("HTTP/1.1 400 Bad Request\r\n\r\nno TLS here, and some more", false);
    const auto http_error = co_await std::move(http);
    EXPECT_EQ(http_error,
              "TLS handshake with localhost failed: the peer answers in plain HTTP, not TLS (wrong version number)");
    auto request = error_from("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true);
    const auto request_error = co_await std::move(request);
    EXPECT_EQ(request_error, "TLS handshake with the peer failed: the peer speaks plain HTTP (http request)");
    auto ssh = error_from("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", false);
    const auto ssh_error = co_await std::move(ssh);
    EXPECT_TRUE(contains(ssh_error, "wrong version number"));
    auto nothing = error_from("", false);
    const auto end_error = co_await std::move(nothing);
    EXPECT_TRUE(contains(end_error, "the peer closed the connection"));
    Random random(7);
    for (int i = 0; i < 300; ++i) {
      std::string garbage(1 + random.below(400), '\0');
      for (char& c : garbage) c = static_cast<char>(random.next());
      if (i % 2 != 0)
        garbage.replace(0, std::min<std::size_t>(3, garbage.size()), "\x16\x03\x01",
                        std::min<std::size_t>(3, garbage.size()));
      auto trying = error_from(garbage, i % 4 < 2);
      const auto error = co_await std::move(trying);
      EXPECT_NE(error, "");
    }
  }());
}

// A relay that passes on only so many bytes of the server, then closes both ways.
Coro<void> pass_on(ByteStream& from, ByteStream& to, std::size_t& budget) {
  while (budget > 0) {
    const std::string_view bytes = co_await from.receive();
    if (bytes.empty()) break;
    const std::size_t size = std::min(bytes.size(), budget);
    budget -= size;
    co_await to.send_all(bytes.substr(0, size));
    from.consume(bytes.size());
  }
  from.close();
  to.close();
}

// Whether the handshake succeeded, with the first `limit` bytes of the side that is cut.
Coro<bool> handshake_cut_after(std::size_t limit, bool cut_server) {
  auto left = testkit::memory_stream_pair();
  auto right = testkit::memory_stream_pair();
  std::size_t from_client = cut_server ? SIZE_MAX : limit;
  std::size_t from_server = cut_server ? limit : SIZE_MAX;
  auto up = create_task(pass_on, std::ref(left.second), std::ref(right.second), std::ref(from_client));
  auto down = create_task(pass_on, std::ref(right.second), std::ref(left.second), std::ref(from_server));
  auto shaking = shake_hands(std::move(left.first), std::move(right.first), client_context(), server_context());
  bool whole = true;
  {
    const TlsPair pair = co_await std::move(shaking);
    for (const auto& error : {pair.client_error, pair.server_error}) {
      if (!error) continue;
      whole = false;
      const auto failure = Outcome<void>(error);
      EXPECT_TRUE(failed_with<OSError>(failure) || failed_with<TlsError>(failure)) << describe(error);
    }
  }
  up.cancel();
  down.cancel();
  static_cast<void>(co_await outcome(up));
  static_cast<void>(co_await outcome(down));
  co_return whole;
}

TEST_F(TlsHandshakeTest, APeerThatGoesAwayAtEachByte) {
  run([]() -> Coro<void> {
    for (const bool cut_server : {false, true}) {
      std::size_t bytes = 0;
      for (bool whole = false; !whole; bytes += bytes < 40 ? 1 : 13) {
        auto trying = handshake_cut_after(bytes, cut_server);
        whole = co_await std::move(trying);
        if (bytes > 20'000) break;
      }
      EXPECT_GT(bytes, 250U);
      EXPECT_LT(bytes, 20'000U) << "no handshake at all";
    }
  }());
}

TEST_F(TlsHandshakeTest, ATcpResetInTheHandshake) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    auto starting = start_tls(std::move(pair.stream), client_context(), to_host("localhost"));
    auto task = create_task(std::move(starting));
    while (pair.peer.take().empty()) co_await sleep(0s);
    pair.peer.send("\x16");
    pair.peer.reset();
    const auto result = co_await outcome(std::move(task));
    EXPECT_TRUE(failed_with<OSError>(result)) << result.error_message();
  }());
}

// A byte is changed on the way: the receiver says so, sends an alert, and both directions are dead.
TEST_F(TlsHandshakeTest, AChangedRecordIsAnErrorForBothSides) {
  run([]() -> Coro<void> {
    auto left = testkit::memory_stream_pair();
    auto right = testkit::memory_stream_pair();
    std::size_t unlimited = SIZE_MAX;
    std::size_t also = SIZE_MAX;
    auto up = create_task(pass_on, std::ref(left.second), std::ref(right.second), std::ref(unlimited));
    auto down = create_task(pass_on, std::ref(right.second), std::ref(left.second), std::ref(also));
    {
      auto shaking = shake_hands(std::move(left.first), std::move(right.first), client_context(), server_context());
      TlsPair pair = co_await std::move(shaking);
      co_await pair.server->send_all("good");
      const auto received = co_await pair.client->receive();
      EXPECT_EQ(received, "good");
      left.second.send_nowait(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
      const auto failed = co_await outcome(pair.client->receive());
      EXPECT_EQ(failed.error_message(), "TLS connection with localhost failed: decryption failed or bad record mac");
      const auto sending = co_await outcome(pair.client->send_all("x"));
      EXPECT_TRUE(failed_with<TlsError>(sending));
      const auto heard = co_await outcome(pair.server->receive());
      EXPECT_EQ(heard.error_message(), "TLS connection with the peer failed: the peer refuses: bad record mac");
    }
    up.cancel();
    down.cancel();
    static_cast<void>(co_await outcome(up));
    static_cast<void>(co_await outcome(down));
  }());
}

// What the server's task does when nobody can connect: nothing that anybody hears of.
TEST_F(TlsHandshakeTest, AServerOutlivesClientsThatSpeakSomethingElse) {
  run([]() -> Coro<void> {
    int reports = 0;
    get_running_loop().set_exception_handler([&](EventLoop&, const ErrorContext&) { ++reports; });
    ServerOptions options;
    options.ssl = server_context();
    auto server = co_await start_server([](ByteStream stream) -> Coro<void> { co_await stream.send_all("served"); },
                                        "127.0.0.1", 0, options);
    for (int i = 0; i < 3; ++i) {
      auto connecting = connect_tcp("127.0.0.1", server.port());
      ByteStream plain = co_await std::move(connecting);
      co_await plain.send_all("GET / HTTP/1.0\r\n\r\n");
      while (!(co_await plain.receive()).empty()) {
      }
    }
    auto connecting = connect_tls("127.0.0.1", server.port(), client_context());
    ByteStream stream = co_await std::move(connecting);
    const auto received = co_await stream.receive();
    EXPECT_EQ(received, "served");
    EXPECT_EQ(reports, 0);
    server.close();
    co_await server.wait_closed();
  }());
}

// -- cancelled and destroyed ---------------------------------------------------------------------------------------------

TEST_F(TlsHandshakeTest, CancelledAtEachStep) {
  run([]() -> Coro<void> {
    const TlsContext client = client_context();
    const TlsContext server = server_context();
    int cancelled = 0;
    for (int steps = 0; steps < 12; ++steps) {
      auto ends = testkit::memory_stream_pair();
      auto serving = start_tls(std::move(ends.second), server);
      auto served = create_task(std::move(serving));
      auto connecting = start_tls(std::move(ends.first), client, to_host("localhost"));
      auto connected = create_task(std::move(connecting));
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      connected.cancel();
      const auto result = co_await outcome(std::move(connected));
      cancelled += result.cancelled() ? 1 : 0;
      const auto other = co_await outcome(std::move(served));
      EXPECT_TRUE(other || failed_with<OSError>(other)) << other.error_message();
    }
    EXPECT_GE(cancelled, 3);
  }());
}

Coro<void> a_whole_connection() {
  auto shaking = shake_hands(client_context(), server_context());
  TlsPair pair = co_await std::move(shaking);
  if (!pair.client || !pair.server) co_return;
  const std::string bytes = pattern(200'000);
  auto sending = create_task([](ByteStream& s, std::string_view all) -> Coro<void> { co_await s.send_all(all); },
                             std::ref(*pair.client), std::string_view(bytes));
  std::size_t got = 0;
  while (got < bytes.size()) {
    const std::string_view some = co_await pair.server->receive();
    got += some.size();
    pair.server->consume(some.size());
  }
  co_await sending;
  pair.client->close();
  const auto received = co_await pair.server->receive();
  EXPECT_EQ(received, "");
  pair.server->close();
  co_await pair.server->wait_closed();
  co_await pair.client->wait_closed();
}

TEST_F(TlsHandshakeTest, DestroyedAtEachStep) { destroy_at_every_step(a_whole_connection); }

TEST_F(TlsHandshakeTest, StreamsThatOutliveTheirLoop) {
  TlsPair kept;
  {
    EventLoop loop;
    loop.run_until_complete([](TlsPair& out) -> Coro<void> {
      auto shaking = shake_hands(client_context(), server_context());
      out = co_await std::move(shaking);
      out.client->send_nowait(pattern(500'000));
      out.server->close();
    }(kept));
  }
  EXPECT_GT(kept.client->unsent(), 0U);
  EXPECT_EQ(kept.client->tls()->version(), "TLSv1.3");
  kept.client->close();
  kept.client->abort();
}

}  // namespace
}  // namespace corolla_tests
