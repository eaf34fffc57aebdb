// SPDX-License-Identifier: Apache-2.0
//
// Connections that move from loop to loop, and servers on several shards.
#include "tests/net/net_test.hpp"

#include <corolla/net/detached_stream.hpp>
#include <corolla/runtime/run_sharded.hpp>

#include <array>
#include <atomic>
#include <string>
#include <utility>

namespace corolla_tests {
namespace {

class DetachedStreamTest : public NetTest {};

// Waits for a loop in another thread without a sleep.
Coro<std::string> ask(std::uint16_t port, std::string line) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  co_await writer.write(line);
  const std::string answer = co_await reader.readline();
  co_return answer;
}

Coro<void> answer_here(DetachedStream detached) {
  StreamConnection connection(attach(std::move(detached)));
  const std::string line = co_await connection.reader.readline();
  co_await connection.writer.write(std::to_string(this_shard().id()) + " " + line);
}

TEST_F(DetachedStreamTest, AConnectionMovesToAnotherShard) {
  run_sharded(3, [](Shard& shard) -> Coro<void> {
    if (shard.id() != 0) co_return;
    std::size_t next = 0;
    const auto deal = [&next](ByteStream stream) -> Coro<void> {
      co_await this_shard().submit_to(next++ % 3, answer_here, detach(std::move(stream)));
    };
    auto server = co_await start_server(deal, "127.0.0.1", 0);
    for (int i = 0; i < 6; ++i) {
      const std::string answer = co_await ask(server.port(), "hello\n");
      EXPECT_EQ(answer, std::to_string(i % 3) + " hello\n");
    }
    server.close();
    co_await server.wait_closed();
  });
}

TEST_F(DetachedStreamTest, WhatArrivedMeanwhileIsThere) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("early ");
    DetachedStream detached = detach(std::move(pair.stream));
    pair.peer.send("late");
    pair.peer.shut_down_sending();
    ByteStream stream = attach(std::move(detached));
    EXPECT_FALSE(detached);
    std::string all;
    for (;;) {
      const std::string_view bytes = co_await stream.receive();
      if (bytes.empty()) break;
      all += bytes;
      stream.consume(bytes.size());
    }
    EXPECT_EQ(all, "early late");
    co_await stream.send_all("back");
    EXPECT_EQ(pair.peer.take(), "back");
  }());
}

TEST_F(DetachedStreamTest, WhatNobodyAttachesIsClosed) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    {
      const DetachedStream detached = detach(std::move(pair.stream));
    }
    bool ended = false;
    pair.peer.take(&ended);
    EXPECT_TRUE(ended);
    co_return;
  }());
}

TEST_F(DetachedStreamTest, WhatIsInUseOrNoSocketIsRefused) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.peer.send("x");
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "x");
    EXPECT_THROW(static_cast<void>(detach(std::move(pair.stream))), RuntimeError);
    EXPECT_THROW(static_cast<void>(detach(ByteStream())), RuntimeError);
    EXPECT_THROW(static_cast<void>(attach(DetachedStream())), ValueError);
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ::close(ends[1]);
    EXPECT_THROW(static_cast<void>(attach(DetachedStream(ends[0]))), OSError);
  }());
}

TEST_F(DetachedStreamTest, ServersOfAllShardsShareAPort) {
  std::atomic<std::uint16_t> port = 0;
  std::atomic<int> listening = 0;
  std::atomic<bool> done = false;
  run_sharded(3, [&](Shard& shard) -> Coro<void> {
    ServerOptions options;
    options.reuse_port = true;
    if (shard.id() != 0) {
      while (port == 0) co_await sleep(0s);
    }
    auto server = co_await start_server(echo, "127.0.0.1", port, options);
    port = server.port();
    ++listening;
    if (shard.id() == 0) {
      while (listening < 3) co_await sleep(0s);
      for (int i = 0; i < 20; ++i) {
        const std::string answer = co_await ask(port, "hello\n");
        EXPECT_EQ(answer, "hello\n");
      }
      done = true;
    } else {
      while (!done) co_await sleep(0s);
    }
    server.close();
    co_await server.wait_closed();
  });
}

}  // namespace
}  // namespace corolla_tests
