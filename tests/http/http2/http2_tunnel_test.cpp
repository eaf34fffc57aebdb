// SPDX-License-Identifier: Apache-2.0
// CONNECT in HTTP/2 (RFC 9113, section 8.5), and decisions about Expect. In memory, on a virtual clock.
#include "tests/http/http2/http2_test.hpp"

#include <corolla/http/upgrade.hpp>
#include <corolla/sync/event.hpp>

namespace corolla_tests {
namespace {

class Http2TunnelTest : public Http2Test {};

std::string connect(std::uint32_t id, std::string authority) {
  return headers(id, {{":method", "CONNECT"}, {":authority", std::move(authority)}}, false);
}

// Says back what it receives, until the client has said all.
Coro<ServerResponse> echo(ServerRequest& request) {
  if (request.method() != "CONNECT") co_return ServerResponse(200, "no tunnel");
  const http::ConnectTarget target = http::connect_target(request);
  if (target.port == 25) co_return ServerResponse::error(403);
  http::Headers fields;
  fields.add("x-target", target.host + " " + std::to_string(target.port));
  ByteStream stream = co_await http::accept_connect(request, fields);
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    co_await stream.send_all(bytes);
    stream.consume(bytes.size());
  }
  stream.close();
  co_return request.respond();  // dropped
}

TEST_F(Http2TunnelTest, AStreamIsATunnelBesideOthers) {
  run_and_destroy([]() -> Coro<void> {
    std::string log;
    WebServerOptions options;
    options.handler_cancellation = true;
    options.access_log = [&log](const http::AccessRecord& record) {
      log += std::string(record.method) + " " + std::string(record.target) + " " + std::to_string(record.status) + ";";
    };
    Served served(echo, options);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + connect(1, "Example.org:443") + data(1, "behind ") + get(3, "/") +
                       connect(5, "a:25"));
    const Message page = co_await peer.message(3);
    EXPECT_EQ(page.body, "no tunnel");
    const Message refused = co_await peer.message(5);
    EXPECT_EQ(refused.status(), "403");
    co_await peer.send(data(1, "the "));
    co_await turns(10);
    co_await peer.send(data(1, "head", true));
    const Message tunnel = co_await peer.message(1);
    EXPECT_EQ(tunnel.status(), "200");
    EXPECT_EQ(tunnel.field("x-target"), "example.org 443");
    EXPECT_EQ(tunnel.field("content-length"), "");
    EXPECT_EQ(tunnel.body, "behind the head");
    peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(log, "GET / 200;CONNECT a:25 403;CONNECT Example.org:443 200;");
  });
}

// Either side may end first; what the other one still says gets through.
TEST_F(Http2TunnelTest, HalvesEndByThemselves) {
  run_and_destroy([]() -> Coro<void> {
    std::string heard;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      ByteStream stream = co_await http::accept_connect(request);
      co_await stream.send_all("all I say");
      stream.send_eof();
      for (;;) {
        const std::string_view bytes = co_await stream.receive();
        if (bytes.empty()) break;
        heard += bytes;
        stream.consume(bytes.size());
      }
      stream.close();
      co_return request.respond();
    };
    heard.clear();
    Served served(handler);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + connect(1, "a:1"));
    const Message said = co_await peer.message(1);
    EXPECT_EQ(said.body, "all I say");
    EXPECT_EQ(said.reset, -1);
    co_await peer.send(data(1, "but I "));
    co_await turns(10);
    co_await peer.send(data(1, "go on", true));
    peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(heard, "but I go on");
  });
}

