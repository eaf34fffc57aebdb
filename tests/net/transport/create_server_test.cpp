// SPDX-License-Identifier: Apache-2.0
// Servers of protocols, and what servers of both kinds can do.
#include "tests/net/transport/transport_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <netinet/in.h>
#include <sys/stat.h>

namespace corolla_tests {
namespace {

class CreateServerTest : public NetTest {};

std::shared_ptr<Recorder> recorder() { return std::make_shared<Recorder>(); }

/// A socket that is bound and does not listen.
int bound_socket(const SocketAddress& address) {
  const int family = address.family() == SocketAddress::Family::kUnix ? AF_UNIX : AF_INET;
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::bind(descriptor, static_cast<const sockaddr*>(address.data()), static_cast<socklen_t>(address.size())),
            0);
  return descriptor;
}

TEST_F(CreateServerTest, EachConnectionHasAProtocolOfItsOwn) {
  run([]() -> Coro<void> {
    std::vector<std::shared_ptr<Recorder>> served;
    const auto factory = [&served] {
      served.push_back(std::make_shared<Recorder>());
      served.back()->on_data = [&r = *served.back()](std::string_view data) { r.transport.write(data); };
      return served.back();
    };
    auto server = co_await create_server(factory, "127.0.0.1", 0);
    for (int i = 0; i < 3; ++i) {
      ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
      co_await client.send_all("x" + std::to_string(i));
      const auto received = co_await client.receive();
      EXPECT_EQ(received, "x" + std::to_string(i));
      EXPECT_EQ(server.connections(), 1U);
      EXPECT_EQ(served.back()->transport.peername(), client.sockname());
      client.close();
      const auto gone = [&] { return server.connections() == 0; };
      auto waiting = eventually(gone);
      const bool waiting_held = co_await std::move(waiting);
      EXPECT_TRUE(waiting_held);
      EXPECT_EQ(served.back()->events, (Events{"made", "data x" + std::to_string(i), "eof", "lost"}));
    }
    EXPECT_EQ(served.size(), 3U);
  }());
}

TEST_F(CreateServerTest, AFactoryThatThrowsIsReportedAndTheServerGoesOn) {
  run([]() -> Coro<void> {
    int called = 0;
    const auto factory = [&called]() -> std::shared_ptr<Protocol> {
      if (++called == 1) throw ValueError("of the factory");
      return std::make_shared<EchoProtocol>();
    };
    HandlerLog handler;
    auto server = co_await create_server(factory, "127.0.0.1", 0);
    ByteStream first = co_await connect_tcp("127.0.0.1", server.port());
    const auto ended = co_await first.receive();
    EXPECT_EQ(ended, "");
    EXPECT_EQ(handler.told.size(), 1U);
    EXPECT_NE(handler.told.front().find("of the factory"), std::string::npos);
    ByteStream second = co_await connect_tcp("127.0.0.1", server.port());
    co_await second.send_all("x");
    const auto received = co_await second.receive();
    EXPECT_EQ(received, "x");
    EXPECT_EQ(server.connections(), 1U);
  }());
}

TEST_F(CreateServerTest, WaitClosedWaitsForTheLastConnectionLost) {
  run([]() -> Coro<void> {
    auto protocol = recorder();
    const auto factory = [protocol] { return protocol; };
    auto server = co_await create_server(factory, "127.0.0.1", 0);
    ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
    const auto made = [&] { return !protocol->events.empty(); };
    auto connected = eventually(made);
    const bool connected_held = co_await std::move(connected);
    EXPECT_TRUE(connected_held);
    auto waiting = create_task(server.wait_closed());
    server.close();
    co_await sleep(5ms);
    EXPECT_FALSE(waiting.done());
    protocol->on_lost = [&] { EXPECT_FALSE(waiting.done()); };
    client.close();
    co_await waiting;
    EXPECT_EQ(protocol->events.back(), "lost");
  }());
}

TEST_F(CreateServerTest, CloseClientsLetsThemFinishAndAbortClientsDoesNot) {
  run([]() -> Coro<void> {
    for (const bool abort : {false, true}) {
      auto protocol = recorder();
      const auto factory = [protocol] { return protocol; };
      auto server = co_await create_server(factory, "127.0.0.1", 0);
      ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
      const auto made = [&] { return !protocol->events.empty(); };
      auto connected = eventually(made);
      const bool connected_held = co_await std::move(connected);
      EXPECT_TRUE(connected_held);
      const std::string bytes = pattern(8'000'000);
      protocol->transport.write(bytes);
      EXPECT_GT(protocol->transport.get_write_buffer_size(), 0U);
      server.close();
      if (abort) server.abort_clients();
      else server.close_clients();
      std::string got;
      std::exception_ptr reset;
      try {
        for (;;) {
          const auto received = co_await client.receive();
          if (received.empty()) break;
          got += received;
          client.consume(received.size());
        }
      } catch (const OSError&) {
        reset = std::current_exception();
      }
      co_await server.wait_closed();
      EXPECT_EQ(got == bytes, !abort);
      EXPECT_LE(got.size(), bytes.size());
      EXPECT_EQ(protocol->events.back(), "lost");
    }
  }());
}

TEST_F(CreateServerTest, CloseClientsEndsTheReadsOfStreamHandlers) {
  run([]() -> Coro<void> {
    std::string seen = "nothing";
    auto server = co_await start_server(
        [&seen](StreamReader reader, StreamWriter writer) -> Coro<void> {
          co_await writer.write("hello");
          seen = co_await reader.read();
        },
        "127.0.0.1", 0);
    ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
    const auto greeting = co_await client.receive();
    EXPECT_EQ(greeting, "hello");
    server.close_clients();
    EXPECT_TRUE(server.is_serving());
    const auto end = co_await client.receive();
    EXPECT_EQ(end, "");
    server.close();
    co_await server.wait_closed();
    EXPECT_EQ(seen, "");
  }());
}

TEST_F(CreateServerTest, StartsServingWhenItIsTold) {
  run([]() -> Coro<void> {
    ServerOptions options;
    options.start_serving = false;
    auto server = co_await create_server(recorder, "127.0.0.1", 0, options);
    EXPECT_FALSE(server.is_serving());
    const std::uint16_t port = server.port();
    EXPECT_NE(port, 0);
    auto early = connect_tcp("127.0.0.1", port);
    const auto refused = co_await outcome(std::move(early));
    EXPECT_EQ(os_error_of(refused.error()), std::errc::connection_refused);
    for (int i = 0; i < 2; ++i) {
      auto starting = server.start_serving();
      co_await std::move(starting);
      EXPECT_TRUE(server.is_serving());
    }
    ByteStream client = co_await connect_tcp("127.0.0.1", port);
    client.close();
    server.close();
    EXPECT_FALSE(server.is_serving());
    co_await server.wait_closed();
    auto again = server.start_serving();
    const auto closed = co_await outcome(std::move(again));
    EXPECT_TRUE(failed_with<RuntimeError>(closed));
  }());
}

TEST_F(CreateServerTest, ServeForeverStartsIsNotAwaitedTwiceAndEndsWithTheServer) {
  run([]() -> Coro<void> {
    ServerOptions options;
    options.start_serving = false;
    auto server = co_await create_server(recorder, "127.0.0.1", 0, options);
    auto serving = create_task(server.serve_forever());
    co_await sleep(0s);
    EXPECT_TRUE(server.is_serving());
    auto again = server.serve_forever();
    const auto twice = co_await outcome(std::move(again));
    EXPECT_TRUE(failed_with<RuntimeError>(twice));
    EXPECT_TRUE(server.is_serving());
    server.close();
    const auto ended = co_await outcome(serving);
    EXPECT_TRUE(ended.cancelled());
    auto late = server.serve_forever();
    const auto closed = co_await outcome(std::move(late));
    EXPECT_TRUE(failed_with<RuntimeError>(closed));
  }());
}

TEST_F(CreateServerTest, OnASocketOfOnesOwn) {
  run([]() -> Coro<void> {
    const int descriptor = bound_socket(SocketAddress::ip("127.0.0.1", 0));
    auto server = co_await create_server([] { return std::make_shared<EchoProtocol>(); }, descriptor);
    ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
    co_await client.send_all("x");
    const auto received = co_await client.receive();
    EXPECT_EQ(received, "x");
    EXPECT_THROW(static_cast<void>(create_server(recorder, ::socket(AF_INET, SOCK_DGRAM, 0))), ValueError);
    EXPECT_THROW(static_cast<void>(create_server(recorder, -1)), OSError);
  }());
}

TEST_F(CreateServerTest, KeepAliveIsInherited) {
  run([]() -> Coro<void> {
    for (const bool wanted : {false, true}) {
      ServerOptions options;
      options.keep_alive = wanted;
      auto protocol = recorder();
      const auto factory = [protocol] { return protocol; };
      auto server = co_await create_server(factory, "127.0.0.1", 0, options);
      ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
      const auto made = [&] { return !protocol->events.empty(); };
      auto connected = eventually(made);
      const bool connected_held = co_await std::move(connected);
      EXPECT_TRUE(connected_held);
      int value = -1;
      socklen_t size = sizeof value;
      EXPECT_EQ(::getsockopt(protocol->transport.descriptor(), SOL_SOCKET, SO_KEEPALIVE, &value, &size), 0);
      EXPECT_EQ(value != 0, wanted);
    }
  }());
}

TEST_F(CreateServerTest, WithoutReuseAddressAPortIsNotTakenFromConnectionsThatEnd) {
  run([]() -> Coro<void> {
    std::uint16_t port = 0;
    {
      auto server = co_await create_server(recorder, "127.0.0.1", 0);
      port = server.port();
      auto [transport, protocol] = co_await create_connection(recorder, "127.0.0.1", port);
      // The server's end closes first, and so is the one that the kernel remembers.
      server.close_clients();
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
      server.close();
      co_await server.wait_closed();
    }
    ServerOptions options;
    options.reuse_address = false;
    auto starting = create_server(recorder, "127.0.0.1", port, options);
    const auto refused = co_await outcome(std::move(starting));
    EXPECT_EQ(os_error_of(refused.error()), std::errc::address_in_use);
    auto server = co_await create_server(recorder, "127.0.0.1", port);
    EXPECT_EQ(server.port(), port);
  }());
}

TEST_F(CreateServerTest, AUnixSocketsFileIsRemovedIfItIsTheServersAndItMay) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    const auto exists = [&path] {
      struct stat status{};
      return ::stat(path.c_str(), &status) == 0;
    };
    auto on_path = co_await create_unix_server(recorder, path);
    EXPECT_TRUE(exists());
    on_path.close();
    EXPECT_FALSE(exists());
    auto on_socket = co_await create_server(recorder, bound_socket(SocketAddress::unix_path(path)));
    EXPECT_TRUE(exists());
    on_socket.close();
    EXPECT_FALSE(exists());
    auto gone = co_await create_unix_server(recorder, path);
    ::unlink(path.c_str());
    gone.close();
    auto replaced = co_await create_unix_server(recorder, path);
    auto replacing = co_await create_unix_server(recorder, path);
    replaced.close();
    EXPECT_TRUE(exists());
    replacing.close();
    ServerOptions options;
    options.cleanup_socket = false;
    auto kept = co_await create_unix_server(recorder, path, options);
    kept.close();
    EXPECT_TRUE(exists());
  }(directory / "socket"));
}

}  // namespace
}  // namespace corolla_tests
