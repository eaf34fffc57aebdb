// SPDX-License-Identifier: Apache-2.0
//
// TCP resets after each byte of a handshake and of a line, as a client and as a server.
#include "tests/net/tls/tls_test.hpp"

#include <corolla/sync/event.hpp>

#include <algorithm>
#include <cstdint>

namespace corolla_tests {
namespace {

class FaultResetTest : public NetTest {};

#ifdef COROLLA_SANITIZE
constexpr std::size_t kStep = 11;  // a sanitized handshake takes its time
#else
constexpr std::size_t kStep = 1;
#endif

// Passes on so many bytes of the far end, then resets the connection.
Coro<void> pass_on_and_reset(ByteStream& far, Peer& peer, std::size_t limit) {
  for (std::size_t passed = 0; passed < limit;) {
    const std::string_view bytes = co_await far.receive();
    if (bytes.empty()) break;
    const std::size_t size = std::min(bytes.size(), limit - passed);
    peer.send(bytes.substr(0, size));
    passed += size;
    far.consume(bytes.size());
  }
  peer.reset();
}

// True when the handshake of the end under test succeeded before its peer, which sends `limit` bytes, reset the
// connection.
Coro<bool> handshake_reset_after(std::size_t limit, TlsContext near_rules, TlsContext far_rules) {
  auto pair = co_await tcp_pair();
  auto ends = testkit::memory_stream_pair();
  auto starting = start_tls(std::move(pair.stream), std::move(near_rules), to_host("localhost"));
  auto near = create_task(std::move(starting));
  auto answering = start_tls(std::move(ends.first), std::move(far_rules), to_host("localhost"));
  auto far = create_task(std::move(answering));
  auto relay = create_task(pass_on_and_reset, std::ref(ends.second), std::ref(pair.peer), limit);
  while (!near.done()) {
    const std::string bytes = pair.peer.take();
    if (!bytes.empty()) ends.second.send_nowait(bytes);
    co_await sleep(0s);
  }
  const auto result = co_await outcome(std::move(near));
  if (!result) {
    EXPECT_EQ(os_error_of(result.error()), std::errc::connection_reset) << limit << ": " << result.error_message();
  }
  relay.cancel();
  far.cancel();
  static_cast<void>(co_await outcome(relay));
  static_cast<void>(co_await outcome(std::move(far)));
  co_return static_cast<bool>(result);
}

TEST_F(FaultResetTest, AtEachByteOfAHandshake) {
  run([]() -> Coro<void> {
    TlsContext client = client_context();
    client.set_session_resumption(false);  // each handshake is as long as the others
    const TlsContext server = server_context();
    for (const bool serving : {false, true}) {
      std::size_t bytes = 0;
      for (bool whole = false; !whole && bytes < 10'000; bytes += kStep) {
        auto trying = handshake_reset_after(bytes, serving ? server : client, serving ? client : server);
        whole = co_await std::move(trying);
      }
      EXPECT_GT(bytes, 250U);
      EXPECT_LT(bytes, 10'000U) << "no handshake at all";
    }
  }());
}

// A reader that waits for a line gets all of it or the error, never a part, and never the end.
TEST_F(FaultResetTest, AtEachByteOfALineThatIsRead) {
  run([]() -> Coro<void> {
    const std::string line = "a line of some length\n";
    for (std::size_t bytes = 0; bytes <= line.size(); ++bytes) {
      std::string got;
      std::exception_ptr error;
      Event over;
      auto server = co_await start_server(
          [&](StreamReader reader, StreamWriter) -> Coro<void> {
            for (;;) {
              auto reading = reader.readline();
              const auto result = co_await outcome(std::move(reading));
              if (!result) {
                error = result.error();
                break;
              }
              got += *result;
              if (result->empty()) break;
            }
            over.set();
          },
          "127.0.0.1", 0);
      auto connecting = connect_tcp("127.0.0.1", server.port());
      ByteStream client = co_await std::move(connecting);
      co_await client.send_all(std::string_view(line).substr(0, bytes));
      const linger now{1, 0};
      ::setsockopt(client.descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
      client.abort();
      co_await over.wait();
      EXPECT_EQ(got, bytes == line.size() ? line : "") << bytes;
      EXPECT_EQ(os_error_of(error), std::errc::connection_reset) << bytes;
      server.close();
      co_await server.wait_closed();
    }
  }());
}

// A writer whose peer has read so much: an error, for those who write and for those who read.
TEST_F(FaultResetTest, AtEachByteOfALineThatIsWritten) {
  run([]() -> Coro<void> {
    const std::string line = "a line of some length\n";
    for (std::size_t bytes = 0; bytes <= line.size(); ++bytes) {
      auto pair = co_await tcp_pair();
      StreamConnection connection(std::move(pair.stream), 1000);
      co_await connection.writer.stream().send_all(line);  // the kernel has it
      std::string got(bytes, '\0');
      const ssize_t count = bytes == 0 ? 0 : ::recv(pair.peer.descriptor(), got.data(), bytes, MSG_WAITALL);
      EXPECT_EQ(count, static_cast<ssize_t>(bytes));
      EXPECT_EQ(got, line.substr(0, bytes));
      pair.peer.reset();
      auto reading = connection.reader.readline();
      const auto read = co_await outcome(std::move(reading));
      EXPECT_EQ(os_error_of(read.error()), std::errc::connection_reset) << bytes;
      std::error_code failure;
      for (int i = 0; i < 3 && !failure; ++i) {
        const auto written = co_await outcome(connection.writer.stream().send_all(line));
        failure = os_error_of(written.error());
      }
      EXPECT_TRUE(failure == std::errc::connection_reset || failure == std::errc::broken_pipe) << failure.message();
    }
  }());
}

// The bytes of a record that is cut by a reset are not believed.
TEST_F(FaultResetTest, AtEachByteOfALineOverTls) {
  run([]() -> Coro<void> {
    for (std::size_t bytes = 0;; ++bytes) {
      auto pair = co_await tcp_pair();
      auto ends = testkit::memory_stream_pair();
      auto starting = start_tls(std::move(pair.stream), client_context(), to_host("localhost"));
      auto near = create_task(std::move(starting));
      TlsContext rules = server_context();
      rules.set_num_tickets(0);
      auto answering = start_tls(std::move(ends.first), rules);
      auto far = create_task(std::move(answering));
      auto relay = create_task(pass_on_and_reset, std::ref(ends.second), std::ref(pair.peer), SIZE_MAX);
      while (!near.done() || !far.done()) {
        const std::string up = pair.peer.take();
        if (!up.empty()) ends.second.send_nowait(up);
        co_await sleep(0s);
      }
      relay.cancel();
      static_cast<void>(co_await outcome(relay));
      ByteStream client = co_await std::move(near);
      ByteStream server = co_await std::move(far);
      co_await server.send_all("a line\n");
      const std::string record(co_await ends.second.receive());
      EXPECT_GT(record.size(), 20U);
      const std::size_t size = std::min(bytes, record.size());
      pair.peer.send(record.substr(0, size));
      pair.peer.reset();
      StreamConnection connection(std::move(client), 1000);
      auto reading = connection.reader.readline();
      const auto line = co_await outcome(std::move(reading));
      if (size == record.size()) {
        EXPECT_TRUE(line && *line == "a line\n") << line.error_message();
        break;
      }
      EXPECT_EQ(os_error_of(line.error()), std::errc::connection_reset) << line.error_message();
    }
  }());
}

}  // namespace
}  // namespace corolla_tests
