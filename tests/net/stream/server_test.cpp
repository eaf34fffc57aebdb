// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <cstdio>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace corolla_tests {
namespace {

class ServerTest : public NetTest {};

Coro<void> echo_lines(StreamReader reader, StreamWriter writer) {
  for (;;) {
    const std::string line = co_await reader.readline();
    if (line.empty()) break;
    co_await writer.write(line);
  }
  writer.close();
  co_await writer.wait_closed();
}

TEST_F(ServerTest, ManyConnectionsAtOnce) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo_lines, "127.0.0.1", 0);
    EXPECT_TRUE(server.is_serving());
    co_await task_group([&](TaskGroup& group) -> Coro<void> {
      for (int i = 0; i < 100; ++i) {
        group.create_task([&server, i]() -> Coro<void> {
          auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
          for (int round = 0; round < 10; ++round) {
            const std::string line = std::to_string(i) + " " + std::to_string(round) + "\n";
            co_await writer.write(line);
            const auto line2 = co_await reader.readline();
            EXPECT_EQ(line2, line);
          }
        });
      }
      co_return;
    });
    server.close();
    EXPECT_FALSE(server.is_serving());
    co_await server.wait_closed();
    EXPECT_EQ(server.connections(), 0U);
  }());
}

TEST_F(ServerTest, WaitClosedNeedsBothCloseAndTheLastConnection) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo_lines, "127.0.0.1", 0);
    auto connection = co_await open_connection("127.0.0.1", server.port());
    co_await connection.writer.write("a\n");
    const auto line = co_await connection.reader.readline();
    EXPECT_EQ(line, "a\n");
    auto waiting = create_task(server.wait_closed());
    co_await sleep(0s);
    server.close();
    server.close();
    co_await sleep(1ms);
    EXPECT_FALSE(waiting.done());
    co_await connection.writer.write("still served\n");
    const auto line2 = co_await connection.reader.readline();
    EXPECT_EQ(line2, "still served\n");
    auto refused = open_connection("127.0.0.1", server.port());
    const auto refused_outcome = co_await outcome(std::move(refused));
    EXPECT_EQ(os_error_of(refused_outcome.error()), std::errc::connection_refused);
    connection.writer.close();
    co_await waiting;
  }());
}

TEST_F(ServerTest, AbortClientsAndDestruction) {
  run([]() -> Coro<void> {
    auto server = std::make_unique<Server>(co_await start_server(echo_lines, "127.0.0.1", 0));
    auto first = co_await open_connection("127.0.0.1", server->port());
    co_await first.writer.write("x\n");
    const auto line = co_await first.reader.readline();
    EXPECT_EQ(line, "x\n");
    server->abort_clients();
    const auto text = co_await first.reader.read();
    EXPECT_EQ(text, "");
    auto second = co_await open_connection("127.0.0.1", server->port());
    co_await second.writer.write("x\n");
    const auto line2 = co_await second.reader.readline();
    EXPECT_EQ(line2, "x\n");
    server.reset();
    const auto text2 = co_await second.reader.read();
    EXPECT_EQ(text2, "");
  }());
}

TEST_F(ServerTest, ServeForeverEndsByCancellationAndOnlyOnce) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo_lines, "127.0.0.1", 0);
    auto serving = create_task(server.serve_forever());
    co_await sleep(0s);
    auto again = server.serve_forever();
    const auto again_outcome = co_await outcome(std::move(again));
    EXPECT_TRUE(failed_with<RuntimeError>(again_outcome));
    serving.cancel();
    const auto serving_outcome = co_await outcome(serving);
    EXPECT_TRUE(serving_outcome.cancelled());
    EXPECT_FALSE(server.is_serving());
  }());
}

TEST_F(ServerTest, NoMoreConnectionsThanAllowed) {
  run([]() -> Coro<void> {
    ServerOptions options;
    options.max_connections = 2;
    const std::size_t most = 2;
    auto server = co_await start_server(
        [](ByteStream stream) -> Coro<void> {
          const std::string_view bytes = co_await stream.receive();
          co_await stream.send_all(bytes);
        },
        "127.0.0.1", 0, options);
    std::vector<ByteStream> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(co_await connect_tcp("127.0.0.1", server.port()));
    for (ByteStream& client : clients) {
      co_await sleep(1ms);
      EXPECT_LE(server.connections(), most);
      co_await client.send_all("x");
      const auto received = co_await client.receive();
      EXPECT_EQ(received, "x");
    }
    server.close();
    co_await server.wait_closed();
  }());
}

