// SPDX-License-Identifier: Apache-2.0
// The server's bodies in both directions: their length, their end, what nobody reads. Both backends.
#include "tests/http/server/server_test.hpp"

namespace corolla_tests {
namespace {

TEST_F(ServerTest, BodiesWithoutLengthAreChunkedOrEndWithTheConnection) {
  run_test([this]() -> Coro<void> {
    int calls = 0;
    auto stream = [&calls](ServerRequest&) -> Coro<ServerResponse> {
      ServerResponse response;
      response.set_producer([&calls](http::BodyWriter& writer) -> Coro<void> {
        ++calls;
        co_await writer.write("first ");
        co_await writer.write("");
        co_await sleep(0s);
        co_await writer.write("second, of 26 characters--");
        EXPECT_EQ(writer.written(), 32U);
      });
      co_return response;
    };
    auto server = co_await start(stream);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply chunked = co_await client.ask(get("/"));
    EXPECT_EQ(chunked.body, "6\r\nfirst \r\n1a\r\nsecond, of 26 characters--\r\n0\r\n\r\n");
    EXPECT_EQ(chunked.field("Content-Length"), "");
    const Reply head = co_await client.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", true);
    EXPECT_TRUE(head.has("Transfer-Encoding: chunked"));
    EXPECT_EQ(calls, 1);  // not for HEAD
    const Reply plain = co_await client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(plain.body, "first second, of 26 characters--");
    EXPECT_TRUE(plain.has("Connection: close"));
    EXPECT_EQ(reports.size(), 0U);
  });
}

// Wherever the client stops, and however: the handler is told, and nothing is answered.
TEST_F(ServerTest, ABodyThatIsCutShortIsNoWholeOne) {
  run_test([this]() -> Coro<void> {
    int whole = 0;
    int cut = 0;
    auto read = [&](ServerRequest& request) -> Coro<ServerResponse> {
      auto reading = request.read();
      const auto body = co_await outcome(std::move(reading));
      body ? ++whole : ++cut;
      if (!body) std::rethrow_exception(body.error());
      co_return ServerResponse(200, *body);
    };
    auto server = co_await start(read);
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::string with_length = head + "Content-Length: 8\r\n\r\n";
    const std::string in_chunks = head + "Transfer-Encoding: chunked\r\n\r\n";
    int cuts = 0;
    const std::vector<std::pair<std::string, std::string>> requests = {{with_length, "12345678"},
                                                                       {in_chunks, "5\r\nhello\r\n0\r\n\r\n"}};
    for (const auto& [begin, body] : requests) {
      for (std::size_t size = 0; size < body.size(); ++size) {
        for (const bool abruptly : {false, true}) {
          auto connecting = Client::connect(server.port());
          Client client = co_await std::move(connecting);
          co_await client.send(begin + body.substr(0, size));
          if (abruptly) client.stream().abort();
          else client.stream().send_eof();
          if (!abruptly) {
            const auto rest = co_await client.read_to_end();
            EXPECT_EQ(rest.find("200"), std::string::npos) << body.substr(0, size) << ": " << rest;
          }
          ++cuts;
        }
      }
      const Reply reply = co_await ask_once(server.port(), begin + body);
      EXPECT_EQ(reply.status, 200);
    }
    co_await server.shutdown();
    EXPECT_GE(cut, cuts / 2) << "a head that a reset overtakes has no handler";
    EXPECT_EQ(whole, 2);
    EXPECT_EQ(reports.size(), 0U) << "a client that goes is no news";
  });
}

TEST_F(ServerTest, AnnouncedLengthIsKeptTo) {
  run_test([this]() -> Coro<void> {
    auto stream = [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response;
      const std::string piece(request.path() == "/short" ? 4 : request.path() == "/long" ? 6 : 5, 'x');
      response.set_producer([piece](http::BodyWriter& writer) -> Coro<void> { co_await writer.write(piece); }, 5);
      co_return response;
    };
    auto server = co_await start(stream);
    const Reply right = co_await ask_once(server.port(), get("/right"));
    EXPECT_EQ(right.body, "xxxxx");
    EXPECT_EQ(right.field("Content-Length"), "5");
    for (const char* target : {"/short", "/long"}) {
      auto connecting = Client::connect(server.port());
      Client client = co_await std::move(connecting);
      co_await client.send(get(target));
      auto reading = client.read_to_end();
      auto end = co_await outcome(std::move(reading));  // the end may come as a reset
      EXPECT_TRUE(!end || end->find("xxxxx") == std::string::npos) << target;
    }
    EXPECT_EQ(reports.size(), 2U);
  });
}

TEST_F(ServerTest, FailingProducerCutsTheBodyShort) {
  run_test([this]() -> Coro<void> {
    auto stream = [](ServerRequest&) -> Coro<ServerResponse> {
      ServerResponse response;
      response.set_producer([](http::BodyWriter& writer) -> Coro<void> {
        co_await writer.write("begun");
        throw ValueError("no more");
      });
      co_return response;
    };
    auto server = co_await start(stream);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    co_await client.send(get("/"));
    auto reading = client.read_to_end();
    auto end = co_await outcome(std::move(reading));
    EXPECT_TRUE(!end || !end->ends_with("0\r\n\r\n"));
    EXPECT_EQ(reports, (std::vector<std::string>{"Error producing a response's body: no more"}));
  });
}

TEST_F(ServerTest, LargeBodiesArriveWhole) {
  run_test([]() -> Coro<void> {
    std::string large;
    for (int i = 0; large.size() < 3'000'000; ++i) large += std::to_string(i);
    auto send = [&large](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response;
      if (request.path() == "/text") {
        response.set_text(large);
      } else {
        response.set_producer(
            [&large](http::BodyWriter& writer) -> Coro<void> {
              for (std::size_t at = 0; at < large.size(); at += 10'000)
                co_await writer.write(std::string_view(large).substr(at, 10'000));
            },
            large.size());
      }
      co_return response;
    };
    auto server = co_await start(send);
    for (const char* target : {"/text", "/stream"}) {
      const Reply reply = co_await ask_once(server.port(), get(target));
      EXPECT_TRUE(reply.body == large) << target << ": " << reply.body.size() << " bytes";
    }
  });
}

TEST_F(ServerTest, ExpectedContinueIsSentWhenTheHandlerReads) {
  run_test([]() -> Coro<void> {
    auto choose = [](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/refuse") co_return ServerResponse(403, "no");
      auto reading = request.read();
      std::string body = co_await std::move(reading);
      co_return ServerResponse(200, std::move(body));
    };
    auto server = co_await start(choose);
    const auto post = [](const char* path, const char* expect) {
      return std::string("POST ") + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: " + expect +
             "\r\n\r\n";
    };
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply interim = co_await client.ask(post("/", "100-continue"));
    EXPECT_EQ(interim.head, "HTTP/1.1 100 Continue\r\n\r\n");
    const Reply final = co_await client.ask("ok");
    EXPECT_EQ(final.body, "ok");
    // The body came along with the head: nobody waits for leave.
    const Reply unasked = co_await client.ask(post("/", "100-continue") + "ok");
    EXPECT_EQ(unasked.status, 200);
    const Reply refused = co_await client.ask(post("/refuse", "100-continue"));
    EXPECT_EQ(refused.status, 403);
    EXPECT_TRUE(refused.has("Connection: close"));  // whether the body comes is not known
    const auto client_ended = co_await client.ended();
    EXPECT_TRUE(client_ended);
    const Reply unknown = co_await ask_once(server.port(), post("/", "the-unexpected"));
    EXPECT_EQ(unknown.status, 417);
  });
}

TEST_F(ServerTest, WhatTheHandlerLeavesUnreadIsSkippedIfShort) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply skipped = co_await client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n");
    EXPECT_EQ(skipped.body, "hello");
    co_await client.send(std::string(30000, 'G'));
    const Reply next = co_await client.ask(get("/"));
    EXPECT_EQ(next.status, 200);
    const Reply chunked =
        co_await client.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
    EXPECT_FALSE(chunked.has("Connection: close"));  // it was all there
    const Reply large = co_await client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    EXPECT_TRUE(large.has("Connection: close"));
    EXPECT_EQ(large.body, "hello");
  });
}

TEST_F(ServerTest, ResponseIsNotLostWhenTheBodyIsNotRead) {
  run_test([]() -> Coro<void> {
    auto server = co_await start(hello);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    // Sent whole before the response is read: a plain close would reset the connection and lose it.
    auto sending =
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000'000, 'b'));
    co_await std::move(sending);
    const Reply reply = co_await client.read_reply();
    EXPECT_EQ(reply.body, "hello");
  });
}

}  // namespace
}  // namespace corolla_tests
