// SPDX-License-Identifier: Apache-2.0
// What moves bytes allocates nothing once warm.
#include "tests/net/socket/sock_test.hpp"
#include "tests/net/transport/transport_test.hpp"

#include <corolla/runtime/memory.hpp>

#if COROLLA_BLOCK_CACHE

#include "tests/support/allocation_counter.hpp"

namespace corolla_tests {
namespace {

class NetMemoryTest : public NetTest {};

TEST_F(NetMemoryTest, AnEchoByProtocols) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    make_transport(std::move(pair.stream), std::make_shared<EchoProtocol>());
    long before = 0;
    for (int i = 0; i < 200; ++i) {
      if (i == 100) before = allocations.load();
      pair.peer.send("0123456789");
      ssize_t got = 0;
      while (got < 10) {
        co_await sleep(0s);
        char bytes[64];
        got += std::max<ssize_t>(0, ::recv(pair.peer.descriptor(), bytes, sizeof bytes, MSG_DONTWAIT));
      }
    }
    EXPECT_EQ(allocations.load() - before, 0);
    pair.peer.close();
    co_await sleep(10ms);
  }());
}

// `ask()` is called a hundred times to warm up and then a hundred times more, while the task `answering` waits each time.
template <class Ask>
Coro<void> expect_no_allocation(Task<void> answering, Ask& ask) {
  long before = 0;
  for (int i = 0; i < 200; ++i) {
    co_await sleep(1ns);  // the other side waits now
    if (i == 100) before = allocations.load();
    co_await ask();
  }
  EXPECT_EQ(allocations.load() - before, 0);
  EXPECT_FALSE(answering.done());
  answering.cancel();
  static_cast<void>(co_await outcome(answering));
}

constexpr std::string_view kShort = "0123456789";  // as a string, too, it needs no memory of its own

TEST_F(NetMemoryTest, AnEchoByRawSockets) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair();
    auto answering = create_task(
        [](Socket& s) -> Coro<void> {
          char memory[64];
          for (bool into = true;; into = !into) {
            if (into) {
              const std::size_t count = co_await sock_recv_into(s, memory);
              co_await sock_sendall(s, std::string_view(memory, count));
            } else {
              const std::string bytes = co_await sock_recv(s, sizeof memory);
              co_await sock_sendall(s, bytes);
            }
          }
        },
        std::ref(ends.first));
    auto ask = [&]() -> Coro<void> {
      co_await sock_sendall(ends.second, kShort);
      char memory[64];
      const std::size_t count = co_await sock_recv_into(ends.second, memory);
      EXPECT_EQ(std::string_view(memory, count), kShort);
    };
    co_await expect_no_allocation(std::move(answering), ask);
  }());
}

// The receiver's queue is full: sending has to wait, too.
TEST_F(NetMemoryTest, ARawSocketThatWaitsToSend) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair();
    fill(ends.first);
    auto answering = create_task(
        [](Socket& s) -> Coro<void> {
          for (;;) co_await sock_sendall(s, kShort);
        },
        std::ref(ends.first));
    static char memory[65536];
    auto ask = [&]() -> Coro<void> {
      for (int i = 0; i < 2; ++i) co_await sock_recv_into(ends.second, memory);
    };
    co_await expect_no_allocation(std::move(answering), ask);
  }());
}

TEST_F(NetMemoryTest, AnEchoByRawDatagrams) {
  run([]() -> Coro<void> {
    Socket client = bound_datagram_socket();
    Socket server = bound_datagram_socket();
    auto answering = create_task(
        [](Socket& s) -> Coro<void> {
          char memory[64];
          for (;;) {
            const auto got = co_await sock_recvfrom_into(s, memory);
            co_await sock_sendto(s, std::string_view(memory, got.first), got.second);
          }
        },
        std::ref(server));
    const SocketAddress address = server.sockname();
    auto ask = [&]() -> Coro<void> {
      co_await sock_sendto(client, kShort, address);
      const auto got = co_await sock_recvfrom(client, 64);
      EXPECT_EQ(got.first, kShort);
    };
    co_await expect_no_allocation(std::move(answering), ask);
  }());
}

TEST_F(NetMemoryTest, AnEchoByDatagramSockets) {
  run([]() -> Coro<void> {
    DatagramSocket server = co_await open_datagram(SocketAddress::ip("127.0.0.1", 0));
    DatagramSocket client = co_await open_datagram(SocketAddress(), server.sockname());
    auto answering = create_task(
        [](DatagramSocket& s) -> Coro<void> {
          for (;;) {
            const Datagram datagram = co_await s.recv_from();
            co_await s.send_to(datagram.data, datagram.from);
          }
        },
        std::ref(server));
    auto ask = [&]() -> Coro<void> {
      co_await client.send(kShort);
      const Datagram back = co_await client.recv_from();
      EXPECT_EQ(back.data, kShort);
    };
    co_await expect_no_allocation(std::move(answering), ask);
  }());
}

}  // namespace
}  // namespace corolla_tests

#endif  // COROLLA_BLOCK_CACHE
