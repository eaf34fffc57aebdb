// SPDX-License-Identifier: Apache-2.0
// Raw sockets: an echo server and its client, by hand.
//   connection, address = await loop.sock_accept(listening)
#include <corolla/corolla.hpp>

#include <array>
#include <cstdio>
#include <string>

using namespace corolla;

Coro<void> echo(Socket connection) {
  std::array<char, 4096> buffer;
  while (std::size_t count = co_await sock_recv_into(connection, buffer))
    co_await sock_sendall(connection, std::string_view(buffer.data(), count));
}

Coro<void> serve(Socket& listening, int clients) {
  for (int i = 0; i < clients; ++i) {
    auto [connection, from] = co_await sock_accept(listening);
    std::printf("a client of %s\n", from.host().c_str());
    co_await echo(std::move(connection));
  }
}

Coro<void> talk(SocketAddress address, std::string text) {
  Socket socket = Socket::create(address.family());
  co_await sock_connect(socket, address);
  co_await sock_sendall(socket, text);
  socket.shutdown(Socket::Direction::kSend);
  std::string answer;
  for (;;) {
    std::string bytes = co_await sock_recv(socket, 4096);
    if (bytes.empty()) break;  // the server closed, too
    answer += bytes;
  }
  std::printf("%s\n", answer.c_str());
}

Coro<void> amain() {
  Socket listening = Socket::create(SocketAddress::Family::kIPv4);
  listening.set_reuse_address(true);
  listening.bind(SocketAddress::ip("127.0.0.1", 0));
  listening.listen();
  auto serving = create_task(serve, std::ref(listening), 2);
  co_await talk(listening.sockname(), "hello");
  co_await talk(listening.sockname(), "world");
  co_await serving;

  auto [one, other] = Socket::pair();
  auto late = co_await outcome(wait_for(sock_recv(one, 10), std::chrono::milliseconds(1)));
  co_await sock_sendall(other, "still there");
  std::string text = co_await sock_recv(one, 100);
  std::printf("%s, then %s\n", late ? "in time" : "too late", text.c_str());
}

int main() { return run_main(amain()); }
