// SPDX-License-Identifier: Apache-2.0
//
// TLS, cancelled: a handshake closes its connection and the peer's ends too; receiving, sending and the end lose no byte.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/tls/tls_test.hpp"

namespace corolla_tests {
namespace {

class TlsCancelTest : public NetTest {};

/// Both ends of a socket pair as streams of the running loop.
std::pair<ByteStream, ByteStream> streams() {
  auto pair = stream_pair();
  EventLoop& loop = get_running_loop();
  const int other = ::fcntl(pair.peer.descriptor(), F_DUPFD_CLOEXEC, 0);
  loop.io().forget(other);
  if (loop.io().nonblocking_sockets()) ::fcntl(other, F_SETFL, O_NONBLOCK);
  return {std::move(pair.stream), stream_of_socket(loop, other, false)};
}

// The one whose turn it is gets cancelled; the other has a connection that ends, or an error, and never waits for ever.
Coro<void> cancel_handshakes(std::uint64_t seed, bool cancel_server) {
  const TlsContext client_rules = client_context();
  const TlsContext server_rules = server_context();
  int shaken = 0;
  auto round = [&](CancelRounds& rounds) -> Coro<void> {
    auto ends = streams();
    auto client = create_task(start_tls(std::move(ends.first), client_rules, to_host("localhost")));
    // The server's context is its own object; the handshake starts when the event happens, if the client is cancelled.
    std::optional<Task<ByteStream>> server;
    auto serve = [&] {
      if (!server) server.emplace(create_task(start_tls(std::move(ends.second), server_rules)));
    };
    if (cancel_server) {
      serve();
      auto nothing = [] {};
      co_await rounds.disturb(*server, nothing);
    } else {
      co_await rounds.disturb(client, serve);
    }
    auto served = co_await outcome(std::move(*server));
    auto connected = co_await outcome(std::move(client));
    const bool cancelled = cancel_server ? served.cancelled() : connected.cancelled();
    Outcome<ByteStream>& other = cancel_server ? connected : served;
    EXPECT_FALSE(other.cancelled());
    if (!cancelled) {
      EXPECT_TRUE(served) << served.error_message();
      EXPECT_TRUE(connected) << connected.error_message();
      ++shaken;
    } else if (other) {  // its handshake was over first: what it finds is the end, or a reset
      const auto end = co_await outcome(receive_all(*other));
      EXPECT_TRUE(!end || end->empty());
    } else {
      EXPECT_TRUE(failed_with<OSError>(other)) << other.error_message();
    }
  };
  co_await a_thousand_rounds(seed, round);
  EXPECT_LT(shaken, CancelRounds::kRounds / 2);
}

TEST_F(TlsCancelTest, AClientsHandshake) { run(cancel_handshakes(131, false)); }
TEST_F(TlsCancelTest, AServersHandshake) { run(cancel_handshakes(132, true)); }

Coro<TlsPair> shaken_pair() {
  auto ends = streams();
  auto shaking = shake_hands(std::move(ends.first), std::move(ends.second), client_context(), server_context());
  co_return co_await std::move(shaking);
}

TEST_F(TlsCancelTest, ReceivesLoseNoByte) {
  run([]() -> Coro<void> {
    TlsPair pair = co_await shaken_pair();
    auto send = [&](std::string_view bytes) { pair.server->send_nowait(bytes); };
    co_await receive_rounds(133, *pair.client, send);
  }());
}

TEST_F(TlsCancelTest, SendsLoseNoByte) {
  run([]() -> Coro<void> {
    TlsPair pair = co_await shaken_pair();
    ByteStream& stream = *pair.client;
    std::size_t sent = 0;
    std::size_t received = 0;
    auto take = [&]() -> Coro<void> {
      const std::string_view bytes = co_await pair.server->receive();
      EXPECT_TRUE(bytes == pattern(bytes.size(), received));
      received += bytes.size();
      pair.server->consume(bytes.size());
    };
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      const std::size_t filling = 400'000 > sent - received ? 400'000 - (sent - received) : 0;
      stream.send_nowait(pattern(filling, sent));
      sent += filling;
      const std::size_t size = 1 + rounds.random().below(3000);
      bool begun = false;
      auto task = create_task(
          [](ByteStream& s, std::string bytes, bool& started) -> Coro<void> {
            started = true;
            co_await s.send_all(bytes);
          },
          std::ref(stream), pattern(size, sent), std::ref(begun));
      std::optional<Task<void>> taking;
      auto make_room = [&] { taking.emplace(create_task(take())); };
      co_await rounds.disturb(task, make_room);
      if (begun) sent += size;
      static_cast<void>(co_await outcome(task));
      co_await *taking;
      EXPECT_LE(received, sent);
    };
    co_await a_thousand_rounds(134, round);
    while (received < sent && !testing::Test::HasFailure()) co_await take();
    EXPECT_EQ(received, sent);
  }());
}

// close() goes on without whoever waited for it: what was sent arrives, and the clean end behind it.
TEST_F(TlsCancelTest, TheEndComesWhoeverWaitsForIt) {
  run([]() -> Coro<void> {
    const TlsContext client_rules = client_context();
    const TlsContext server_rules = server_context();
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto ends = streams();
      auto shaking = shake_hands(std::move(ends.first), std::move(ends.second), client_rules, server_rules);
      TlsPair pair = co_await std::move(shaking);
      const std::string bytes = pattern(1 + rounds.random().below(300'000));
      pair.client->send_nowait(bytes);
      pair.client->close();
      auto task = create_task([](ByteStream& s) -> Coro<void> { co_await s.wait_closed(); }, std::ref(*pair.client));
      std::optional<Task<std::string>> taking;
      auto take = [&] { taking.emplace(create_task(receive_all(*pair.server))); };
      co_await rounds.disturb(task, take);
      static_cast<void>(co_await outcome(task));
      const std::string got = co_await std::move(*taking);
      EXPECT_TRUE(got == bytes);
      EXPECT_TRUE(pair.server->tls()->ended_cleanly());
      pair.server->close();
      co_await pair.server->wait_closed();
      co_await pair.client->wait_closed();
    };
    co_await a_thousand_rounds(135, round);
  }());
}

}  // namespace
}  // namespace corolla_tests
