// SPDX-License-Identifier: Apache-2.0
// Datagrams: an echo server by awaiting, and one by a protocol, as asyncio's.
//   transport, protocol = await loop.create_datagram_endpoint(EchoServer, local_addr=("127.0.0.1", 9999))
#include <corolla/corolla.hpp>

#include <cstdio>
#include <memory>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> echo(DatagramSocket& socket) {
  for (;;) {
    Datagram datagram = co_await socket.recv_from();
    co_await socket.send_to(datagram.data, datagram.from);
  }
}

class EchoServer : public DatagramProtocol {
 public:
  void connection_made(DatagramTransport transport) override { transport_ = std::move(transport); }
  void datagram_received(std::string_view data, const SocketAddress& from) override { transport_.sendto(data, from); }

 private:
  DatagramTransport transport_;
};

// A datagram may get lost on its way: ask again.
Coro<std::string> ask(SocketAddress server, std::string question) {
  DatagramSocket socket = co_await open_datagram(SocketAddress(), server);
  for (int attempt = 0; attempt < 3; ++attempt) {
    co_await socket.send(question);
    auto answer = co_await outcome(wait_for(socket.recv_from(), 1s));
    if (answer) co_return answer->data;
  }
  throw TimeoutError("no answer");
}

Coro<void> amain() {
  DatagramSocket server = co_await open_datagram(SocketAddress::ip("127.0.0.1", 0));
  auto echoing = create_task(echo, std::ref(server));
  std::string first = co_await ask(server.sockname(), "hello");
  std::printf("%s\n", first.c_str());
  echoing.cancel();

  auto [transport, protocol] =
      co_await create_datagram_endpoint(std::make_shared<EchoServer>, SocketAddress::ip("127.0.0.1", 0));
  std::string second = co_await ask(transport.sockname(), "world");
  std::printf("%s\n", second.c_str());
  transport.close();

  DatagramSocket client = co_await open_datagram(SocketAddress(), server.sockname());
  server.close();
  co_await client.send("anybody?");
  auto nobody = co_await outcome(client.recv_from());
  std::printf("%s\n", nobody ? "somebody" : nobody.error_message().c_str());
}

int main() { return run_main(amain()); }
