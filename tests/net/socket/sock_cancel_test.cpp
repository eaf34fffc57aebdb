// SPDX-License-Identifier: Apache-2.0
//
// Each wait for a raw socket cancelled before it starts, in flight, and after it completed but before it resumed; a thousand
// times each with seeded moments, and a loop destroyed at each step.
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

// Steps a task a few iterations on, and somewhere on the way cancels it and lets `event` happen. The kernel is asked in each
// iteration, since nothing but a timer is ready then.
template <class T, class Event>
Coro<void> cancel_somewhere(Task<T>& task, Random& random, Event& event) {
  constexpr std::size_t kSteps = 6;
  const std::size_t moments = random.below(kSteps * kSteps * 2 * 1009) / 1009;  // the low digits are not random enough
  const std::size_t cancel_at = moments % kSteps;
  const std::size_t event_at = moments / kSteps % kSteps;
  const bool event_first = moments >= kSteps * kSteps;
  for (std::size_t step = 0; step < kSteps; ++step) {
    if (step == event_at && event_first) event();
    if (step == cancel_at) task.cancel();
    if (step == event_at && !event_first) event();
    co_await sleep(1ns);
  }
}

TEST_F(SockCancelTest, AThousandReceivesLoseNoByte) {
  run([]() -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    Random random(7);
    std::size_t sent = 0;
    std::size_t received = 0;
    int cancelled = 0;
    int completed = 0;
    for (int round = 0; round < 1000; ++round) {
      auto task = create_task(receive, std::ref(socket));
      auto send = [&sent, &random, &other = peer] { sent += other.send_some(pattern(1 + random.below(1500), sent)); };
      co_await cancel_somewhere(task, random, send);
      const auto result = co_await outcome(task);
      ++(result ? completed : cancelled);
      if (result) {
        EXPECT_TRUE(*result == pattern(result->size(), received));
        received += result->size();
      }
      while (received < sent) {
        const std::string rest = co_await sock_recv(socket, 700);
        EXPECT_TRUE(rest == pattern(rest.size(), received));
        received += rest.size();
      }
      if (HasFailure()) co_return;
    }
    EXPECT_GT(cancelled, 200);
    EXPECT_GT(completed, 200);
  }());
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
    Random random(8);
    for (int round = 0; round < 1000; ++round) {
      const std::size_t filled = fill(ends.first);
      std::string got;
      auto task = create_task([](Socket& s) -> Coro<void> { co_await sock_sendall(s, "hello"); }, std::ref(ends.first));
      auto make_room = [&] { got += peer.take(); };
      co_await cancel_somewhere(task, random, make_room);
      const auto result = co_await outcome(task);
      auto after =
          create_task([](Socket& s) -> Coro<void> { co_await sock_sendall(s, "world"); }, std::ref(ends.first));
      const std::size_t expected = filled + (result ? 10 : 5);
      while (!after.done() || got.size() < expected) {
        got += peer.take();
        co_await sleep(0s);
      }
      EXPECT_EQ(got.substr(filled), result ? "helloworld" : "world");
      if (HasFailure()) co_return;
    }
  }());
}

TEST_F(SockCancelTest, AThousandAcceptsLoseNoConnection) {
  run([]() -> Coro<void> {
    Socket listening = listening_socket();
    const SocketAddress address = listening.sockname();
    Random random(9);
    int cancelled = 0;
    for (int round = 0; round < 1000; ++round) {
      auto task = create_task(
          [](Socket& s) -> Coro<SocketAddress> {
            auto accepted = co_await sock_accept(s);
            co_return accepted.second;
          },
          std::ref(listening));
      Peer client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      auto connect = [&] {
        EXPECT_EQ(::connect(client.descriptor(), static_cast<const sockaddr*>(address.data()),
                            static_cast<socklen_t>(address.size())),
                  0);
      };
      co_await cancel_somewhere(task, random, connect);
      auto result = co_await outcome(task);
      SocketAddress from;
      if (result) {
        from = *result;
      } else {
        ++cancelled;
        auto accepted = co_await sock_accept(listening);
        from = accepted.second;
      }
      sockaddr_storage own{};
      socklen_t size = sizeof own;
      ::getsockname(client.descriptor(), reinterpret_cast<sockaddr*>(&own), &size);
      EXPECT_EQ(from, SocketAddress(&own, size));
      client.reset();
      if (HasFailure()) co_return;
    }
    EXPECT_GT(cancelled, 200);
    EXPECT_LT(cancelled, 900);
  }());
}

TEST_F(SockCancelTest, AThousandDatagramsArriveOnce) {
  run([]() -> Coro<void> {
    Socket from = bound_datagram_socket();
    Socket to = bound_datagram_socket();
    const SocketAddress address = to.sockname();
    Random random(10);
    for (int round = 0; round < 1000; ++round) {
      auto task = create_task(
          [](Socket& s) -> Coro<std::pair<std::string, SocketAddress>> { co_return co_await sock_recvfrom(s, 100); },
          std::ref(to));
      const std::string text = std::to_string(round);
      auto send = [&] {
        EXPECT_EQ(::sendto(from.descriptor(), text.data(), text.size(), 0, static_cast<const sockaddr*>(address.data()),
                           static_cast<socklen_t>(address.size())),
                  static_cast<ssize_t>(text.size()));
      };
      co_await cancel_somewhere(task, random, send);
      const auto result = co_await outcome(task);
      std::string got;
      if (result) {
        got = result->first;
      } else {
        const auto later = co_await sock_recvfrom(to, 100);
        got = later.first;
      }
      EXPECT_EQ(got, text);
      if (HasFailure()) co_return;
    }
  }());
}

TEST_F(SockCancelTest, SendFileLeavesTheFileBehindWhatWasSent) {
  const TemporaryDirectory directory;
  const std::string content = pattern(1'000'000);
  write_whole_file(directory / "file", content);
  const int file = ::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC);
  run([](int fd) -> Coro<void> {
    Random random(11);
    for (int round = 0; round < 100; ++round) {
      auto ends = Socket::pair();
      Peer peer(ends.second.detach());
      ::lseek(fd, 0, SEEK_SET);
      auto task = create_task([](Socket& s, int from) -> Coro<std::uint64_t> { return sock_sendfile(s, from); },
                              std::ref(ends.first), fd);
      std::string got;
      auto take = [&] { got += peer.take(); };
      co_await cancel_somewhere(task, random, take);
      static_cast<void>(co_await outcome(task));
      ends.first.close();
      for (bool ended = false; !ended;) {
        got += peer.take(&ended);
        co_await sleep(0s);  // io_uring lets go of a cancelled wait, and so of the socket, in the next iteration
      }
      EXPECT_TRUE(got == pattern(got.size()));
      EXPECT_EQ(::lseek(fd, 0, SEEK_CUR), static_cast<off_t>(got.size()));
      if (HasFailure()) co_return;
    }
  }(file));
  ::close(file);
}

// Closed by one task, cancelled by another, or both.
TEST_F(SockCancelTest, ClosingAndCancellingInEitherOrder) {
  run([]() -> Coro<void> {
    Random random(12);
    for (int round = 0; round < 1000; ++round) {
      auto ends = Socket::pair();
      Peer peer(ends.second.detach());
      auto task = create_task(receive, std::ref(ends.first));
      auto close = [&] {
        if (random.below(2) == 0) peer.send("x");
        ends.first.close();
      };
      co_await cancel_somewhere(task, random, close);
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result.has_value() || result.cancelled() || failed_with<OSError>(result));
      EXPECT_FALSE(ends.first);
      if (HasFailure()) co_return;
    }
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
