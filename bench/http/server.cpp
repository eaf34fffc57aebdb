// SPDX-License-Identifier: Apache-2.0
// The http cases' servers: bench_http hello|h2c|application|websocket  (the backend by COROLLA_BACKEND). Announces its port as its
// first line.
#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/app_runner.hpp>
#include <corolla/http/application.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/runtime.hpp>

#include <cstdio>
#include <string_view>
#include <utility>

using namespace corolla;

namespace {

http::WebServerOptions options() {
  http::WebServerOptions result;
  result.backlog = 4096;
  return result;
}

void announce(std::uint16_t port) {
  std::printf("PORT %u\n", unsigned{port});
  std::fflush(stdout);
}

Coro<void> announce_and_serve(http::WebServer server) {
  announce(server.port());
  co_await server.serve_forever();
}

void greet(http::ServerResponse& response) {
  response.headers().add("Content-Type", "text/plain");
  response.set_text("Hello, World!");
}

// A handler alone.
Coro<http::ServerResponse> hello(http::ServerRequest& request) {
  http::ServerResponse response = request.respond(request.path() == "/hello" ? 200 : 404);
  if (response.status() == 200) greet(response);
  co_return response;
}

Coro<void> serve_hello(bool h2c) {
  http::WebServerOptions chosen = options();
  chosen.h2c = h2c;
  auto server = co_await http::serve(hello, "127.0.0.1", 0, chosen);
  co_await announce_and_serve(std::move(server));
}

// An Application with a route.
Coro<http::ServerResponse> routed_hello(http::ServerRequest& request) {
  http::ServerResponse response = request.respond();
  greet(response);
  co_return response;
}

Coro<void> serve_application() {
  http::Application app;
  app.add_get("/hello", routed_hello);
  http::AppRunner runner(app, options());
  co_await runner.setup();
  co_await runner.start("127.0.0.1", 0);
  announce(runner.port());
  co_await runner.serve_forever();
}

// Each message goes back as it came.
Coro<http::ServerResponse> echo(http::ServerRequest& request) {
  http::ServerWebSocketOptions websocket;
  websocket.deflate.enabled = false;
  http::WebSocket ws = co_await http::accept_websocket(request, websocket);
  for (;;) {
    const http::WsMessage message = co_await ws.receive();
    if (message.ends()) break;
    if (message.type == http::WsMsgType::kText) {
      co_await ws.send_text(message.data);
    } else {
      co_await ws.send_bytes(message.data);
    }
  }
  co_return http::ServerResponse();
}

Coro<void> serve_websocket() {
  auto server = co_await http::serve(echo, "127.0.0.1", 0, options());
  co_await announce_and_serve(std::move(server));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view work = argc == 2 ? argv[1] : "";
  if (work == "hello") return run_main(serve_hello(false));
  if (work == "h2c") return run_main(serve_hello(true));
  if (work == "application") return run_main(serve_application());
  if (work == "websocket") return run_main(serve_websocket());
  std::fprintf(stderr, "usage: bench_http hello|h2c|application|websocket\n");
  return 2;
}