TEST_F(ServerTest, AllInterfacesShareOnePort) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo_lines, "", 0);
    EXPECT_EQ(server.addresses().front().host(), "0.0.0.0");
    for (const SocketAddress& address : server.addresses()) {
      EXPECT_EQ(address.port(), server.port());
      const std::string host = address.family() == SocketAddress::Family::kIPv6 ? "::1" : "127.0.0.1";
      auto connection = co_await open_connection(host, server.port());
      co_await connection.writer.write("x\n");
      const auto line = co_await connection.reader.readline();
      EXPECT_EQ(line, "x\n");
      EXPECT_EQ(connection.writer.peername(), SocketAddress::ip(host, server.port()));
      EXPECT_NE(connection.writer.sockname().port(), 0);
    }
  }());
}

Coro<void> tell_the_peers_address(ByteStream stream) { co_await stream.send_all(stream.peername().to_string()); }

TEST_F(ServerTest, SeveralAddressesEachOnce) {
  std::vector<std::vector<SocketAddress>> cases;
  cases.push_back({SocketAddress::ip("127.0.0.1", 0), SocketAddress::ip("127.0.0.2", 0)});
  if (has_ipv6()) cases.push_back({SocketAddress::ip("::1", 0), SocketAddress::ip("127.0.0.1", 0)});
  for (const auto& hosts : cases) {
    run([](std::vector<SocketAddress> addresses) -> Coro<void> {
      addresses.push_back(addresses.front());
      auto server = co_await start_stream_server(tell_the_peers_address, addresses, ServerOptions());
      const auto listening = server.addresses();
      EXPECT_EQ(listening.size(), 2U);
      for (std::size_t i = 0; i < listening.size(); ++i) {
        EXPECT_EQ(listening[i], addresses[i].with_port(server.port()));
        ByteStream client = co_await connect_to(listening[i]);
        const auto told = co_await client.receive();
        EXPECT_EQ(told, client.sockname().to_string());
      }
    }(hosts));
  }
}

TEST_F(ServerTest, ServesOneAfterTheOtherAndKnowsBothEnds) {
  run([]() -> Coro<void> {
    std::vector<SocketAddress> seen;
    auto server = co_await start_server(
        [&seen](StreamReader reader, StreamWriter writer) -> Coro<void> {
          const std::string bytes = co_await reader.readexactly(3);
          seen.push_back(writer.peername());
          EXPECT_EQ(writer.sockname().host(), "127.0.0.1");
          co_await writer.write(bytes + "!");
          writer.close();
        },
        "0.0.0.0", 0);
    EXPECT_EQ(server.addresses(), std::vector<SocketAddress>{SocketAddress::ip("0.0.0.0", server.port())});
    for (std::size_t i = 0; i < 3; ++i) {
      ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
      co_await client.send_all("xxx");
      for (;;) {
        const auto received = co_await client.receive();
        if (received.empty()) break;
      }
      EXPECT_EQ(client.buffered(), "xxx!");
      EXPECT_EQ(seen.at(i), client.sockname());
      while (server.connections() > 0) co_await sleep(0s);  // accepting has found nothing by now, and waits
    }
  }());
}

