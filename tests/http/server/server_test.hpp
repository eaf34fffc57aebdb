// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the server's tests share: a fixture that finds leaks, a server on a free port, a client that sends any bytes.
#pragma once

#include "tests/support/idle_resolver_threads.hpp"
#include "tests/support/open_descriptors.hpp"

#include <corolla/http/web_server.hpp>
#include <corolla/net/connect.hpp>
#include <corolla/runtime.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla_tests {

using namespace corolla;
using namespace std::chrono_literals;
using http::ServerRequest;
using http::ServerResponse;
using http::WebServer;
using http::WebServerOptions;

/// A response taken apart, as far as the tests need it.
struct Reply {
  Reply() {}
  int status = 0;
  std::string head;  // with the status line and the empty line
  std::string body;
  [[nodiscard]] bool has(std::string_view line) const {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
  }
  /// The value of the first field of this name (as the server writes it); "" without one.
  [[nodiscard]] std::string field(std::string_view name) const {
    const auto at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

/// A connection of a test. What it waits for has to come within ten seconds.
class Client {
 public:
  explicit Client(ByteStream stream) : stream_(std::move(stream)) { stream_.expires_after(10s); }
  [[nodiscard]] static Coro<Client> connect(std::uint16_t port) {
    auto connecting = connect_tcp("127.0.0.1", port);
    ByteStream stream = co_await std::move(connecting);
    co_return Client(std::move(stream));
  }

  Coro<void> send(std::string bytes) { co_await stream_.send_all(bytes); }
  /// Everything up to the end of the connection.
  Coro<std::string> read_to_end() {
    for (;;) {
      const std::string_view arrived = co_await stream_.receive();
      if (arrived.empty()) break;
    }
    co_return take(stream_.buffered().size());
  }
  /// One response; its body by Content-Length or to the end, a chunked one as it is on the wire.
  Coro<Reply> read_reply(bool to_head = false) {
    std::size_t end = std::string::npos;
    while ((end = stream_.buffered().find("\r\n\r\n")) == std::string::npos) {
      const std::string_view arrived = co_await stream_.receive();
      if (arrived.empty()) throw RuntimeError("the connection ended before a response");
    }
    Reply reply;
    reply.head = take(end + 4);
    reply.status = std::atoi(reply.head.c_str() + 9);
    if (to_head || reply.status == 204 || reply.status == 304 || reply.status == 100) co_return reply;
    if (reply.has("Transfer-Encoding: chunked")) {
      while ((end = stream_.buffered().find("0\r\n\r\n")) == std::string::npos) {
        const std::string_view arrived = co_await stream_.receive();
        if (arrived.empty()) throw RuntimeError("the connection ended inside the body");
      }
      reply.body = take(end + 5);
    } else if (const std::string length = reply.field("Content-Length"); !length.empty()) {
      const auto size = static_cast<std::size_t>(std::stoull(length));
      stream_.set_receive_limit(size + 65536);
      while (stream_.buffered().size() < size) {
        const std::string_view arrived = co_await stream_.receive();
        if (arrived.empty()) throw RuntimeError("the connection ended inside the body");
      }
      reply.body = take(size);
    } else {
      auto reading = read_to_end();
      reply.body = co_await std::move(reading);
    }
    co_return reply;
  }
  Coro<Reply> ask(std::string request, bool to_head = false) {
    co_await stream_.send_all(request);
    auto reading = read_reply(to_head);
    co_return co_await std::move(reading);
  }
  /// Nothing more comes, and the server closed.
  Coro<bool> ended() {
    const std::string_view arrived = co_await stream_.receive();
    co_return arrived.empty() && stream_.at_eof();
  }
  [[nodiscard]] ByteStream& stream() noexcept { return stream_; }

 private:
  std::string take(std::size_t count) {
    std::string bytes(stream_.buffered().substr(0, count));
    stream_.consume(count);
    return bytes;
  }
  ByteStream stream_;
};

inline std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

/// Asks on a connection of its own.
inline Coro<Reply> ask_once(std::uint16_t port, std::string request, bool to_head = false) {
  auto connecting = Client::connect(port);
  Client client = co_await std::move(connecting);
  auto asking = client.ask(std::move(request), to_head);
  co_return co_await std::move(asking);
}

inline Coro<ServerResponse> hello(ServerRequest&) { co_return ServerResponse(200, "hello"); }

/// Starts `handler` on a free port. Name the handler: a temporary closure that owns something is not safe.
template <class Handler>
Coro<WebServer> start(Handler& handler, WebServerOptions options = WebServerOptions()) {
  return http::serve(handler, "127.0.0.1", 0, std::move(options));
}

class ServerTest : public testing::Test {
 protected:
  /// Runs `body` in a fresh loop; nothing may be left behind. What the loop's exception handler hears is in `reports`.
  template <class Body>
  void run_test(Body body) {
    const auto descriptors = open_descriptors();
    const LiveObjects before = live_objects();
    auto main = [&]() -> Coro<void> {
      get_running_loop().set_exception_handler([this](EventLoop&, const ErrorContext& context) {
        reports.push_back(context.message + ": " + describe(context.exception));
      });
      co_await body();
    };
    run(main());
    wait_for_idle_resolver_threads();
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_EQ(live_objects().frames, before.frames);
    EXPECT_EQ(live_objects().futures, before.futures);
  }

  std::vector<std::string> reports;
};

}  // namespace corolla_tests
