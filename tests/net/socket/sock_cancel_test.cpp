// SPDX-License-Identifier: Apache-2.0
//
// Each wait for a raw socket cancelled before it starts, in flight, and after it completed but before it resumed; a thousand
// times each with seeded moments, and a loop destroyed at each step.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/socket/sock_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"
#include "tests/support/temporary_directory.hpp"

#include <array>
#include <vector>

namespace corolla_tests {
namespace {

class SockCancelTest : public NetTest {};

Coro<std::string> receive(Socket& socket) {
  std::array<char, 1000> memory{};
  const std::size_t count = co_await sock_recv_into(socket, memory);
  co_return std::string(memory.data(), count);
}

Coro<std::string> receive_string(Socket& socket) { co_return co_await sock_recv(socket, 1000); }

Coro<void> receive_rounds(std::uint64_t seed, Coro<std::string> (*receive_once)(Socket&)) {
  auto [socket, peer] = co_await socket_and_peer();
  std::size_t sent = 0;
  std::size_t received = 0;
  auto round = [&sent, &received, &receive_once, &own = socket, &other = peer](CancelRounds& rounds) -> Coro<void> {
    auto task = create_task(receive_once, std::ref(own));
    auto send = [&] { sent += other.send_some(pattern(1 + rounds.random().below(1500), sent)); };
    co_await rounds.disturb(task, send);
    const auto result = co_await outcome(task);
    if (result) {
      EXPECT_TRUE(*result == pattern(result->size(), received));
      received += result->size();
    }
    while (received < sent) {
      const std::string rest = co_await sock_recv(own, 700);
      EXPECT_TRUE(rest == pattern(rest.size(), received));
      received += rest.size();
    }
  };
  co_await a_thousand_rounds(seed, round);
}

TEST_F(SockCancelTest, AThousandReceivesLoseNoByte) {
  run(receive_rounds(7, receive));
  run(receive_rounds(13, receive_string));
}

// Two sockets become readable in the same iteration; the task that comes first cancels the other, whose wait is over but
// for its turn.
TEST_F(SockCancelTest, AReceiveThatCompletedButDidNotResumeTakesNothing) {
  run([]() -> Coro<void> {
    for (int round = 0; round < 1000; ++round) {
      std::array<std::pair<Socket, Socket>, 2> pairs{Socket::pair(), Socket::pair()};
      std::vector<Task<std::string>> tasks(2);
      const auto receive_and_cancel = [](Socket& s, std::vector<Task<std::string>>& all,
                                         std::size_t other) -> Coro<std::string> {
        auto receiving = receive(s);
        std::string got = co_await std::move(receiving);
        all[other].cancel();
        co_return got;
      };
      tasks[0] = create_task(receive_and_cancel, std::ref(pairs[0].first), std::ref(tasks), std::size_t{1});
      tasks[1] = create_task(receive_and_cancel, std::ref(pairs[1].first), std::ref(tasks), std::size_t{0});
      co_await sleep(0s);
      co_await sock_sendall(pairs[0].second, "a");
      co_await sock_sendall(pairs[1].second, "b");
      const auto first = co_await outcome(tasks[0]);
      const auto second = co_await outcome(tasks[1]);
      EXPECT_NE(first.has_value(), second.has_value());
      const std::string rest = co_await sock_recv(first ? pairs[1].first : pairs[0].first, 10);
      EXPECT_EQ(rest, first ? "b" : "a");
      if (HasFailure()) co_return;
    }
  }());
}

TEST_F(SockCancelTest, AThousandSendsSendNothingTwice) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair();
    Peer peer(ends.second.detach());
    const auto send = [](Socket& s, std::string_view text) -> Coro<void> { co_await sock_sendall(s, text); };
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      const std::size_t filled = fill(ends.first);
      std::string got;
      auto task = create_task(send, std::ref(ends.first), std::string_view("hello"));
      auto make_room = [&] { got += peer.take(); };
      co_await rounds.disturb(task, make_room);
      const auto result = co_await outcome(task);
      auto after = create_task(send, std::ref(ends.first), std::string_view("world"));
      const std::size_t expected = filled + (result ? 10 : 5);
      while (!after.done() || got.size() < expected) {
        got += peer.take();
        co_await sleep(0s);
      }
      EXPECT_EQ(got.substr(filled), result ? "helloworld" : "world");
    };
    co_await a_thousand_rounds(8, round);
  }());
}

