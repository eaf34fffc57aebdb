// SPDX-License-Identifier: Apache-2.0
//
// corolla's side of websockets_test.py: echoes messages, or has them echoed.
//   websocket_peer listen           says its port; sends back what it receives, for ever
//   websocket_peer connect URL [compress]   sends messages of many sizes and expects them back, then closes with 3000
#include <corolla/http.hpp>
#include <corolla/runtime.hpp>

#include <cstdio>
#include <string>
#include <string_view>

using namespace corolla;

namespace {

Coro<http::ServerResponse> echo(http::ServerRequest& request) {
  http::ServerWebSocketOptions options;
  options.protocols = {"echo"};
  auto accepting = http::accept_websocket(request, options);
  auto ws = co_await std::move(accepting);
  for (;;) {
    auto receiving = ws.receive();
    const auto message = co_await std::move(receiving);
    if (message.ends()) break;
    if (message.type == http::WsMsgType::kText) co_await ws.send_text(message.data);
    else co_await ws.send_bytes(message.data);
  }
  co_return request.respond();
}

Coro<void> listen_for_clients() {
  auto handler = echo;
  auto starting = http::serve(handler, "127.0.0.1", 0);
  auto server = co_await std::move(starting);
  std::printf("%u\n", static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  co_await server.serve_forever();
}

Coro<int> talk_to_server(std::string url, bool compress) {
  http::Session session;
  http::ClientWebSocketOptions options;
  options.protocols = {"echo"};
  options.deflate.enabled = compress;
  auto connecting = session.ws_connect(url, options);
  auto ws = co_await std::move(connecting);
  if (ws.compressed() != compress || ws.protocol() != "echo") co_return 3;
  for (const std::size_t size : {0, 1, 125, 126, 4096, 65535, 65536, 500'000}) {
    std::string text;
    while (text.size() < size) text += "a\xe2\x82\xac";
    co_await ws.send_text(text);
    auto receiving = ws.receive_text();
    const std::string got = co_await std::move(receiving);
    if (got != text) co_return 4;
    for (char& c : text) c = static_cast<char>(c * 37 + 200);
    co_await ws.send_bytes(text);
    auto receiving_bytes = ws.receive_bytes();
    const std::string got_bytes = co_await std::move(receiving_bytes);
    if (got_bytes != text) co_return 5;
  }
  co_await ws.ping("are you there?");
  auto closing = ws.close(3000, "done");
  co_await std::move(closing);
  std::printf("closed with %d\n", ws.close_code());
  co_return ws.close_code() == 3000 ? 0 : 6;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "listen") return run_main(listen_for_clients());
  if (mode == "connect" && argc > 2) return run_main(talk_to_server(argv[2], argc > 3));
  return 2;
}
