// SPDX-License-Identifier: Apache-2.0
// Transports over TLS, and start_tls on a transport.
#include "tests/net/tls/tls_test.hpp"
#include "tests/net/transport/transport_test.hpp"

namespace corolla_tests {
namespace {

class TransportTlsTest : public NetTest {};

std::shared_ptr<Recorder> recorder() { return std::make_shared<Recorder>(); }

ServerOptions serving_tls() {
  ServerOptions options;
  options.ssl = server_context();
  return options;
}

ConnectOptions connecting_by_tls() {
  ConnectOptions options;
  options.ssl = client_context();
  return options;
}

/// Both ends of a connection in memory, open.
struct TransportPair {
  TransportPair() {}
  std::shared_ptr<Recorder> client = recorder();
  std::shared_ptr<Recorder> server = recorder();
  Transport near, far;
};

Coro<TransportPair> transports() {
  TransportPair pair;
  auto ends = testkit::memory_stream_pair();
  pair.near = make_transport(std::move(ends.first), pair.client);
  pair.far = make_transport(std::move(ends.second), pair.server);
  co_await sleep(0s);
  co_return pair;
}

TEST_F(TransportTlsTest, ConnectionMadeComesAfterTheHandshake) {
  run([]() -> Coro<void> {
    auto served = recorder();
    served->on_made = [&s = *served] { EXPECT_EQ(s.transport.tls()->version(), "TLSv1.3"); };
    served->on_data = [&s = *served](std::string_view data) { s.transport.write(data); };
    served->keep_open = true;
    const auto factory = [served] { return served; };
    auto server = co_await create_server(factory, "127.0.0.1", 0, serving_tls());
    LoggedLines logged;
    auto connecting = create_connection(recorder, "127.0.0.1", server.port(), connecting_by_tls());
    auto [transport, protocol] = co_await std::move(connecting);
    EXPECT_EQ(transport.tls()->version(), "TLSv1.3");
    EXPECT_FALSE(transport.can_write_eof());
    EXPECT_THROW(transport.write_eof(), RuntimeError);
    const std::string bytes = pattern(300'000);
    transport.write(bytes);
    const auto all = [&, &seen = *protocol] { return seen.received == bytes.size(); };
    auto echoing = eventually(all);
    const bool echoing_held = co_await std::move(echoing);
    EXPECT_TRUE(echoing_held);
    EXPECT_TRUE(protocol->events.back() == "data " + bytes);
    protocol->on_lost = [&, &seen = *protocol] { EXPECT_TRUE(seen.transport.tls()->ended_cleanly()); };
    transport.close();
    transport.write("dropped");
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events.back(), "lost");
    const auto gone = [&] { return server.connections() == 0; };
    auto leaving = eventually(gone);
    const bool leaving_held = co_await std::move(leaving);
    EXPECT_TRUE(leaving_held);
    EXPECT_TRUE(served->events.at(1) == "data " + bytes);
    EXPECT_EQ(count_of(served->events, "eof"), 1U);
    EXPECT_EQ(served->events.back(), "lost");
    EXPECT_EQ(count_of(logged.lines, "true from eof_received() has no effect over TLS"), 1U);
  }());
}

TEST_F(TransportTlsTest, AHandshakeThatFailsCallsNoFactory) {
  run([]() -> Coro<void> {
    int called = 0;
    const auto factory = [&called] {
      ++called;
      return std::make_shared<Recorder>();
    };
    auto server = co_await create_server(factory, "127.0.0.1", 0, serving_tls());
    ConnectOptions options;
    options.ssl = TlsContext::client();
    options.ssl.forget_verify_locations();
    auto connecting = create_connection(factory, "127.0.0.1", server.port(), options);
    const auto failed = co_await outcome(std::move(connecting));
    EXPECT_TRUE(failed_with<TlsCertificateError>(failed));
    const auto gone = [&] { return server.connections() == 0; };
    auto leaving = eventually(gone);
    const bool leaving_held = co_await std::move(leaving);
    EXPECT_TRUE(leaving_held);
    EXPECT_EQ(called, 0);
  }());
}

TEST_F(TransportTlsTest, OnSocketsOfOnesOwn) {
  run([]() -> Coro<void> {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    AcceptedOptions accepted;
    accepted.ssl = server_context();
    auto serving =
        create_task(connect_accepted_socket([] { return std::make_shared<EchoProtocol>(); }, ends[0], accepted));
    ConnectOptions options = connecting_by_tls();
    options.server_hostname = "localhost";
    auto connecting = create_connection(recorder, ends[1], options);
    auto [transport, protocol] = co_await std::move(connecting);
    auto [far, echoing] = co_await serving;
    EXPECT_EQ(far.tls()->server_name(), "localhost");
    transport.write("hello");
    const auto back = [&seen = *protocol] { return seen.events.back() == "data hello"; };
    auto waiting = eventually(back);
    const bool waiting_held = co_await std::move(waiting);
    EXPECT_TRUE(waiting_held);
    transport.close();
    auto closing = transport.wait_closed();
    co_await std::move(closing);
    auto leaving = far.wait_closed();
    co_await std::move(leaving);
  }());
}

TEST_F(TransportTlsTest, CloseClientsSaysGoodbye) {
  run([]() -> Coro<void> {
    auto served = recorder();
    const auto factory = [served] { return served; };
    auto server = co_await create_server(factory, "127.0.0.1", 0, serving_tls());
    auto connecting = connect_tls("127.0.0.1", server.port(), client_context());
    ByteStream client = co_await std::move(connecting);
    const auto made = [&] { return !served->events.empty(); };
    auto waiting = eventually(made);
    const bool waiting_held = co_await std::move(waiting);
    EXPECT_TRUE(waiting_held);
    const std::string bytes = pattern(2'000'000);
    served->transport.write(bytes);
    server.close();
    server.close_clients();
    client.set_receive_limit(bytes.size() * 2);
    auto receiving = receive_all(client);
    const std::string got = co_await std::move(receiving);
    EXPECT_TRUE(got == bytes);
    EXPECT_TRUE(client.tls()->ended_cleanly());
    client.close();
    co_await server.wait_closed();
    EXPECT_EQ(served->events.back(), "lost");
  }());
}

TEST_F(TransportTlsTest, StartTlsSecuresTheHandleThatIsThere) {
  auto body = []() -> Coro<void> {
    auto making = transports();
    TransportPair pair = co_await std::move(making);
    auto secure_server = recorder();
    auto secure_client = recorder();
    secure_server->on_data = [&](std::string_view data) { pair.far.write("secret " + std::string(data)); };
    std::optional<Task<Transport>> serving;
    pair.server->on_data = [&](std::string_view data) {
      EXPECT_EQ(data, "STARTTLS\n");
      pair.far.write("go\n");
      serving = create_task(start_tls(pair.far, secure_server, server_context()));
    };
    pair.near.write("STARTTLS\n");
    const auto answered = [&] { return pair.client->received == 3; };
    auto waiting = eventually(answered);
    co_await std::move(waiting);
    auto securing = start_tls(pair.near, secure_client, client_context(), to_host("localhost"));
    const Transport secured = co_await std::move(securing);
    EXPECT_EQ(secured, pair.near);
    EXPECT_EQ(secured.get_protocol(), secure_client);
    EXPECT_NE(pair.near.tls(), nullptr);
    const Transport served = co_await *serving;
    EXPECT_EQ(served, pair.far);
    EXPECT_TRUE(secured.is_reading());
    pair.near.write("hello");
    co_await sleep(1ms);
    EXPECT_EQ(secure_client->events, Events{"data secret hello"});  // no second connection_made
    EXPECT_EQ(secure_server->events, Events{"data hello"});
    pair.near.close();
    auto closing = secured.wait_closed();
    co_await std::move(closing);
    EXPECT_EQ(secure_client->events.back(), "lost");
    EXPECT_EQ(secure_server->events, (Events{"data hello", "eof", "lost"}));
    EXPECT_EQ(pair.client->events, (Events{"made", "data go\n"}));
    EXPECT_EQ(pair.server->events, (Events{"made", "data STARTTLS\n"}));
  };
  destroy_at_every_step(body);
}

TEST_F(TransportTlsTest, AHandshakeThatFailsLosesTheConnection) {
  run_virtual([]() -> Coro<void> {
    auto making = transports();
    TransportPair pair = co_await std::move(making);
    HandlerLog handler;
    auto serving = create_task(start_tls(pair.far, pair.server, server_context()));
    auto securing = start_tls(pair.near, pair.client, client_context(), to_host("another.example"));
    const auto failed = co_await outcome(std::move(securing));
    EXPECT_TRUE(failed_with<TlsCertificateError>(failed));
    const auto refused = co_await outcome(serving);
    EXPECT_TRUE(failed_with<TlsError>(refused));
    co_await sleep(1ms);
    EXPECT_EQ(pair.client->events.size(), 2U);
    EXPECT_TRUE(contains(pair.client->events.back(), "another.example"));
    EXPECT_EQ(pair.server->events.size(), 2U);
    EXPECT_TRUE(pair.server->events.back().starts_with("lost: "));
    EXPECT_TRUE(handler.told.empty());
    EXPECT_TRUE(pair.near.is_closing());
  }());
}

TEST_F(TransportTlsTest, DuringTheHandshakeNothingIsWrittenAndItCanBeClosed) {
  run_virtual([]() -> Coro<void> {
    for (const bool cancel : {false, true}) {
      auto making = transports();
      TransportPair pair = co_await std::move(making);
      auto securing = create_task(start_tls(pair.near, pair.client, client_context(), to_host("localhost")));
      co_await sleep(1ms);
      EXPECT_FALSE(securing.done());
      EXPECT_THROW(pair.near.write("in the clear"), RuntimeError);
      EXPECT_THROW(pair.near.write_eof(), RuntimeError);
      auto again = start_tls(pair.near, pair.client, client_context(), to_host("localhost"));
      const auto busy = co_await outcome(std::move(again));
      EXPECT_TRUE(failed_with<RuntimeError>(busy));
      EXPECT_FALSE(pair.near.is_closing());
      if (cancel) securing.cancel();
      else pair.near.close();
      const auto ended = co_await outcome(securing);
      EXPECT_EQ(ended.cancelled(), cancel);
      EXPECT_TRUE(cancel || failed_with<OSError>(ended));
      co_await sleep(1ms);
      EXPECT_EQ(pair.client->events, (Events{"made", "lost"}));
      EXPECT_EQ(pair.server->events.back(), "lost");
      EXPECT_FALSE(contains(pair.server->events.at(1), "in the clear"));
    }
  }());
}

TEST_F(TransportTlsTest, WhatCannotBeSecured) {
  run_virtual([]() -> Coro<void> {
    auto making = transports();
    TransportPair pair = co_await std::move(making);
    auto without = start_tls(pair.near, pair.client, TlsContext());
    const auto no_context = co_await outcome(std::move(without));
    EXPECT_TRUE(failed_with<ValueError>(no_context));
    EXPECT_FALSE(pair.near.is_closing());
    pair.far.close();
    auto closing = start_tls(pair.far, pair.server, server_context());
    const auto closed = co_await outcome(std::move(closing));
    EXPECT_TRUE(failed_with<RuntimeError>(closed));
    co_await sleep(1ms);
  }());
}

}  // namespace
}  // namespace corolla_tests
