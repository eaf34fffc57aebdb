// SPDX-License-Identifier: Apache-2.0
//
// Handshakes: what is agreed on; cancelled and destroyed at each step.
#include "tests/net/tls/tls_test.hpp"

namespace corolla_tests {
namespace {

class TlsHandshakeTest : public NetTest {};

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

TEST_F(TlsHandshakeTest, DefaultProtocolsAreForContextsThatHaveNone) {
  run([]() -> Coro<void> {
    TlsContext client = client_context();
    TlsContext server = server_context();
    const TlsContext offering = client.with_default_alpn({"h2", "http/1.1"});
    const TlsContext choosing = server.with_default_alpn({"h2"});
    EXPECT_TRUE(choosing.is_server());
    EXPECT_EQ(offering.check_hostname(), client.check_hostname());
    auto agreed = shake_hands(offering, choosing);
    const TlsPair both = co_await std::move(agreed);
    EXPECT_EQ(both.client->tls()->alpn_protocol(), "h2");
    auto silent = shake_hands(client, server);
    const TlsPair neither = co_await std::move(silent);
    EXPECT_EQ(neither.client->tls()->alpn_protocol(), "") << "the contexts themselves are what they were";
    client.set_alpn_protocols({"http/1.1"});
    server.set_alpn_protocols({"http/1.1"});
    auto told = shake_hands(offering, choosing);
    const TlsPair as_told = co_await std::move(told);
    EXPECT_EQ(as_told.client->tls()->alpn_protocol(), "http/1.1");
    TlsContext derived = offering;
    EXPECT_THROW(derived.set_alpn_protocols({"h2"}), RuntimeError);
    EXPECT_THROW(static_cast<void>(TlsContext().with_default_alpn({"h2"})), ValueError);
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
