// SPDX-License-Identifier: Apache-2.0
// What a request does on its way, told by a session's hooks: how it gets its connection, and each hop. The server is the
// example's own, so that it ends by itself.
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <memory>
#include <string>

using namespace corolla;

std::shared_ptr<http::TraceConfig> log_requests() {
  auto trace = std::make_shared<http::TraceConfig>();
  trace->on_request_start = [](http::TraceContext& context, const http::TraceRequestStartParams& start) {
    context.state = get_running_loop().time();
    std::cout << "> " << start.method << ' ' << start.url.path() << '\n';
  };
  trace->on_connection_create_end = [](auto&, const auto&) { std::cout << "  connected\n"; };
  trace->on_connection_reuseconn = [](auto&, const auto&) { std::cout << "  connected before\n"; };
  trace->on_request_redirect = [](auto&, const http::TraceRequestRedirectParams& redirect) {
    std::cout << "  " << redirect.status << " to " << redirect.location.path() << '\n';
  };
  trace->on_request_end = [](http::TraceContext& context, const http::TraceRequestEndParams& end) {
    const auto began = std::any_cast<EventLoop::time_point>(context.state);
    std::cout << "< " << end.response.status() << (get_running_loop().time() > began ? ", later\n" : "\n");
  };
  return trace;
}

Coro<http::ServerResponse> answer(http::ServerRequest& request) {
  if (request.path() == "/old") {
    http::ServerResponse moved(301);
    moved.headers().set("Location", "/new");
    co_return moved;
  }
  co_return http::ServerResponse(200, "here\n");
}

Coro<void> amain() {
  auto server = co_await http::serve(answer, "127.0.0.1", 0);
  http::SessionOptions options;
  options.trace_configs = {log_requests()};
  {
    http::Session session(options);
    auto response = co_await session.get(server.url() + "old");
    std::cout << co_await response.text();
  }
  co_await server.shutdown();
}

int main() { return run_main(amain()); }