TEST_F(SockCancelTest, AThousandAcceptsLoseNoConnection) {
  run([]() -> Coro<void> {
    Socket listening = listening_socket();
    const SocketAddress address = listening.sockname();
    const auto accept = [](Socket& s) -> Coro<SocketAddress> {
      auto accepted = co_await sock_accept(s);
      co_return accepted.second;
    };
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto task = create_task(accept, std::ref(listening));
      Peer client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      auto connect = [&] {
        EXPECT_EQ(::connect(client.descriptor(), static_cast<const sockaddr*>(address.data()),
                            static_cast<socklen_t>(address.size())),
                  0);
      };
      co_await rounds.disturb(task, connect);
      const auto result = co_await outcome(task);
      SocketAddress from;
      if (result) {
        from = *result;
      } else {
        auto accepted = co_await sock_accept(listening);
        from = accepted.second;
      }
      sockaddr_storage own{};
      socklen_t size = sizeof own;
      ::getsockname(client.descriptor(), reinterpret_cast<sockaddr*>(&own), &size);
      EXPECT_EQ(from, SocketAddress(&own, size));
      client.reset();
    };
    co_await a_thousand_rounds(9, round);
  }());
}

// Cancelled, the attempt goes on; whoever asks again has the connection, once.
TEST_F(SockCancelTest, AThousandConnectsAreJoined) {
  run([]() -> Coro<void> {
    Socket listening = listening_socket();
    const SocketAddress address = listening.sockname();
    const auto connect = [](Socket& s, const SocketAddress& to) -> Coro<void> { co_await sock_connect(s, to); };
    auto nothing = [] {};
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      Socket socket = Socket::create(SocketAddress::Family::kIPv4);
      const bool by_name = rounds.random().below(2000) < 1000;
      auto task = by_name ? create_task(sock_connect(socket, "127.0.0.1", address.port()))
                          : create_task(connect, std::ref(socket), std::cref(address));
      co_await rounds.disturb(task, nothing);
      const auto result = co_await outcome(task);
      if (!result) {
        EXPECT_TRUE(result.cancelled()) << result.error_message();
        const auto again = co_await outcome(connect(socket, address));
        EXPECT_TRUE(again) << again.error_message();
      }
      auto accepted = co_await sock_accept(listening);
      EXPECT_EQ(accepted.second, socket.sockname());
      co_await sock_sendall(socket, "x");
      const std::string got = co_await sock_recv(accepted.first, 10);
      EXPECT_EQ(got, "x");
      Peer(accepted.first.detach()).reset();
    };
    co_await a_thousand_rounds(14, round);
  }());
}

using Received = std::pair<std::string, SocketAddress>;

Coro<Received> receive_from(Socket& socket) { co_return co_await sock_recvfrom(socket, 100); }

Coro<Received> receive_from_into(Socket& socket) {
  std::array<char, 100> memory{};
  const auto got = co_await sock_recvfrom_into(socket, memory);
  co_return Received(std::string(memory.data(), got.first), got.second);
}

Coro<void> datagram_rounds(std::uint64_t seed, Coro<Received> (*receive_once)(Socket&)) {
  Socket from = bound_datagram_socket();
  Socket to = bound_datagram_socket();
  const SocketAddress address = to.sockname();
  int number = 0;
  auto round = [&](CancelRounds& rounds) -> Coro<void> {
    auto task = create_task(receive_once, std::ref(to));
    const std::string text = std::to_string(number++);
    auto send = [&] {
      EXPECT_EQ(::sendto(from.descriptor(), text.data(), text.size(), 0, static_cast<const sockaddr*>(address.data()),
                         static_cast<socklen_t>(address.size())),
                static_cast<ssize_t>(text.size()));
    };
    co_await rounds.disturb(task, send);
    auto result = co_await outcome(task);
    if (!result) result = co_await outcome(receive_once(to));
    EXPECT_EQ(result->first, text);
    EXPECT_EQ(result->second, from.sockname());
  };
  co_await a_thousand_rounds(seed, round);
}

TEST_F(SockCancelTest, AThousandDatagramsArriveOnce) {
  run(datagram_rounds(10, receive_from));
  run(datagram_rounds(15, receive_from_into));
}

