// SPDX-License-Identifier: Apache-2.0
// Clients that are malformed, too large, too slow, or after somebody else's request. Both backends.
#include "tests/http/server/server_test.hpp"

namespace corolla_tests {
namespace {

struct Case {
  const char* name;
  std::string request;
  int status;
};

std::vector<Case> refused_heads() {
  const std::string host = "Host: a\r\n";
  return {
      {"no HTTP", "hello\r\n\r\n", 400},
      {"TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"unknown version", "GET / HTTP/3.0\r\n" + host + "\r\n", 505},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"folded field", "GET / HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400},
      {"space before colon", "GET / HTTP/1.1\r\n" + host + "Content-Length : 5\r\n\r\n", 400},
      {"empty name", "GET / HTTP/1.1\r\n" + host + ": 5\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"both framings", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"list of lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\n", 400},
      {"signed length", "POST / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\n", 400},
      {"huge length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"coding without an end", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 400},
      {"unknown coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"NUL in a value", std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29), 400},
      {"long target", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {"long field", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'a') + "\r\n\r\n", 431},
      {"endless field", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'a'), 431},
  };
}

TEST_F(ServerTest, WhatIsNotHttpIsRefusedAndTheConnectionClosed) {
  run_test([this]() -> Coro<void> {
    int calls = 0;
    auto count = [&calls](ServerRequest&) -> Coro<ServerResponse> {
      ++calls;
      co_return ServerResponse(200, "reached");
    };
    auto server = co_await start(count);
    const std::vector<Case> cases = refused_heads();
    for (const Case& c : cases) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      // What follows must not be taken for a request.
      const Reply reply = co_await client.ask(c.request + get("/smuggled"));
      EXPECT_EQ(reply.status, c.status) << c.name;
      EXPECT_TRUE(reply.has("Connection: close")) << c.name;
      const auto client_ended = co_await client.ended();
      EXPECT_TRUE(client_ended) << c.name;
    }
    std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 300; ++i) many += "X: y\r\n";
    const Reply reply = co_await ask_once(server.port(), many + "\r\n");
    EXPECT_EQ(reply.status, 431);
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(reports.size(), 0U);
  });
}

TEST_F(ServerTest, TenMegabytesOfHeadAreNotKept) {
  run_test([]() -> Coro<void> {
    auto hello = [](ServerRequest&) -> Coro<ServerResponse> { co_return ServerResponse(200, "hello"); };
    auto server = co_await start(hello);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    while (head.size() < 10'000'000) head += "X-Filler: " + std::string(1000, 'f') + "\r\n";
    auto sending = client.send(std::move(head));
    auto sent = co_await outcome(std::move(sending));  // the server may give up on it before the end
    auto reading = client.read_reply();
    auto reply = co_await outcome(std::move(reading));
    EXPECT_TRUE(!sent || !reply || reply->status == 431);
    for (int i = 0; i < 1000 && server.connections() > 0; ++i) co_await sleep(10ms);
    EXPECT_EQ(server.connections(), 0U);
  });
}

Coro<ServerResponse> take_body(ServerRequest& request) {
  auto reading = request.read();
  const std::string body = co_await std::move(reading);
  co_return ServerResponse(200, std::to_string(body.size()));
}

TEST_F(ServerTest, MalformedChunksAre400AndNothingBehindThemIsARequest) {
  run_test([this]() -> Coro<void> {
    int calls = 0;
    auto count = [&calls](ServerRequest& request) -> Coro<ServerResponse> {
      ++calls;
      auto taking = take_body(request);
      co_return co_await std::move(taking);
    };
    auto server = co_await start(count);
    int sent = 0;
    for (const char* body : {"zz\r\nab\r\n0\r\n\r\n", "2\nab\n0\n\n", "2\r\nabc\r\n0\r\n\r\n", "-2\r\nab\r\n0\r\n\r\n",
                             "0x2\r\nab\r\n0\r\n\r\n", "fffffffffffffffff\r\nab", "2 \r\nab\r\n0\r\n\r\n",
                             "2\r\nab\r\n0\r\nX : y\r\n\r\n", "2\r\nab\r\n0\r\n\r\rGET"}) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      const Reply reply = co_await client.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                              std::string(body) + get("/smuggled"));
      EXPECT_EQ(reply.status, 400) << body;
      const auto client_ended = co_await client.ended();
      EXPECT_TRUE(client_ended) << body;
      ++sent;
    }
    EXPECT_EQ(calls, sent);
    EXPECT_EQ(reports.size(), 0U);
  });
}

