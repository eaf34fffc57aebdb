// SPDX-License-Identifier: Apache-2.0
#include "tests/net/socket/sock_test.hpp"
#include "tests/support/no_descriptors.hpp"

#include <array>
#include <optional>
#include <vector>

namespace corolla_tests {
namespace {

class SockTest : public NetTest {};

TEST_F(SockTest, ClientAndServer) {
  run([]() -> Coro<void> {
    Socket listening = listening_socket();
    auto serving = create_task(
        [](Socket& from) -> Coro<void> {
          auto [connection, address] = co_await sock_accept(from);
          EXPECT_EQ(address, connection.peername());
          const std::string request = co_await sock_recv(connection, 1024);
          co_await sock_sendall(connection, "you said: " + request);
        },
        std::ref(listening));
    Socket client = Socket::create(SocketAddress::Family::kIPv4);
    const SocketAddress address = listening.sockname();
    co_await sock_connect(client, address);
    co_await sock_sendall(client, "hello");
    const std::string reply = co_await sock_recv(client, 1024);
    EXPECT_EQ(reply, "you said: hello");
    const std::string end = co_await sock_recv(client, 1024);
    EXPECT_EQ(end, "");
    co_await serving;
  }());
}

TEST_F(SockTest, WhatIsThereIsReceivedWithoutWaiting) {
  run([]() -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    peer.send("abcdef");
    int turns = 0;
    get_running_loop().call_soon([&] { ++turns; });
    const std::string three = co_await sock_recv(socket, 3);
    EXPECT_EQ(three, "abc");
    std::array<char, 16> memory{};
    const std::size_t rest = co_await sock_recv_into(socket, memory);
    EXPECT_EQ(std::string_view(memory.data(), rest), "def");
    const std::size_t none = co_await sock_recv_into(socket, std::span<char>());
    EXPECT_EQ(none, 0U);
    EXPECT_EQ(turns, 0);
    co_await sleep(0s);  // the callback refers to this frame
    EXPECT_EQ(turns, 1);
  }());
}

TEST_F(SockTest, SendAllSendsAllOfIt) {
  run([]() -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    const std::string bytes = pattern(5'000'000);
    auto sending = create_task([](Socket& to, std::string_view all) -> Coro<void> { co_await sock_sendall(to, all); },
                               std::ref(socket), std::string_view(bytes));
    std::string got;
    while (got.size() < bytes.size()) {
      got += peer.take();
      co_await sleep(0s);
    }
    co_await sending;
    EXPECT_TRUE(got == bytes);
  }());
}

TEST_F(SockTest, BothDirectionsAtOnce) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair();
    const std::string bytes = pattern(3'000'000);
    const auto send = [](Socket& to, std::string_view all) -> Coro<void> {
      co_await sock_sendall(to, all);
      to.shutdown(Socket::Direction::kSend);
    };
    const auto receive = [](Socket& from) -> Coro<std::string> {
      std::string all;
      for (;;) {
        const std::string some = co_await sock_recv(from, 50'000);
        if (some.empty()) break;
        all += some;
      }
      co_return all;
    };
    auto a = create_task(send, std::ref(ends.first), std::string_view(bytes));
    auto b = create_task(send, std::ref(ends.second), std::string_view(bytes));
    auto c = create_task(receive, std::ref(ends.first));
    auto d = create_task(receive, std::ref(ends.second));
    co_await a;
    co_await b;
    const std::string first = co_await c;
    const std::string second = co_await d;
    EXPECT_TRUE(first == bytes);
    EXPECT_TRUE(second == bytes);
  }());
}

TEST_F(SockTest, ASecondWaiterIsRefused) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair();
    const auto receive = [](Socket& from) -> Coro<std::string> { co_return co_await sock_recv(from, 10); };
    const auto send = [](Socket& to) -> Coro<void> { co_await sock_sendall(to, "x"); };
    auto receiving = create_task(receive, std::ref(ends.first));
    fill(ends.first);
    auto sending = create_task(send, std::ref(ends.first));
    co_await sleep(0s);
    auto second_receiver = create_task(receive, std::ref(ends.first));
    auto second_sender = create_task(send, std::ref(ends.first));
    const auto refused = co_await outcome(second_receiver);
    EXPECT_TRUE(failed_with<RuntimeError>(refused));
    const auto refused_too = co_await outcome(second_sender);
    EXPECT_TRUE(failed_with<RuntimeError>(refused_too));
    receiving.cancel();
    sending.cancel();
    static_cast<void>(co_await outcome(receiving));
    static_cast<void>(co_await outcome(sending));
  }());
}

