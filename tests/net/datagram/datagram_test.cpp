// SPDX-License-Identifier: Apache-2.0
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/socket/sock_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"
#include "tests/support/temporary_directory.hpp"

#include <vector>

#include <sys/stat.h>

namespace corolla_tests {
namespace {

class DatagramTest : public NetTest {};

const SocketAddress kAnyPort = SocketAddress::ip("127.0.0.1", 0);

Coro<Datagram> receive(DatagramSocket& socket) { co_return co_await socket.recv_from(); }

TEST_F(DatagramTest, PingAndPong) {
  run([]() -> Coro<void> {
    DatagramSocket server = co_await open_datagram(kAnyPort);
    DatagramSocket client = co_await open_datagram(SocketAddress(), server.sockname());
    EXPECT_EQ(client.peername(), server.sockname());
    auto answering = create_task(
        [](DatagramSocket& s) -> Coro<void> {
          for (int i = 0; i < 3; ++i) {
            const Datagram datagram = co_await s.recv_from();
            co_await s.send_to(datagram.data, datagram.from);
          }
        },
        std::ref(server));
    for (const std::size_t size : {std::size_t{4}, std::size_t{0}, std::size_t{65507}}) {
      const std::string bytes = pattern(size);
      co_await client.send(bytes);
      const Datagram back = co_await client.recv_from();
      EXPECT_TRUE(back.data == bytes);
      EXPECT_EQ(back.from, server.sockname());
      EXPECT_FALSE(back.truncated());
    }
    co_await answering;
  }());
}

TEST_F(DatagramTest, WhatIsCutOffIsReported) {
  run([]() -> Coro<void> {
    DatagramSocket server = co_await open_datagram(kAnyPort);
    DatagramSocket client = co_await open_datagram(SocketAddress(), server.sockname());
    co_await client.send("0123456789");
    const Datagram cut = co_await server.recv_from(4);
    EXPECT_EQ(cut.data, "0123");
    EXPECT_EQ(cut.full_size, 10U);
    EXPECT_TRUE(cut.truncated());
  }());
}

TEST_F(DatagramTest, ForeignAddressesAreRefusedWhenConnected) {
  run([]() -> Coro<void> {
    DatagramSocket server = co_await open_datagram(kAnyPort);
    DatagramSocket client = co_await open_datagram(SocketAddress(), server.sockname());
    auto foreign = client.send_to("x", SocketAddress::ip("127.0.0.1", 9));
    const auto refused = co_await outcome(std::move(foreign));
    EXPECT_TRUE(failed_with<ValueError>(refused));
    co_await client.send_to("x", server.sockname());
    const Datagram got = co_await server.recv_from();
    EXPECT_EQ(got.data, "x");
    auto nowhere = server.send("x");
    const auto failed = co_await outcome(std::move(nowhere));
    EXPECT_EQ(os_error_of(failed.error()), std::errc::destination_address_required);
    auto too_long = client.send(std::string_view(std::string(65508, 'x')));
    const auto long_one = co_await outcome(std::move(too_long));
    EXPECT_TRUE(failed_with<OSError>(long_one));
  }());
}

TEST_F(DatagramTest, AnUnreachablePeerIsAnErrorAndTheSocketGoesOn) {
  run([]() -> Coro<void> {
    const SocketAddress nobody = bound_datagram_socket().sockname();
    DatagramSocket client = co_await open_datagram(SocketAddress(), nobody);
    for (int round = 0; round < 3; ++round) {
      co_await client.send("x");
      auto receiving = create_task(receive, std::ref(client));
      const auto result = co_await outcome(receiving);
      EXPECT_EQ(os_error_of(result.error()), std::errc::connection_refused);
    }
    Socket late = Socket::create(SocketAddress::Family::kIPv4, Socket::Type::kDatagram);
    late.bind(nobody);
    co_await client.send("hello");
    const std::string got = co_await sock_recv(late, 10);
    EXPECT_EQ(got, "hello");
  }());
}

// The peer does not receive; those who send wait in line and nothing is lost or reordered.
TEST_F(DatagramTest, ManySendersWaitInLine) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair(Socket::Type::kDatagram);
    DatagramSocket sender(std::move(ends.first));
    DatagramSocket receiver(std::move(ends.second));
    std::vector<Task<void>> sending;
    constexpr int kCount = 2000;
    for (int i = 0; i < kCount; ++i) {
      sending.push_back(create_task(
          [](DatagramSocket& s, int n) -> Coro<void> {
            const std::string text = std::to_string(n);
            co_await s.send(text);
          },
          std::ref(sender), i));
    }
    co_await sleep(0s);
    EXPECT_FALSE(sending.back().done());
    for (int i = 0; i < kCount; ++i) {
      const Datagram got = co_await receiver.recv_from();
      EXPECT_EQ(got.data, std::to_string(i));
    }
    for (auto& task : sending) co_await task;
  }());
}

TEST_F(DatagramTest, UnixPathsAndStaleFiles) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    const SocketAddress address = SocketAddress::unix_path(path);
    for (int round = 0; round < 2; ++round) {  // the second finds the first one's file
      DatagramSocket server = co_await open_datagram(address);
      DatagramSocket client = co_await open_datagram(SocketAddress(), address);
      co_await client.send("hello");
      const Datagram got = co_await server.recv_from();
      EXPECT_EQ(got.data, "hello");
      EXPECT_EQ(got.from, SocketAddress());
    }
    write_whole_file(path + ".txt", "no socket");
    auto refused = open_datagram(SocketAddress::unix_path(path + ".txt"));
    const auto result = co_await outcome(std::move(refused));
    EXPECT_EQ(os_error_of(result.error()), std::errc::address_in_use);
    EXPECT_EQ(read_whole_file(path + ".txt"), "no socket");
  }(directory / "socket"));
}

