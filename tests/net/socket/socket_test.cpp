// SPDX-License-Identifier: Apache-2.0
#include "tests/net/socket/sock_test.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace corolla_tests {
namespace {

class SocketTest : public NetTest {};

TEST_F(SocketTest, IsNonBlockingAndClosedOnExec) {
  int plain[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, plain), 0);
  Socket sockets[] = {Socket::create(SocketAddress::Family::kIPv4), Socket::adopt(plain[0]), Socket::adopt(plain[1])};
  for (const Socket& socket : sockets) {
    EXPECT_TRUE(::fcntl(socket.descriptor(), F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(::fcntl(socket.descriptor(), F_GETFD) & FD_CLOEXEC);
  }
}

TEST_F(SocketTest, AcceptedOnesAreToo) {
  run([]() -> Coro<void> {
    Socket listening = listening_socket();
    Socket client = Socket::create(SocketAddress::Family::kIPv4);
    const SocketAddress address = listening.sockname();
    co_await sock_connect(client, address);
    auto [connection, from] = co_await sock_accept(listening);
    EXPECT_TRUE(::fcntl(connection.descriptor(), F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(::fcntl(connection.descriptor(), F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(from, client.sockname());
    EXPECT_EQ(client.peername(), address);
  }());
}

TEST_F(SocketTest, KnowsItsKind) {
  Socket datagram = Socket::create(SocketAddress::Family::kIPv4, Socket::Type::kDatagram);
  EXPECT_EQ(datagram.type(), Socket::Type::kDatagram);
  EXPECT_EQ(datagram.family(), SocketAddress::Family::kIPv4);
  auto ends = Socket::pair(Socket::Type::kSeqpacket);
  const Socket adopted = Socket::adopt(ends.first.detach());
  EXPECT_EQ(adopted.type(), Socket::Type::kSeqpacket);
  EXPECT_EQ(adopted.family(), SocketAddress::Family::kUnix);
}

TEST_F(SocketTest, WhatIsNoSocketStaysTheCallers) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_THROW(static_cast<void>(Socket::adopt(ends[0])), OSError);
  EXPECT_THROW(static_cast<void>(Socket::adopt(-1)), OSError);
  EXPECT_THROW(static_cast<void>(Socket::create(SocketAddress::Family::kUnspecified)), ValueError);
  EXPECT_EQ(::close(ends[0]), 0);
  EXPECT_EQ(::close(ends[1]), 0);
}

TEST_F(SocketTest, OptionsAreTheKernels) {
  Socket socket = Socket::create(SocketAddress::Family::kIPv6);
  socket.set_reuse_address(true);
  socket.set_reuse_port(true);
  socket.set_keep_alive(true);
  socket.set_broadcast(true);
  socket.set_no_delay(true);
  socket.set_ipv6_only(true);
  for (const int name : {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_BROADCAST})
    EXPECT_EQ(socket.option(SOL_SOCKET, name), 1) << name;
  EXPECT_EQ(socket.option(IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(socket.option(IPPROTO_IPV6, IPV6_V6ONLY), 1);
  socket.set_no_delay(false);
  EXPECT_EQ(socket.option(IPPROTO_TCP, TCP_NODELAY), 0);
  socket.set_send_buffer_size(20'000);
  socket.set_receive_buffer_size(30'000);
  EXPECT_EQ(socket.option(SOL_SOCKET, SO_SNDBUF), 40'000);
  EXPECT_EQ(socket.option(SOL_SOCKET, SO_RCVBUF), 60'000);
  EXPECT_THROW(socket.set_option(SOL_SOCKET, 9999, 1), OSError);
}

TEST_F(SocketTest, MovingAndDetachingLeaveNothingBehind) {
  Socket socket = Socket::create(SocketAddress::Family::kIPv4);
  const int descriptor = socket.descriptor();
  Socket moved = std::move(socket);
  EXPECT_FALSE(socket);  // NOLINT(bugprone-use-after-move): it is an empty one
  EXPECT_EQ(moved.descriptor(), descriptor);
  Peer taken(moved.detach());
  EXPECT_EQ(taken.descriptor(), descriptor);
  EXPECT_FALSE(moved);
  EXPECT_EQ(moved.detach(), -1);
  moved.close();
  EXPECT_NE(::fcntl(descriptor, F_GETFD), -1);
  EXPECT_THROW(moved.listen(), OSError);
  EXPECT_THROW(moved.bind(SocketAddress::ip("127.0.0.1", 0)), OSError);
  EXPECT_EQ(moved.sockname(), SocketAddress());
}

TEST_F(SocketTest, ErrorsNameTheAddress) {
  const Socket first = listening_socket();
  Socket second = Socket::create(SocketAddress::Family::kIPv4);
  try {
    second.bind(first.sockname());
    ADD_FAILURE() << "the port is taken";
  } catch (const OSError& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_NE(std::string(error.what()).find(first.sockname().to_string()), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace corolla_tests
