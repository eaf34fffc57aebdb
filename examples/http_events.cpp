// SPDX-License-Identifier: Apache-2.0
// Server-sent events: a server that counts, and a client that comes back for more after each interruption.
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

// Two events at a time; who comes back says which one was the last.
Coro<http::ServerResponse> count(http::ServerRequest& request) {
  const int from = std::atoi(std::string(request.headers().get("Last-Event-ID", "0")).c_str());
  co_return http::event_stream([from](http::EventStream& events) -> Coro<void> {
    for (int i = from + 1; i <= from + 2; ++i) {
      const http::ServerSentEvent event("number " + std::to_string(i), "count", std::to_string(i));
      co_await events.send(event);
    }
  });
}

Coro<void> amain() {
  auto server = co_await http::serve(count, "127.0.0.1", 0);
  http::Session session;
  http::EventSourceOptions options;
  options.reconnect_time = 1ms;
  http::EventSource events(session, server.url(), options);
  for (int i = 0; i < 5; ++i) {
    auto event = co_await events.next();
    if (!event) break;
    std::cout << event->type << ": " << event->data << '\n';
  }
  events.close();
  co_await server.shutdown();
}

int main() { return run_main(amain()); }