// A full queue that the kernel gives no word of ends in an error: neither a hang nor a busy loop.
TEST_F(DatagramTest, AUnixReceiverThatDoesNotKeepUp) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    const SocketAddress address = SocketAddress::unix_path(path);
    DatagramSocket server = co_await open_datagram(address);
    DatagramOptions options;
    options.family = SocketAddress::Family::kUnix;
    DatagramSocket client = co_await open_datagram(SocketAddress(), SocketAddress(), options);
    std::error_code error;
    for (int i = 0; i < 10'000 && !error; ++i) {
      auto sending = client.send_to("x", address);
      const auto result = co_await outcome(std::move(sending));
      error = os_error_of(result.error());
    }
    EXPECT_EQ(error, std::errc::no_buffer_space);
  }(directory / "socket"));
}

TEST_F(DatagramTest, OptionsAndAddressesAreChecked) {
  run([]() -> Coro<void> {
    auto nothing = open_datagram(SocketAddress());
    const auto no_family = co_await outcome(std::move(nothing));
    EXPECT_TRUE(failed_with<ValueError>(no_family));
    auto mixed = open_datagram(kAnyPort, SocketAddress::unix_path("/nowhere"));
    const auto two_families = co_await outcome(std::move(mixed));
    EXPECT_TRUE(failed_with<ValueError>(two_families));
    EXPECT_THROW(DatagramSocket(Socket::create(SocketAddress::Family::kIPv4)), ValueError);
    DatagramOptions options;
    options.reuse_port = true;
    options.allow_broadcast = true;
    DatagramSocket first = co_await open_datagram(kAnyPort, SocketAddress(), options);
    DatagramSocket second = co_await open_datagram(first.sockname(), first.sockname(), options);
    EXPECT_EQ(second.socket().option(SOL_SOCKET, SO_BROADCAST), 1);
    EXPECT_EQ(second.socket().peername(), SocketAddress());  // not connected
    EXPECT_EQ(second.peername(), first.sockname());
    options.reuse_port = false;
    auto taken = open_datagram(first.sockname(), SocketAddress(), options);
    const auto in_use = co_await outcome(std::move(taken));
    EXPECT_EQ(os_error_of(in_use.error()), std::errc::address_in_use);
  }());
}

TEST_F(DatagramTest, ClosingEndsTheWait) {
  run([]() -> Coro<void> {
    DatagramSocket socket = co_await open_datagram(kAnyPort);
    auto waiting = create_task(receive, std::ref(socket));
    co_await sleep(0s);
    socket.close();
    const auto result = co_await outcome(waiting);
    EXPECT_EQ(os_error_of(result.error()), std::errc::connection_aborted);
    auto late = create_task(receive, std::ref(socket));
    const auto closed = co_await outcome(late);
    EXPECT_EQ(os_error_of(closed.error()), std::errc::bad_file_descriptor);
  }());
}

TEST_F(DatagramTest, AThousandCancellationsLoseNoDatagram) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair(Socket::Type::kDatagram);
    DatagramSocket receiver(std::move(ends.second));
    int number = 0;
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto task = create_task(receive, std::ref(receiver));
      const std::string text = std::to_string(number++);
      auto send = [&] {
        EXPECT_EQ(::send(ends.first.descriptor(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
      };
      co_await rounds.disturb(task, send);
      auto result = co_await outcome(task);
      if (!result) result = co_await outcome(receive(receiver));
      EXPECT_EQ(result->data, text);
    };
    co_await a_thousand_rounds(21, round);
  }());
}

// Those in line behind a send that is cancelled have their turn.
TEST_F(DatagramTest, ACancelledSendLeavesTheLineInOrder) {
  run([]() -> Coro<void> {
    auto ends = Socket::pair(Socket::Type::kDatagram);
    DatagramSocket sender(std::move(ends.first));
    const int peer = ends.second.descriptor();
    const auto send = [](DatagramSocket& s, std::string_view text) -> Coro<void> { co_await s.send(text); };
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      std::size_t queued = 0;
      while (::send(sender.socket().descriptor(), "full", 4, MSG_DONTWAIT | MSG_NOSIGNAL) == 4) ++queued;
      auto first = create_task(send, std::ref(sender), std::string_view("one"));
      auto task = create_task(send, std::ref(sender), std::string_view("two"));
      auto last = create_task(send, std::ref(sender), std::string_view("three"));
      char bytes[16];
      auto make_room = [&] {
        for (; queued > 0; --queued) EXPECT_EQ(::recv(peer, bytes, sizeof bytes, MSG_DONTWAIT), 4);
      };
      co_await rounds.disturb(task, make_room);
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result || result.cancelled()) << result.error_message();
      co_await first;
      co_await last;
      std::string got;
      for (ssize_t size = 0; (size = ::recv(peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        got += std::string(bytes, static_cast<std::size_t>(size)) + ' ';
      EXPECT_EQ(got, result ? "one two three " : "one three ");
    };
    co_await a_thousand_rounds(22, round);
  }());
}

}  // namespace
}  // namespace corolla_tests
