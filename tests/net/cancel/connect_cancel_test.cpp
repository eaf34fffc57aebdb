// SPDX-License-Identifier: Apache-2.0
//
// Connecting, cancelled: there is a connection or there is none, and what nobody got is closed at both ends.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/transport/transport_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class ConnectCancelTest : public NetTest {};

// `connect` makes a Coro of a connection, which `use` sends four bytes on and gets back. Nothing stays with the server.
template <class Connect, class Use>
Coro<void> connect_rounds(std::uint64_t seed, Server& server, Connect& connect, Use& use) {
  auto nothing = [] {};
  auto round = [&](CancelRounds& rounds) -> Coro<void> {
    const std::size_t before = open_descriptors();
    {
      auto task = create_task(connect());
      co_await rounds.disturb(task, nothing);
      auto result = co_await outcome(std::move(task));
      if (result) {
        co_await use(*result);
      } else {
        EXPECT_TRUE(result.cancelled()) << result.error_message();
      }
    }
    auto gone = [&] { return server.connections() == 0 && open_descriptors() <= before; };
    const bool all_gone = co_await eventually(gone);
    EXPECT_TRUE(all_gone) << server.connections() << " connections";
  };
  co_await a_thousand_rounds(seed, round);
  server.close();
  co_await server.wait_closed();
}

Coro<void> ping(ByteStream& stream) {
  co_await stream.send_all("ping");
  while (stream.buffered().size() < 4) {
    const std::string_view more = co_await stream.receive();
    if (more.empty()) break;
  }
  EXPECT_EQ(stream.buffered(), "ping");
}

TEST_F(ConnectCancelTest, UnixSockets) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    auto server = co_await start_stream_server(echo, std::vector<SocketAddress>(1, SocketAddress::unix_path(path)),
                                               ServerOptions());
    auto connect = [&] { return connect_to(SocketAddress::unix_path(path)); };
    co_await connect_rounds(121, server, connect, ping);
  }(directory / "socket"));
}

// The first refuses, and the second gets no head start behind the third.
TEST_F(ConnectCancelTest, SeveralAddresses) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    std::vector<SocketAddress> addresses;
    addresses.push_back(SocketAddress::ip("127.0.0.2", server.port()));
    addresses.push_back(SocketAddress::ip("127.0.0.1", server.port()));
    addresses.push_back(SocketAddress::ip("127.0.0.1", server.port()));
    ConnectOptions options;
    options.happy_eyeballs_delay = 1ns;
    auto connect = [&] { return connect_to(addresses, options); };
    co_await connect_rounds(122, server, connect, ping);
  }());
}

TEST_F(ConnectCancelTest, ReadersAndWriters) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    auto connect = [&] { return open_connection("127.0.0.1", server.port()); };
    auto use = [](StreamConnection& connection) -> Coro<void> { co_await ping(connection.writer.stream()); };
    co_await connect_rounds(123, server, connect, use);
  }());
}

TEST_F(ConnectCancelTest, Transports) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    auto connect = [&] {
      return create_connection([] { return std::make_shared<Recorder>(); }, "127.0.0.1", server.port());
    };
    auto use = [](ProtocolConnection<Recorder>& made) -> Coro<void> {
      Recorder& recorder = *made.protocol;
      made.transport.write("ping");
      auto came = [&] { return recorder.received == 4; };
      const bool back = co_await eventually(came);
      EXPECT_TRUE(back);
      made.transport.close();
      co_await made.transport.wait_closed();
    };
    co_await connect_rounds(124, server, connect, use);
  }());
}

// connection_made and connection_lost come in pairs, or not at all.
TEST_F(ConnectCancelTest, DatagramEndpoints) {
  class Counter : public DatagramProtocol {
   public:
    explicit Counter(int& open) noexcept : open_(open) {}
    void connection_made(DatagramTransport /*transport*/) override { ++open_; }
    void connection_lost(std::exception_ptr /*error*/) override { --open_; }

   private:
    int& open_;
  };
  run([]() -> Coro<void> {
    int open = 0;
    auto factory = [&open] { return std::make_shared<Counter>(open); };
    auto nothing = [] {};
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      const std::size_t before = open_descriptors();
      auto task = create_task(create_datagram_endpoint(factory, SocketAddress::ip("127.0.0.1", 0)));
      co_await rounds.disturb(task, nothing);
      auto result = co_await outcome(std::move(task));
      if (result) {
        EXPECT_EQ(open, 1);
        result->transport.close();
      }
      auto gone = [&] { return open == 0 && open_descriptors() == before; };
      const bool all_gone = co_await eventually(gone);
      EXPECT_TRUE(all_gone);
    };
    co_await a_thousand_rounds(125, round);
  }());
}

// The server ends while connections are on their way to it, and its own waits are cancelled.
TEST_F(ConnectCancelTest, ServersWaitForTheirConnections) {
  run([]() -> Coro<void> {
    int forever = 0;
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto server = co_await start_server(echo, "127.0.0.1", 0);
      ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
      co_await ping(client);
      const bool serve = rounds.random().below(2000) >= 1000;
      forever += serve ? 1 : 0;
      if (!serve) server.close();
      auto task = create_task(
          [](Server& s, bool endless) -> Coro<void> {
            if (endless) co_await s.serve_forever();
            else co_await s.wait_closed();
          },
          std::ref(server), serve);
      auto leave = [&] { client.abort(); };
      co_await rounds.disturb(task, leave);
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result || result.cancelled()) << result.error_message();
      server.close();
      co_await server.wait_closed();
      EXPECT_EQ(server.connections(), 0U);
      EXPECT_FALSE(server.is_serving());
    };
    co_await a_thousand_rounds(126, round);
    EXPECT_GT(forever, 300);
  }());
}

}  // namespace
}  // namespace corolla_tests
