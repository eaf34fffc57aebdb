// SPDX-License-Identifier: Apache-2.0
//
// How handshakes and connections fail: silence, other protocols, peers that go away, changed bytes.
#include "tests/net/tls/tls_test.hpp"

#include <algorithm>
#include <cstdint>

namespace corolla_tests {
namespace {

class TlsFailureTest : public NetTest {};

TEST_F(TlsFailureTest, APeerThatSaysNothingRunsIntoTheTimeout) {
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

TEST_F(TlsFailureTest, BytesThatAreNotTls) {
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

TEST_F(TlsFailureTest, APeerThatGoesAwayAtEachByte) {
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

TEST_F(TlsFailureTest, ATcpResetInTheHandshake) {
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
TEST_F(TlsFailureTest, AChangedRecordIsAnErrorForBothSides) {
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
TEST_F(TlsFailureTest, AServerOutlivesClientsThatSpeakSomethingElse) {
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

}  // namespace
}  // namespace corolla_tests