// The receiver's queue is full at first. A datagram of a cancelled send never leaves, any other does, once.
TEST_F(SockCancelTest, AThousandDatagramsLeaveOnceOrNotAtAll) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair(Socket::Type::kDatagram);
    const auto send = [](Socket& s, std::string_view text) -> Coro<std::size_t> {
      co_return co_await sock_sendto(s, text, SocketAddress());
    };
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      std::size_t queued = 0;
      while (::send(ends.first.descriptor(), "full", 4, MSG_DONTWAIT | MSG_NOSIGNAL) == 4) ++queued;
      auto task = create_task(send, std::ref(ends.first), std::string_view("hello"));
      char bytes[16];
      auto make_room = [&] {
        for (; queued > 0; --queued) EXPECT_EQ(::recv(ends.second.descriptor(), bytes, sizeof bytes, MSG_DONTWAIT), 4);
      };
      co_await rounds.disturb(task, make_room);
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result ? *result == 5 : result.cancelled()) << result.error_message();
      const ssize_t got = ::recv(ends.second.descriptor(), bytes, sizeof bytes, MSG_DONTWAIT);
      EXPECT_EQ(got, result ? 5 : -1);
      EXPECT_EQ(::recv(ends.second.descriptor(), bytes, sizeof bytes, MSG_DONTWAIT), -1);
    };
    co_await a_thousand_rounds(16, round);
  }());
}

TEST_F(SockCancelTest, SendFileLeavesTheFileBehindWhatWasSent) {
  const TemporaryDirectory directory;
  const std::string content = pattern(400'000);  // more than a socket takes at once
  write_whole_file(directory / "file", content);
  const int file = ::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC);
  run([](int fd, std::string_view whole) -> Coro<void> {
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto ends = Socket::pair();
      Peer peer(ends.second.detach());
      ::lseek(fd, 0, SEEK_SET);
      auto task = create_task([](Socket& s, int from) -> Coro<std::uint64_t> { return sock_sendfile(s, from); },
                              std::ref(ends.first), fd);
      std::string got;
      auto take = [&] {
        for (int i = 0; i < 8; ++i) got += peer.take();
      };
      co_await rounds.disturb(task, take);
      static_cast<void>(co_await outcome(task));
      ends.first.close();
      for (bool ended = false; !ended;) {
        got += peer.take(&ended);
        co_await sleep(0s);  // io_uring lets go of a cancelled wait, and so of the socket, in the next iteration
      }
      EXPECT_TRUE(got == whole.substr(0, got.size()));
      EXPECT_EQ(::lseek(fd, 0, SEEK_CUR), static_cast<off_t>(got.size()));
    };
    co_await a_thousand_rounds(11, round);
  }(file, content));
  ::close(file);
}

// Closed by one task, cancelled by another, or both.
TEST_F(SockCancelTest, ClosingAndCancellingInEitherOrder) {
  run([]() -> Coro<void> {
    auto round = [](CancelRounds& rounds) -> Coro<void> {
      auto ends = Socket::pair();
      Peer peer(ends.second.detach());
      auto task = create_task(receive, std::ref(ends.first));
      auto close = [&] {
        if (rounds.random().below(2000) < 1000) peer.send("x");
        ends.first.close();
      };
      co_await rounds.disturb(task, close);
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result.has_value() || result.cancelled() || failed_with<OSError>(result));
      EXPECT_FALSE(ends.first);
    };
    co_await a_thousand_rounds(12, round);
  }());
}

Coro<void> everything() {
  Socket listening = listening_socket();
  auto serving = create_task(
      [](Socket& from) -> Coro<void> {
        auto [connection, address] = co_await sock_accept(from);
        std::array<char, 65536> memory{};
        while (const std::size_t count = co_await sock_recv_into(connection, memory))
          co_await sock_sendall(connection, std::string_view(memory.data(), count));
      },
      std::ref(listening));
  Socket client = Socket::create(SocketAddress::Family::kIPv4);
  const SocketAddress address = listening.sockname();
  co_await sock_connect(client, address);
  const std::string bytes = pattern(400'000);
  auto sending = create_task(
      [](Socket& to, std::string_view all) -> Coro<void> {
        co_await sock_sendall(to, all);
        to.shutdown(Socket::Direction::kSend);
      },
      std::ref(client), std::string_view(bytes));
  std::string got;
  for (;;) {
    const std::string some = co_await sock_recv(client, 100'000);
    if (some.empty()) break;
    got += some;
  }
  EXPECT_TRUE(got == bytes);
  co_await sending;
  co_await serving;
  Socket a = bound_datagram_socket();
  Socket b = bound_datagram_socket();
  auto waiting = create_task(
      [](Socket& s) -> Coro<std::size_t> {
        const auto datagram = co_await sock_recvfrom(s, 100);
        co_return datagram.first.size();
      },
      std::ref(b));
  const SocketAddress to = b.sockname();
  co_await sleep(0s);
  co_await sock_sendto(a, "abc", to);
  const std::size_t size = co_await waiting;
  EXPECT_EQ(size, 3U);
}

TEST_F(SockCancelTest, ALoopDestroyedAfterEachStep) {
  run(everything());
  destroy_at_every_step<RealLoop>(everything);
}

}  // namespace
}  // namespace corolla_tests