TEST_F(ServerTest, SocketsAreNotInheritedAndDoNotDelay) {
  run([]() -> Coro<void> {
    const auto check = [](const ByteStream& stream) {
      EXPECT_EQ(::fcntl(stream.descriptor(), F_GETFD), FD_CLOEXEC);
      int no_delay = 0;
      socklen_t size = sizeof no_delay;
      EXPECT_EQ(::getsockopt(stream.descriptor(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
      EXPECT_NE(no_delay, 0);
    };
    auto server = co_await start_server(
        [check](ByteStream stream) -> Coro<void> {
          check(stream);
          co_await stream.send_all("x");
        },
        "127.0.0.1", 0);
    ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
    check(client);
    const auto received = co_await client.receive();
    EXPECT_EQ(received, "x");
  }());
}

TEST_F(ServerTest, ReusePortLetsSeveralServersShareAPort) {
  run([]() -> Coro<void> {
    ServerOptions shared;
    shared.reuse_port = true;
    auto first = co_await start_server(tell_the_peers_address, "127.0.0.1", 0, shared);
    auto second = co_await start_server(tell_the_peers_address, "127.0.0.1", first.port(), shared);
    EXPECT_EQ(second.port(), first.port());
    auto starting = start_server(tell_the_peers_address, "127.0.0.1", first.port());
    const auto third = co_await outcome(std::move(starting));
    EXPECT_EQ(os_error_of(third.error()), std::errc::address_in_use);
    first.close();
    ByteStream client = co_await connect_tcp("127.0.0.1", second.port());
    const auto told = co_await client.receive();
    EXPECT_EQ(told, client.sockname().to_string());
  }());
}

TEST_F(ServerTest, UnixSocketsRemoveTheirFile) {
  const TemporaryDirectory directory;
  const std::string path = directory / "socket";
  for (int round = 0; round < 2; ++round) {
    run([](std::string at) -> Coro<void> {
      auto server = co_await start_unix_server(echo_lines, at);
      auto connection = co_await open_unix_connection(at);
      co_await connection.writer.write("x\n");
      const auto line = co_await connection.reader.readline();
      EXPECT_EQ(line, "x\n");
      EXPECT_EQ(connection.writer.peername().host(), at);
      EXPECT_EQ(::access(at.c_str(), F_OK), 0);
      connection.writer.close();
      server.close();
      co_await server.wait_closed();
      EXPECT_NE(::access(at.c_str(), F_OK), 0);
    }(path));
  }
}

TEST_F(ServerTest, AWriterThatIsDroppedStillSendsItsBytes) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(
        [](StreamReader, StreamWriter writer) -> Coro<void> {
          writer.write_nowait(pattern(1'000'000));
          co_return;
        },
        "127.0.0.1", 0);
    auto connection = co_await open_connection("127.0.0.1", server.port());
    const std::string got = co_await connection.reader.read();
    EXPECT_TRUE(got == pattern(1'000'000));
  }());
}

TEST_F(ServerTest, WriteBufferHasAHardLimit) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    StreamWriter writer(std::move(pair.stream));
    writer.write_nowait(std::string(StreamWriter::kHardLimit, 'x'));
    EXPECT_THROW(
        {
          for (int i = 0; i < 100; ++i) writer.write_nowait(std::string(1 << 20, 'x'));
        },
        RuntimeError);
    writer.abort();
    co_return;
  }());
}

// Written by others: Python's asyncio on the other end, both ways.
TEST_F(ServerTest, TalksToPythonsAsyncio) {
  const TemporaryDirectory directory;
  const std::string script = directory / "peer.py";
  write_whole_file(script, R"(
import asyncio, hashlib, sys
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    total = hashlib.sha256()
    for i in range(200):
        line = b"%d %s\n" % (i, b"y" * (i * 37 % 5000))
        writer.write(line)
        await writer.drain()
        back = await reader.readline()
        assert back == line, (i, len(back))
        total.update(back)
    writer.write_eof()
    assert await reader.read() == b""
    print(total.hexdigest())
asyncio.run(main())
)");
  run([](std::string path) -> Coro<void> {
    auto server = co_await start_server(echo_lines, "127.0.0.1", 0);
    const auto run_peer = [](std::string command) -> std::string {
      std::string printed(100, '\0');
      std::FILE* pipe = ::popen(command.c_str(), "r");
      printed.resize(std::fread(printed.data(), 1, printed.size(), pipe));
      return ::pclose(pipe) == 0 ? printed : "failed";
    };
    auto peer = to_thread(run_peer, "python3 " + path + " " + std::to_string(server.port()));
    const std::string printed = co_await std::move(peer);
    EXPECT_EQ(printed.size(), 65U) << printed;
    server.close();
    co_await server.wait_closed();
  }(script));
}

}  // namespace
}  // namespace corolla_tests