TEST_F(ServerTest, BodiesAboveTheLimitAre413) {
  run_test([this]() -> Coro<void> {
    WebServerOptions options;
    options.max_body_bytes = 1000;
    auto server = co_await start(take_body, options);
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const Reply most = co_await ask_once(server.port(), post + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
    EXPECT_EQ(most.body, "1000");
    // Refused by the number alone, and not asked to continue.
    const Reply announced =
        co_await ask_once(server.port(), post + "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(announced.status, 413);
    EXPECT_TRUE(announced.has("Connection: close"));
    std::string chunks;
    for (int i = 0; i < 200; ++i) chunks += "a\r\n0123456789\r\n";
    const Reply chunked = co_await ask_once(server.port(), post + "Transfer-Encoding: chunked\r\n\r\n" + chunks);
    EXPECT_EQ(chunked.status, 413);
    auto raise = [](ServerRequest& request) -> Coro<ServerResponse> {
      request.set_max_body_bytes(5000);
      auto taking = take_body(request);
      co_return co_await std::move(taking);
    };
    auto generous = co_await start(raise, options);
    const Reply raised =
        co_await ask_once(generous.port(), post + "Content-Length: 5000\r\n\r\n" + std::string(5000, 'x'));
    EXPECT_EQ(raised.body, "5000");
    EXPECT_EQ(reports.size(), 0U);
  });
}

TEST_F(ServerTest, SlowHeadIs408AndAnIdleConnectionJustCloses) {
  run_test([]() -> Coro<void> {
    WebServerOptions options;
    options.header_timeout = 50ms;
    options.keepalive_timeout = 50ms;
    auto server = co_await start(take_body, options);
    {
      auto connecting = Client::connect(server.port());
      Client silent = co_await std::move(connecting);
      const auto silent_ended = co_await silent.ended();
      EXPECT_TRUE(silent_ended);
    }
    {
      auto connecting = Client::connect(server.port());
      Client slow = co_await std::move(connecting);
      const Reply reply = co_await slow.ask("GET / HTTP/1.1\r\nHost: a\r\nX");
      EXPECT_EQ(reply.status, 408);
      const auto slow_ended = co_await slow.ended();
      EXPECT_TRUE(slow_ended);
    }
    {
      auto connecting = Client::connect(server.port());
      Client kept = co_await std::move(connecting);
      const Reply first = co_await kept.ask(get("/"));
      EXPECT_EQ(first.status, 200);
      const auto kept_ended = co_await kept.ended();
      EXPECT_TRUE(kept_ended);  // no 408 for a request that nobody began
    }
    {
      // A byte now and then does not help: the time is the whole head's.
      auto connecting = Client::connect(server.port());
      Client drip = co_await std::move(connecting);
      const Reply first = co_await drip.ask(get("/"));
      EXPECT_EQ(first.status, 200);
      const std::string head = get("/", "X: " + std::string(5000, 'x') + "\r\n");
      bool sending = true;
      for (std::size_t at = 0; sending && at < head.size(); ++at) {
        auto one = drip.send(head.substr(at, 1));
        auto sent = co_await outcome(std::move(one));
        co_await sleep(5ms);
        sending = sent.has_value() && drip.stream().quiet() && server.connections() > 0;
      }
      EXPECT_FALSE(sending && server.connections() > 0);
    }
  });
}

TEST_F(ServerTest, SlowBodyIs408) {
  run_test([this]() -> Coro<void> {
    WebServerOptions options;
    options.body_timeout = 50ms;
    auto server = co_await start(take_body, options);
    const Reply reply = co_await ask_once(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    EXPECT_EQ(reply.status, 408);
    EXPECT_TRUE(reply.has("Connection: close"));
    EXPECT_EQ(reports.size(), 0U);
  });
}

TEST_F(ServerTest, ClientThatDoesNotReadIsCutOff) {
  run_test([this]() -> Coro<void> {
    WebServerOptions options;
    options.send_timeout = 50ms;
    auto large = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response;
      if (request.path() == "/text") response.set_text(std::string(50'000'000, 'x'));
      else
        response.set_producer([](http::BodyWriter& writer) -> Coro<void> {
          const std::string piece(100'000, 'x');
          for (;;) co_await writer.write(piece);
        });
      co_return response;
    };
    auto server = co_await start(large, options);
    for (const char* target : {"/text", "/endless"}) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      co_await client.send(get(target));
      for (int i = 0; i < 10 && server.connections() == 0; ++i) co_await sleep(1ms);
      for (int i = 0; i < 1000 && server.connections() > 0; ++i) co_await sleep(10ms);
      EXPECT_EQ(server.connections(), 0U) << target;
    }
    EXPECT_EQ(reports.size(), 0U) << reports.at(0);
  });
}

TEST_F(ServerTest, ClientThatGoesAwayIsNoError) {
  run_test([this]() -> Coro<void> {
    auto slow = [](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/body") {
        auto taking = take_body(request);
        co_return co_await std::move(taking);
      }
      co_await sleep(30ms);
      co_return ServerResponse(200, std::string(1'000'000, 'x'));
    };
    auto server = co_await start(slow);
    const std::vector<std::string> requests = {
        "GET", get("/"), "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
        "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"};
    for (const std::string& request : requests) {
      for (const bool reset : {false, true}) {
        auto connecting = Client::connect(server.port());
        Client client = co_await std::move(connecting);
        co_await client.send(request);
        co_await sleep(5ms);
        if (reset) client.stream().abort();
        else client.stream().close();
      }
    }
    for (int i = 0; i < 1000 && server.connections() > 0; ++i) co_await sleep(10ms);
    EXPECT_EQ(server.connections(), 0U);
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

TEST_F(ServerTest, LimitsOfRequestsAndConnections) {
  run_test([]() -> Coro<void> {
    WebServerOptions options;
    options.max_requests_per_connection = 2;
    options.max_connections = 1;
    auto server = co_await start(take_body, options);
    auto connecting = Client::connect(server.port());
    Client first = co_await std::move(connecting);
    const Reply one = co_await first.ask(get("/"));
    EXPECT_FALSE(one.has("Connection: close"));
    auto waiting = create_task(ask_once(server.port(), get("/")));  // in the kernel's queue
    const Reply two = co_await first.ask(get("/"));
    EXPECT_TRUE(two.has("Connection: close"));
    EXPECT_FALSE(waiting.done());
    const auto first_ended = co_await first.ended();
    EXPECT_TRUE(first_ended);
    const Reply other = co_await waiting;
    EXPECT_EQ(other.status, 200);
  });
}

}  // namespace
}  // namespace corolla_tests
