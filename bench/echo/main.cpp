// SPDX-License-Identifier: Apache-2.0
// The echo cases' servers: bench_echo bytes|streams|sockets|protocol  (the backend by COROLLA_BACKEND). Announces its port
// as its first line.
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

using namespace corolla;

namespace {

constexpr int kBacklog = 4096;

void announce(std::uint16_t port) {
  std::printf("PORT %u\n", unsigned{port});
  std::fflush(stdout);
}

Coro<void> serve(Server server) {
  announce(server.port());
  co_await server.serve_forever();
}

StreamServerOptions options() {
  StreamServerOptions result;
  result.backlog = kBacklog;
  return result;
}

// ByteStream: what protocol libraries use.
Coro<void> echo_bytes(ByteStream stream) {
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) co_return;
    co_await stream.send_all(bytes);
    stream.consume(bytes.size());
  }
}

Coro<void> serve_bytes() {
  Server server = co_await start_server(echo_bytes, "127.0.0.1", 0, options());
  co_await serve(std::move(server));
}

// StreamReader and StreamWriter.
Coro<void> echo_streams(StreamReader reader, StreamWriter writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(65536);
    if (bytes.empty()) co_return;
    co_await writer.write(bytes);
  }
}

Coro<void> serve_streams() {
  Server server = co_await start_server(echo_streams, "127.0.0.1", 0, options());
  co_await serve(std::move(server));
}

// A protocol and its transport.
class Echo final : public Protocol {
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(std::string_view data) override { transport_.write(data); }
  Transport transport_;
};

Coro<void> serve_protocol() {
  Server server = co_await create_server([] { return std::make_shared<Echo>(); }, "127.0.0.1", 0, options());
  co_await serve(std::move(server));
}

// sock_recv and sock_sendall.
Coro<void> echo_socket(Socket socket) {
  socket.set_no_delay(true);
  for (;;) {
    const std::string bytes = co_await sock_recv(socket, 65536);
    if (bytes.empty()) co_return;
    co_await sock_sendall(socket, bytes);
  }
}

Coro<void> serve_sockets() {
  Socket listening = Socket::create(SocketAddress::Family::kIPv4);
  listening.bind(SocketAddress::ip("127.0.0.1", 0));
  listening.listen(kBacklog);
  announce(listening.sockname().port());
  for (;;) {
    auto [socket, from] = co_await sock_accept(listening);
    create_task(echo_socket, std::move(socket));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view api = argc == 2 ? argv[1] : "";
  if (api == "bytes") return run_main(serve_bytes());
  if (api == "streams") return run_main(serve_streams());
  if (api == "protocol") return run_main(serve_protocol());
  if (api == "sockets") return run_main(serve_sockets());
  std::fprintf(stderr, "usage: bench_echo bytes|streams|sockets|protocol\n");
  return 2;
}