TEST_F(SockTest, ADescriptorThatSomebodyElseWaitsForIsRefused) {
  run([]() -> Coro<void> {
    if (get_running_loop().backend() != "epoll") co_return;  // io_uring polls for any number
    auto ends = Socket::pair();
    add_reader(ends.first.descriptor(), [] {});
    auto receiving = create_task([](Socket& s) -> Coro<void> { co_await sock_recv(s, 1); }, std::ref(ends.first));
    const auto result = co_await outcome(receiving);
    EXPECT_TRUE(failed_with<RuntimeError>(result));
    EXPECT_TRUE(remove_reader(ends.first.descriptor()));
  }());
}

TEST_F(SockTest, AResetPeerIsAnErrorAndNoSignal) {
  run([]() -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    peer.reset();
    auto receiving = create_task([](Socket& s) -> Coro<void> { co_await sock_recv(s, 10); }, std::ref(socket));
    const auto received = co_await outcome(receiving);
    EXPECT_EQ(os_error_of(received.error()), std::errc::connection_reset);
    auto sending = create_task([](Socket& s) -> Coro<void> { co_await sock_sendall(s, "x"); }, std::ref(socket));
    const auto sent = co_await outcome(sending);
    EXPECT_EQ(os_error_of(sent.error()), std::errc::broken_pipe);
  }());
}

TEST_F(SockTest, AResetWhileATaskWaits) {
  run([]() -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    fill(socket);
    auto receiving = create_task([](Socket& s) -> Coro<void> { co_await sock_recv(s, 10); }, std::ref(socket));
    auto sending = create_task([](Socket& s) -> Coro<void> { co_await sock_sendall(s, "x"); }, std::ref(socket));
    co_await sleep(0s);
    peer.reset();
    const auto received = co_await outcome(receiving);
    const auto sent = co_await outcome(sending);
    // One of them is told of the reset, the other of what is left of the connection.
    EXPECT_TRUE(failed_with<OSError>(received) || received.has_value());
    EXPECT_TRUE(failed_with<OSError>(sent));
    EXPECT_TRUE(os_error_of(received.error()) == std::errc::connection_reset ||
                os_error_of(sent.error()) == std::errc::connection_reset);
  }());
}

TEST_F(SockTest, ClosingEndsTheWaits) {
  run([]() -> Coro<void> {
    for (int round = 0; round < 3; ++round) {
      auto ends = Socket::pair();
      Peer peer(ends.second.detach());
      fill(ends.first);
      auto receiving = create_task([](Socket& s) -> Coro<void> { co_await sock_recv(s, 10); }, std::ref(ends.first));
      auto sending = create_task([](Socket& s) -> Coro<void> { co_await sock_sendall(s, "x"); }, std::ref(ends.first));
      co_await sleep(0s);
      if (round == 0) ends.first.close();
      if (round == 1) ends.first = Socket();
      if (round == 2) Peer(ends.first.detach()).close();
      const auto received = co_await outcome(receiving);
      EXPECT_EQ(os_error_of(received.error()), std::errc::connection_aborted);
      const auto sent = co_await outcome(sending);
      EXPECT_EQ(os_error_of(sent.error()), std::errc::connection_aborted);
      auto late = create_task([](Socket& s) -> Coro<void> { co_await sock_recv(s, 10); }, std::ref(ends.first));
      const auto refused = co_await outcome(late);
      EXPECT_EQ(os_error_of(refused.error()), std::errc::bad_file_descriptor);
    }
  }());
}

// The number of a closed descriptor comes back at once; nothing of the old one's waits sticks to it.
TEST_F(SockTest, ANumberMayBeUsedAgain) {
  run([]() -> Coro<void> {
    for (int round = 0; round < 100; ++round) {
      auto ends = Socket::pair();
      Peer peer(ends.second.detach());
      const auto receive = [](Socket& s) -> Coro<std::string> { co_return co_await sock_recv(s, 10); };
      auto receiving = create_task(receive, std::ref(ends.first));
      co_await sleep(0s);
      if (round % 2 == 0) peer.send("old");
      if (round % 3 == 0) co_await sleep(0s);
      ends.first.close();
      auto again = Socket::pair();
      auto second = create_task(receive, std::ref(again.first));
      co_await sleep(0s);
      co_await sock_sendall(again.second, "new");
      const std::string got = co_await second;
      EXPECT_EQ(got, "new");
      static_cast<void>(co_await outcome(receiving));
    }
  }());
}

