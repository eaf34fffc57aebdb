// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <cstdio>
#include <vector>

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
            EXPECT_EQ(co_await reader.readline(), line);
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
    EXPECT_EQ(co_await connection.reader.readline(), "a\n");
    auto waiting = create_task(server.wait_closed());
    co_await sleep(0s);
    server.close();
    server.close();
    co_await sleep(1ms);
    EXPECT_FALSE(waiting.done());
    co_await connection.writer.write("still served\n");
    EXPECT_EQ(co_await connection.reader.readline(), "still served\n");
    auto refused = open_connection("127.0.0.1", server.port());
    EXPECT_TRUE(failed_with<OSError>(co_await outcome(std::move(refused))));
    connection.writer.close();
    co_await waiting;
  }());
}

TEST_F(ServerTest, AbortClientsAndDestruction) {
  run([]() -> Coro<void> {
    auto server = std::make_unique<Server>(co_await start_server(echo_lines, "127.0.0.1", 0));
    auto first = co_await open_connection("127.0.0.1", server->port());
    co_await first.writer.write("x\n");
    EXPECT_EQ(co_await first.reader.readline(), "x\n");
    server->abort_clients();
    EXPECT_EQ(co_await first.reader.read(), "");
    auto second = co_await open_connection("127.0.0.1", server->port());
    co_await second.writer.write("x\n");
    EXPECT_EQ(co_await second.reader.readline(), "x\n");
    server.reset();
    EXPECT_EQ(co_await second.reader.read(), "");
  }());
}

TEST_F(ServerTest, ServeForeverEndsByCancellationAndOnlyOnce) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo_lines, "127.0.0.1", 0);
    auto serving = create_task(server.serve_forever());
    co_await sleep(0s);
    auto again = server.serve_forever();
    EXPECT_TRUE(failed_with<RuntimeError>(co_await outcome(std::move(again))));
    serving.cancel();
    EXPECT_TRUE((co_await outcome(serving)).cancelled());
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
      EXPECT_EQ(co_await client.receive(), "x");
    }
    server.close();
    co_await server.wait_closed();
  }());
}

TEST_F(ServerTest, AllInterfacesShareOnePort) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo_lines, "", 0);
    for (const SocketAddress& address : server.addresses()) EXPECT_EQ(address.port(), server.port());
    auto connection = co_await open_connection("localhost", server.port());
    co_await connection.writer.write("x\n");
    EXPECT_EQ(co_await connection.reader.readline(), "x\n");
    EXPECT_EQ(connection.writer.peername().port(), server.port());
    EXPECT_NE(connection.writer.sockname().port(), 0);
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
      EXPECT_EQ(co_await connection.reader.readline(), "x\n");
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
