// SPDX-License-Identifier: Apache-2.0
//
// sock_connect: refused, by name, cancelled and joined, a listener that is full.
#include "tests/net/socket/sock_test.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class SockConnectTest : public NetTest {};

TEST_F(SockConnectTest, ConnectingIsRefused) {
  run([]() -> Coro<void> {
    const SocketAddress nobody = listening_socket().sockname();
    Socket socket = Socket::create(SocketAddress::Family::kIPv4);
    auto connecting = create_task([](Socket& s, SocketAddress a) -> Coro<void> { co_await sock_connect(s, a); },
                                  std::ref(socket), nobody);
    const auto result = co_await outcome(connecting);
    EXPECT_EQ(os_error_of(result.error()), std::errc::connection_refused);
  }());
}

TEST_F(SockConnectTest, ConnectsToNames) {
  run([]() -> Coro<void> {
    Socket listening = listening_socket();
    const std::uint16_t port = listening.sockname().port();
    Socket socket = Socket::create(SocketAddress::Family::kIPv4);
    auto connecting = sock_connect(socket, "localhost", port);
    co_await std::move(connecting);
    EXPECT_EQ(socket.peername(), listening.sockname());
    Socket other = Socket::create(SocketAddress::Family::kIPv6);
    auto wrong_family = sock_connect(other, "127.0.0.1", port);
    const auto result = co_await outcome(std::move(wrong_family));
    EXPECT_TRUE(failed_with<gaierror>(result));
  }());
}

TEST_F(SockConnectTest, AFullQueueOfAUnixListenerIsAnError) {
  run([]() -> Coro<void> {
    const SocketAddress address = SocketAddress::unix_path('\0' + ("corolla-full-queue-" + std::to_string(::getpid())));
    Socket listening = Socket::create(SocketAddress::Family::kUnix);
    listening.bind(address);
    listening.listen(0);
    std::vector<Socket> clients;
    std::error_code error;
    for (int i = 0; i < 8 && !error; ++i) {
      clients.push_back(Socket::create(SocketAddress::Family::kUnix));
      auto connecting = create_task([](Socket& s, SocketAddress a) -> Coro<void> { co_await sock_connect(s, a); },
                                    std::ref(clients.back()), address);
      const auto result = co_await outcome(connecting);
      error = os_error_of(result.error());
    }
    EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
  }());
}

}  // namespace
}  // namespace corolla_tests