TEST_F(SockTest, AcceptWithoutDescriptorsLeavesTheConnectionInTheQueue) {
  if (!kDescriptorsMayRunOut) GTEST_SKIP() << kSanitizersNeedDescriptors;
  run([]() -> Coro<void> {
    Socket listening = listening_socket();
    const SocketAddress address = listening.sockname();
    Socket client = Socket::create(SocketAddress::Family::kIPv4);
    co_await sock_connect(client, address);
    const auto accept = [](Socket& s) -> Coro<SocketAddress> {
      auto accepted = co_await sock_accept(s);
      co_return accepted.second;
    };
    for (int i = 0; i < 2; ++i) {
      std::optional<NoDescriptors> none(std::in_place);
      auto refused = create_task(accept, std::ref(listening));
      const auto result = co_await outcome(refused);
      none.reset();
      EXPECT_EQ(os_error_of(result.error()), std::errc::too_many_files_open);
    }
    auto accepting = create_task(accept, std::ref(listening));
    const SocketAddress from = co_await accepting;
    EXPECT_EQ(from, client.sockname());
  }());
}

TEST_F(SockTest, DatagramsKnowTheirSender) {
  run([]() -> Coro<void> {
    Socket a = bound_datagram_socket();
    Socket b = bound_datagram_socket();
    const SocketAddress to = b.sockname();
    const auto receive = [](Socket& s) -> Coro<std::pair<std::string, SocketAddress>> {
      co_return co_await sock_recvfrom(s, 65536);
    };
    auto waiting = create_task(receive, std::ref(b));
    co_await sleep(0s);
    const std::string bytes = pattern(4096);
    const std::size_t sent = co_await sock_sendto(a, bytes, to);
    EXPECT_EQ(sent, 4096U);
    const auto got = co_await waiting;
    EXPECT_TRUE(got.first == bytes);
    EXPECT_EQ(got.second, a.sockname());
    co_await sock_sendto(a, "", to);
    const auto empty = co_await sock_recvfrom(b, 10);
    EXPECT_EQ(empty.first, "");
    EXPECT_EQ(empty.second, a.sockname());
    co_await sock_sendto(a, "0123456789", to);
    std::array<char, 4> memory{};
    auto [size, from] = co_await sock_recvfrom_into(b, memory);
    EXPECT_EQ(std::string_view(memory.data(), size), "0123");
    EXPECT_EQ(from, a.sockname());
    const std::string long_one = pattern(65507);
    co_await sock_sendto(a, long_one, to);
    const auto whole = co_await sock_recvfrom(b, 65536);
    EXPECT_TRUE(whole.first == long_one);
  }());
}

// The peer's address is nobody's: the error comes back and the socket goes on.
TEST_F(SockTest, AnUnreachablePortDoesNotStopADatagramSocket) {
  run([]() -> Coro<void> {
    const SocketAddress nobody = bound_datagram_socket().sockname();
    Socket connected = Socket::create(SocketAddress::Family::kIPv4, Socket::Type::kDatagram);
    co_await sock_connect(connected, nobody);
    for (int round = 0; round < 3; ++round) {
      auto receiving = create_task([](Socket& s) -> Coro<void> { co_await sock_recv(s, 10); }, std::ref(connected));
      co_await sleep(0s);
      co_await sock_sendall(connected, "x");
      const auto result = co_await outcome(receiving);
      EXPECT_EQ(os_error_of(result.error()), std::errc::connection_refused);
    }
    Socket open = bound_datagram_socket();
    Socket friendly = bound_datagram_socket();
    const SocketAddress to = friendly.sockname();
    co_await sock_sendto(open, "lost", nobody);
    co_await sock_sendto(open, "found", to);
    const std::string got = co_await sock_recv(friendly, 10);
    EXPECT_EQ(got, "found");
  }());
}

TEST_F(SockTest, SendToWaitsForRoom) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair(Socket::Type::kDatagram);
    while (::send(ends.first.descriptor(), "y", 1, MSG_DONTWAIT) == 1) {
    }
    auto sending =
        create_task([](Socket& s) -> Coro<std::size_t> { co_return co_await sock_sendto(s, "last", SocketAddress()); },
                    std::ref(ends.first));
    co_await sleep(0s);
    EXPECT_FALSE(sending.done());
    std::string got;
    do {
      got = co_await sock_recv(ends.second, 10);
    } while (got == "y");
    EXPECT_EQ(got, "last");
    const std::size_t sent = co_await sending;
    EXPECT_EQ(sent, 4U);
  }());
}

TEST_F(SockTest, ASocketBelongsToItsLoopUntilThatIsClosed) {
  Socket socket;
  Peer peer(-1);
  const auto receive = [](Socket& s) -> Coro<std::string> { co_return co_await sock_recv(s, 10); };
  {
    EventLoop loop;
    auto ends = Socket::pair();
    socket = std::move(ends.first);
    peer = Peer(ends.second.detach());
    auto waiting = loop.create_task(receive, std::ref(socket));
    loop.run_once();
    EventLoop other;
    auto foreign = other.create_task(receive, std::ref(socket));
    EXPECT_THROW(other.run_until_complete(foreign), RuntimeError);
  }
  peer.send("abc");
  EXPECT_EQ(run(receive(socket)), "abc");
}

}  // namespace
}  // namespace corolla_tests