TEST_F(Http2TunnelTest, ItEndsWithItsHandler) {
  run([]() -> Coro<void> {
    struct Case {
      const char* way;
      int code;
    };
    // RFC 9113: CONNECT_ERROR is for connections that broke; NO_ERROR says that there is nothing more to be said.
    for (const Case& c : {Case{"let go", 10}, Case{"close", 0}, Case{"half close", 0}, Case{"throw", 10}}) {
      const std::string way = c.way;
      auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
        ByteStream stream = co_await http::accept_connect(request);
        co_await stream.send_all("said");
        if (way == "throw") throw OSError(ECONNRESET, "the other side");
        co_await sleep(1s);
        if (way == "close") stream.close();
        if (way == "half close") {
          stream.send_eof();
          co_await sleep(1s);
          stream.close();
        }
        co_return request.respond();
      };
      std::vector<std::string> reports;
      get_running_loop().set_exception_handler(
          [&](EventLoop&, const ErrorContext& context) { reports.push_back(context.message); });
      Served served(handler);
      RawPeer& peer = served.peer;
      co_await peer.send(preface() + connect(1, "a:1"));
      const Frame ended = co_await peer.next_of(kRstStream);
      EXPECT_EQ(ended.code(), static_cast<std::uint32_t>(c.code)) << way;
      EXPECT_EQ(reports.size(), way == "throw" ? 1U : 0U) << way;
      co_await peer.send(get(3, "/"));
      const Message next = co_await peer.message(3);
      EXPECT_EQ(next.status(), "405") << way;
      peer.stream().close();
      co_await served.serving;
    }
  }());
}

TEST_F(Http2TunnelTest, AResetIsAnErrorOfTheStream) {
  run([]() -> Coro<void> {
    std::vector<std::string> seen;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      ByteStream stream = co_await http::accept_connect(request);
      const auto received = co_await outcome(stream.receive());
      seen.push_back(received ? "bytes" : received.error_message());
      if (!received) std::rethrow_exception(received.error());
      co_return request.respond();
    };
    std::vector<std::string> reports;
    get_running_loop().set_exception_handler(
        [&](EventLoop&, const ErrorContext& context) { reports.push_back(context.message); });
    WebServerOptions options;
    options.handler_cancellation = true;  // is for handlers that do not look at a stream of their own
    Served served(handler, options);
    co_await served.peer.send(preface() + connect(1, "a:1") + connect(3, "a:1"));
    co_await turns(10);
    co_await served.peer.send(reset(1));
    co_await turns(10);
    served.peer.stream().abort();
    co_await served.serving;
    EXPECT_EQ(seen.size(), 2U);
    for (const std::string& error : seen) EXPECT_NE(error.find("onnection reset"), std::string::npos) << error;
    EXPECT_EQ(reports, std::vector<std::string>());
  }());
}

// The tunnel has windows as bodies have: who does not read is not sent more than they hold.
TEST_F(Http2TunnelTest, WindowsOpenAsTheHandlerReads) {
  run([]() -> Coro<void> {
    constexpr std::size_t kWindow = 256 * 1024;
    Event go;
    std::size_t size = 0;
    auto handler = [&](ServerRequest& request) -> Coro<ServerResponse> {
      ByteStream stream = co_await http::accept_connect(request);
      co_await go.wait();
      while (size < kWindow) {
        const std::string_view bytes = co_await stream.receive();
        size += bytes.size();
        stream.consume(bytes.size());
      }
      static_cast<void>(co_await stream.receive());
      co_return request.respond();
    };
    Served served(handler);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + connect(1, "a:1"));
    const Frame opens = co_await peer.next_of(kHeaders);  // and the settings before it, which are acknowledged
    EXPECT_EQ(opens.fields.front().second, "200");
    for (std::size_t sent = 0; sent < kWindow; sent += 16 * 1024)
      co_await peer.send(data(1, std::string(16 * 1024, 'x')));
    co_await turns(50);
    EXPECT_EQ(size, 0U);
    go.set();
    // As it was with bodies: a window is opened again once half of it was read.
    for (std::size_t opened = 0; opened < kWindow / 2;) {
      const std::uint32_t more = co_await peer.window_of(1);
      opened += more;
      EXPECT_LE(opened, kWindow);
    }
    co_await turns(50);
    EXPECT_EQ(size, kWindow);
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2TunnelTest, ThereIsNoUpgrade) {
  run([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      static_cast<void>(co_await http::upgrade(request, "echo"));
      co_return request.respond();
    };
    Served served(handler);
    co_await served.peer.send(preface() + get(1, "/"));
    const Message answer = co_await served.peer.message(1);
    EXPECT_EQ(answer.status(), "400");
    served.peer.stream().close();
    co_await served.serving;
  }());
}

}  // namespace
}  // namespace corolla_tests
