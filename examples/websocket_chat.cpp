// SPDX-License-Identifier: Apache-2.0
// A chat over WebSocket: a server that passes on what each client says, and two clients that take turns.
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <corolla/sync.hpp>
#include <iostream>
#include <set>
#include <string>

using namespace corolla;

class Room {
 public:
  Coro<http::ServerResponse> enter(http::ServerRequest& request) {
    auto ws = co_await http::accept_websocket(request);
    members_.insert(&ws);
    const std::string name(request.query());
    co_await say(name + " came");
    for (;;) {
      const auto message = co_await ws.receive();
      if (message.ends()) break;
      co_await say(name + ": " + message.data);
    }
    members_.erase(&ws);
    co_await say(name + " left");
    co_return request.respond();  // dropped: the request was answered by the upgrade
  }

 private:
  Coro<void> say(std::string text) {
    const std::set<http::WebSocket*> listeners = members_;
    for (http::WebSocket* ws : listeners)
      if (members_.contains(ws) && !ws->closed()) co_await ws->send_text(text);
  }

  std::set<http::WebSocket*> members_;
};

Coro<void> hear(http::WebSocket& ws, std::string who) {
  const std::string heard = co_await ws.receive_text();
  std::cout << who << " hears \"" << heard << "\"\n";
}

Coro<void> chat() {
  Room room;
  auto handler = [&room](http::ServerRequest& request) { return room.enter(request); };
  auto server = co_await http::serve(handler, "127.0.0.1", 0);
  const std::string url = "ws://127.0.0.1:" + std::to_string(server.port()) + "/?";

  http::Session session;
  http::ClientWebSocketOptions options;
  options.heartbeat = std::chrono::seconds(30);
  options.deflate.enabled = true;
  auto ada = co_await session.ws_connect(url + "ada", options);
  co_await hear(ada, "ada");
  auto bob = co_await session.ws_connect(url + "bob", options);
  co_await hear(ada, "ada");
  co_await hear(bob, "bob");

  co_await ada.send_text("hello bob");
  co_await hear(ada, "ada");
  co_await hear(bob, "bob");
  co_await bob.send_text("hello ada");
  co_await hear(bob, "bob");
  co_await hear(ada, "ada");

  co_await bob.close();
  co_await hear(ada, "ada");
  auto stopping = create_task(server.shutdown());  // tells those who are left
  const auto end = co_await ada.receive();
  std::cout << "ada is told " << end.code << '\n';
  co_await stopping;
  co_await session.close();
}

int main() { return run_main(chat()); }
