// SPDX-License-Identifier: Apache-2.0
// A forward proxy: CONNECT to a host opens a tunnel there. usage: http_connect_proxy [PORT]
// With a port it serves until Ctrl-C: curl --proxy http://127.0.0.1:PORT https://example.org/. Without one it shows itself at work.
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>

using namespace corolla;

// One direction, to its end, of which the other side is told; it may go on in the other one, unless it stands on TLS.
Coro<void> copy(ByteStream& from, ByteStream& to) {
  for (;;) {
    const std::string_view bytes = co_await from.receive();
    if (bytes.empty()) break;
    co_await to.send_all(bytes);
    from.consume(bytes.size());
  }
  if (to.can_send_eof()) to.send_eof();
  else to.close();
}

Coro<http::ServerResponse> proxy(http::ServerRequest& request) {
  const http::ConnectTarget target = http::connect_target(request);
  auto connecting = connect_tcp(target.host, target.port);
  auto connected = co_await outcome(std::move(connecting));
  if (!connected) co_return http::ServerResponse::error(502, connected.error_message());
  ByteStream there = std::move(*connected);
  ByteStream client = co_await http::accept_connect(request);
  auto both = [&](TaskGroup& group) -> Coro<void> {
    group.create_task(copy, std::ref(client), std::ref(there));
    group.create_task(copy, std::ref(there), std::ref(client));
    co_return;
  };
  const auto over = co_await outcome(task_group(both));
  if (over) client.close();  // who broke off finds the other side broken off, too: streams that are let go abort
  if (over) there.close();
  co_return request.respond();  // dropped: the request has been answered
}

// A server that knows nothing of HTTP, reached through the proxy.
Coro<void> show(std::uint16_t proxy_port) {
  auto shout = [](StreamReader reader, StreamWriter writer) -> Coro<void> {
    std::string line = co_await reader.readline();
    for (char& c : line) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    co_await writer.write(line);
  };
  auto server = co_await start_server(shout, "127.0.0.1", 0);
  auto [reader, writer] = co_await open_connection("127.0.0.1", proxy_port);
  const std::string authority = "127.0.0.1:" + std::to_string(server.port());
  co_await writer.write("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
  const std::string head = co_await reader.readuntil("\r\n\r\n");
  std::cout << head.substr(0, head.find('\r')) << '\n';
  co_await writer.write("hello, tunnel\n");
  std::cout << co_await reader.readline();
  server.close();
}

Coro<void> amain(std::uint16_t port) {
  auto server = co_await http::serve(proxy, "127.0.0.1", port);
  if (port != 0) {
    std::cout << "serving at " << server.url() << std::endl;
    co_await server.serve_forever();
  }
  co_await show(server.port());
  co_await server.shutdown();
}

int main(int argc, char** argv) {
  return run_main(amain(argc > 1 ? static_cast<std::uint16_t>(std::stoul(argv[1])) : std::uint16_t{0}));
}
