// SPDX-License-Identifier: Apache-2.0
// Fields behind a body in HTTP/1.1, as they stand on the wire.
#include "tests/http/server/server_test.hpp"

#include <corolla/http/error.hpp>

namespace corolla_tests {
namespace {

class TrailersTest : public ServerTest {};

// The body and what came behind it, or which field of the head it came to be.
Coro<ServerResponse> tell_trailers(ServerRequest& request) {
  std::string text = request.trailers().empty() ? "" : "too early ";
  auto reading = request.read();
  text += co_await std::move(reading);
  for (const auto& [name, value] : request.trailers()) text.append(" ").append(name).append("=").append(value);
  if (request.headers().contains("X-Sum")) text += " in the head";
  co_return ServerResponse(200, text);
}

std::string post(std::string_view chunks, std::string_view fields = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + std::string(fields) + "\r\n" +
         std::string(chunks);
}

TEST_F(TrailersTest, OfRequests) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(tell_trailers);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply first = co_await client.ask(post("5\r\nhello\r\n0\r\nX-Sum: 12\r\nX-More: a, b\r\n\r\n"));
    EXPECT_EQ(first.body, "hello X-Sum=12 X-More=a, b");
    const Reply second = co_await client.ask(post("2\r\nhi\r\n0\r\n\r\n"));
    EXPECT_EQ(second.body, "hi") << "those of the first are forgotten";
    co_await server.shutdown();
  });
}

// A proxy that merged them would let a client say after the body what it must not say before it.
TEST_F(TrailersTest, ForbiddenOnesAreLeftOut) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(tell_trailers);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const std::string chunks =
        "2\r\nhi\r\n0\r\nContent-Length: 30\r\nHost: evil\r\nauthorization: Basic x\r\nCookie: a=b\r\nContent-Type: "
        "text/evil\r\nTE: x\r\n"
        "X-Sum: 1\r\nConnection: close\r\nExpect: 100-continue\r\nTrailer: y\r\nAuthorization: again\r\n\r\n";
    const Reply reply = co_await client.ask(post(chunks) + get("/next"));
    EXPECT_EQ(reply.body, "hi X-Sum=1");
    const Reply next = co_await client.read_reply();
    EXPECT_EQ(next.status, 200) << "the connection stays";
    co_await server.shutdown();
  });
}

TEST_F(TrailersTest, HostileOnesAreRefusedAndTheConnectionClosed) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(tell_trailers);
    std::string many;
    for (int i = 0; i < 300; ++i) many += "x: y\r\n";
    struct Case {
      std::string trailers;
      int status;
    };
    const std::vector<Case> cases = {
        {many, 431},
        {"x: " + std::string(9000, 'a') + "\r\n", 431},
        {"x y: z\r\n", 400},
        {": z\r\n", 400},
        {"x: a\r\n folded\r\n", 400},
        {"x: a\nb: c\r\n", 400},
        {std::string("x: a\0b\r\n", 8), 400},
        {"x: a\rb\r\n", 400},
        {"Transfer-Encoding: chunked\r\n", 400},
    };
    for (const Case& hostile : cases) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      co_await client.send(post("2\r\nhi\r\n0\r\n" + hostile.trailers + "\r\n") + get("/smuggled"));
      const Reply reply = co_await client.read_reply();
      EXPECT_EQ(reply.status, hostile.status) << hostile.trailers.substr(0, 40);
      const auto ended = co_await client.ended();
      EXPECT_TRUE(ended) << hostile.trailers.substr(0, 40);
    }
    co_await server.shutdown();
  });
}

// What the producer of a response adds, and whether its length is announced.
Coro<ServerResponse> add_trailers(ServerRequest& request) {
  ServerResponse response(200);
  response.headers().add("Trailer", "X-Sum");
  std::optional<std::uint64_t> length;
  if (request.path() == "/length") length = 2;
  const bool nothing = request.path() == "/nothing";
  response.set_producer(
      [nothing](http::BodyWriter& writer) -> Coro<void> {
        if (!nothing) co_await writer.write("hi");
        writer.add_trailer("X-Sum", "12");
        writer.add_trailer("X-Sum", "34");
      },
      length);
  co_return response;
}

TEST_F(TrailersTest, OfResponses) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(add_trailers);
    auto ask = [&](std::string request) -> Coro<std::string> {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      co_await client.send(std::move(request));
      co_return co_await client.read_to_end();
    };
    const std::string close = "Connection: close\r\n";
    const std::string chunked = co_await ask(get("/", close));
    EXPECT_TRUE(chunked.ends_with("\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 12\r\nX-Sum: 34\r\n\r\n")) << chunked;
    EXPECT_NE(chunked.find("\r\nTrailer: X-Sum\r\n"), std::string::npos) << chunked;
    const std::string empty = co_await ask(get("/nothing", close));
    EXPECT_TRUE(empty.ends_with("\r\n\r\n0\r\nX-Sum: 12\r\nX-Sum: 34\r\n\r\n")) << empty;
    const std::string measured = co_await ask(get("/length", close));
    EXPECT_TRUE(measured.ends_with("\r\n\r\nhi")) << measured;
    EXPECT_EQ(measured.find("X-Sum"), std::string::npos) << measured;
    const std::string old = co_await ask("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(old.ends_with("\r\n\r\nhi")) << old;
    EXPECT_EQ(old.find("X-Sum"), std::string::npos) << old;
    co_await server.shutdown();
  });
}

TEST_F(TrailersTest, WhatMustNotBeSentIsRefused) {
  run_test([]() -> Coro<void> {
    std::vector<std::string> refused;
    auto handler = [&](ServerRequest&) -> Coro<ServerResponse> {
      ServerResponse response(200);
      response.set_producer([&](http::BodyWriter& writer) -> Coro<void> {
        for (const char* name : {"Content-Length", "transfer-encoding", "Set-Cookie", "Location", "Content-Type"}) {
          try {
            writer.add_trailer(name, "1");
          } catch (const ValueError&) {
            refused.emplace_back(name);
          }
        }
        try {
          writer.add_trailer("X", "a\r\nY: b");
        } catch (const http::HeaderInjection&) {
          refused.emplace_back("injection");
        }
        co_await writer.write("hi");
      });
      co_return response;
    };
    auto server = co_await start(handler);
    const Reply reply = co_await ask_once(server.port(), get("/"));
    EXPECT_EQ(reply.body, "2\r\nhi\r\n0\r\n\r\n");
    const std::vector<std::string> all = {"Content-Length", "transfer-encoding", "Set-Cookie",
                                          "Location",       "Content-Type",      "injection"};
    EXPECT_EQ(refused, all);
    co_await server.shutdown();
  });
}

}  // namespace
}  // namespace corolla_tests
