// SPDX-License-Identifier: Apache-2.0
/// \file
/// A proxy that opens tunnels (CONNECT) and does nothing else.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/connect.hpp>
#include <corolla/net/server.hpp>
#include <corolla/runtime.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::test {

/// Keeps what it was asked, heads whole. What is no CONNECT is refused with 405.
class TunnelProxy {
 public:
  Coro<void> start(ServerOptions options = ServerOptions()) {
    auto handler = [requests = requests_](ByteStream stream) { return serve(requests, std::move(stream)); };
    auto starting = start_server(handler, "127.0.0.1", 0, std::move(options));
    server_ = co_await std::move(starting);
  }
  [[nodiscard]] std::string url(std::string_view credentials = {}) const {
    return "http://" + std::string(credentials) + "127.0.0.1:" + std::to_string(server_.port());
  }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] const std::vector<std::string>& requests() const { return *requests_; }
  Coro<void> finish() {
    server_.close();
    server_.abort_clients();
    co_await server_.wait_closed();
  }

 private:
  using Requests = std::shared_ptr<std::vector<std::string>>;

  static Coro<void> relay(ByteStream& from, ByteStream& to) {
    for (;;) {
      const std::string_view bytes = co_await from.receive();
      if (bytes.empty()) break;
      to.send_nowait(bytes);
      from.consume(bytes.size());
      co_await to.drain();
    }
    if (to.can_send_eof()) to.send_eof();
    else to.close();
  }

  static Coro<void> serve(Requests requests, ByteStream client) {
    try {
      std::size_t end = std::string::npos;
      while ((end = client.buffered().find("\r\n\r\n")) == std::string::npos) {
        const std::string_view bytes = co_await client.receive();
        if (bytes.empty()) co_return;
      }
      const std::string head(client.buffered().substr(0, end + 4));
      client.consume(head.size());
      requests->push_back(head);
      const std::size_t colon = head.find(':');
      if (!head.starts_with("CONNECT ") || colon == std::string::npos) {
        co_await client.send_all("HTTP/1.1 405 Only tunnels\r\nContent-Length: 0\r\n\r\n");
        co_return;
      }
      const std::string host = head.substr(8, colon - 8);
      auto connecting = connect_tcp(host, static_cast<std::uint16_t>(std::stoul(head.substr(colon + 1))));
      ByteStream server = co_await std::move(connecting);
      co_await client.send_all("HTTP/1.1 200 Connection established\r\n\r\n");
      static_cast<void>(co_await gather(relay(client, server), relay(server, client)));
    } catch (const OSError&) {  // one of both went away
    }
  }

  Requests requests_ = std::make_shared<std::vector<std::string>>();
  Server server_;
};

}  // namespace corolla::test
