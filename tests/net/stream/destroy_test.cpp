// SPDX-License-Identifier: Apache-2.0
//
// A loop that dies at any moment: nothing in flight afterwards, nothing leaked, nothing written to freed memory.
#include "tests/net/net_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"

#include <thread>
#include <vector>

namespace corolla_tests {
namespace {

class DestroyTest : public NetTest {};

// Connects, serves, sends more than fits, half closes, closes, watches a descriptor.
Coro<void> everything() {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  auto held = stream_pair();
  auto receiving = create_task([](ByteStream& s) -> Coro<void> { co_await s.receive(); }, std::ref(held.stream));
  add_reader(held.peer.descriptor(), [] {});
  ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
  client.expires_after(1h);
  const std::string bytes = pattern(600'000);
  auto sending = create_task([](ByteStream& s, std::string_view all) -> Coro<void> { co_await s.send_all(all); },
                             std::ref(client), std::string_view(bytes));
  while (client.buffered().size() < bytes.size()) co_await client.receive();
  co_await sending;
  EXPECT_TRUE(client.buffered() == bytes);
  client.send_eof();
  const auto received = co_await client.receive();
  EXPECT_EQ(received, "");
  auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
  co_await writer.write("line\n");
  const auto line2 = co_await reader.readline();
  EXPECT_EQ(line2, "line\n");
  writer.close();
  co_await writer.wait_closed();
  remove_reader(held.peer.descriptor());
  receiving.cancel();
  server.close();
  co_await server.wait_closed();
}

TEST_F(DestroyTest, AfterEachStep) {
  run(everything());
  destroy_at_every_step<RealLoop>(everything);
}

TEST_F(DestroyTest, StreamsThatOutliveTheirLoop) {
  ByteStream stream;
  Peer peer(-1);
  {
    EventLoop loop;
    loop.run_until_complete([](ByteStream& out, Peer& other) -> Coro<void> {
      auto pair = stream_pair();
      pair.stream.send_nowait(pattern(1'000'000));
      out = std::move(pair.stream);
      other = std::move(pair.peer);
      out.expires_after(1h);
      auto receiving = create_task([](ByteStream& s) -> Coro<void> { co_await s.receive(); }, std::ref(out));
      co_await sleep(0s);
    }(stream, peer));
  }
  EXPECT_GT(stream.unsent(), 0U);
  stream.close();
  stream.abort();
}

TEST_F(DestroyTest, ALoopThatIsClosedInAnotherThread) {
  auto loop = std::make_unique<EventLoop>();
  auto peer = std::make_unique<Peer>(-1);
  Task<void> task;
  std::thread([&] {
    loop->run_until_complete([](Peer& other, Task<void>& waiting) -> Coro<void> {
      waiting = create_task(
          [](Peer& end) -> Coro<void> {
            auto pair = stream_pair();
            end = std::move(pair.peer);
            co_await pair.stream.receive();
          },
          std::ref(other));
      co_await sleep(0s);
      co_await sleep(1ms);
    }(*peer, task));
  }).join();
  loop->close();
  EXPECT_TRUE(task.cancelled());
  task = {};
  loop.reset();
}

TEST_F(DestroyTest, ALoopThatGoesOnInAnotherThread) {
  EventLoop loop;
  Peer peer(-1);
  Task<std::string> task;
  std::thread([&] {
    loop.run_until_complete([](Peer& other, Task<std::string>& waiting) -> Coro<void> {
      waiting = create_task(
          [](Peer& end) -> Coro<std::string> {
            auto pair = stream_pair();
            end = std::move(pair.peer);
            co_return std::string(co_await pair.stream.receive());
          },
          std::ref(other));
      co_await sleep(1ms);
    }(peer, task));
  }).join();
  peer.send("after the move");
  EXPECT_EQ(loop.run_until_complete(task), "after the move");
}

}  // namespace
}  // namespace corolla_tests
