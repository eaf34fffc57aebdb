// SPDX-License-Identifier: Apache-2.0
// Clients of HTTP/1.1 that break off at any byte, while they send or while they are answered. Both backends.
#include "tests/http/server/handler_cancellation_test.hpp"

#include <corolla/http/event_stream.hpp>

#include <algorithm>
#include <random>
#include <vector>

namespace corolla_tests {
namespace {

constexpr unsigned kSeeds = 400;

Coro<void> read_slowly(ServerRequest& request) {
  for (;;) {
    const std::string_view piece = co_await request.chunk();
    if (piece.empty()) break;
    const std::string copy(piece);
    co_await sleep(0s);
    EXPECT_EQ(piece, copy);
  }
}

Coro<ServerResponse> anything(ServerRequest& request) {
  const std::string_view path = request.path();
  if (path == "/read" || path == "/produce") co_await read_slowly(request);
  if (path == "/wait" || path == "/read") {
    Event never;
    co_await never.wait();
  }
  if (path == "/events") {
    co_return http::event_stream([](http::EventStream& events) -> Coro<void> {
      for (;;) {
        co_await events.send(std::string(3000, 'e'));
        co_await sleep(0s);
      }
    });
  }
  ServerResponse response(200, std::string(300'000, 'x'));
  if (path == "/produce") {
    response.set_producer([](http::BodyWriter& writer) -> Coro<void> {
      for (int i = 0; i < 50; ++i) {
        co_await writer.write(std::string(5000, 'p'));
        co_await sleep(0s);
      }
    });
  }
  co_return response;
}

std::string some_request(std::mt19937& random) {
  static const std::vector<std::string> paths = {"/text", "/read", "/wait", "/produce", "/events"};
  const std::string path = paths[random() % paths.size()];
  const std::string body(random() % 2000, 'b');
  const std::string head = "POST " + path + " HTTP/1.1\r\nHost: a\r\n";
  switch (random() % 3) {
    case 0: return get(path);
    case 1: return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    default:
      return head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n400\r\n" + std::string(1024, 'c') + "\r\n0\r\n\r\n";
  }
}

// What it sends, in which pieces, how much of the answer it takes, and how it goes: all from the seed.
Coro<void> break_off(std::uint16_t port, unsigned seed) {
  std::mt19937 random(seed);
  std::string wire;
  for (unsigned left = 1 + random() % 3; left > 0; --left) wire += some_request(random);
  if (random() % 2 == 0) wire.resize(random() % wire.size());
  auto connecting = Client::connect(port);
  Client client = co_await std::move(connecting);
  for (std::string_view rest = wire; !rest.empty();) {
    const std::string_view piece = rest.substr(0, 1 + random() % 1500);
    client.stream().send_nowait(piece);
    rest.remove_prefix(piece.size());
    for (unsigned turns = random() % 3; turns > 0; --turns) co_await sleep(0s);
  }
  const std::size_t wanted = random() % 3 == 0 ? random() % 20'000 : 0;
  client.stream().expires_after(20ms);  // there may be no answer to come
  for (std::size_t taken = 0; taken < wanted;) {
    const auto arrived = co_await outcome(client.stream().receive());
    if (!arrived || arrived->empty()) break;
    taken += arrived->size();
    client.stream().consume(client.stream().buffered().size());
  }
  kWaysToGo[random() % 3].go(client.stream());
  for (unsigned turns = random() % 5; turns > 0; --turns) co_await sleep(0s);
}

TEST_F(HandlerCancellationTest, ClientsBreakOffAtAnyByte) {
  run_test([this]() -> Coro<void> {
    WebServerOptions options;
    options.handler_cancellation = true;
    auto server = co_await start(anything, options);
    auto several = [&server](unsigned first) -> Coro<void> {
      for (unsigned seed = first; seed < kSeeds; seed += 4) {
        auto breaking = break_off(server.port(), seed);
        co_await std::move(breaking);
      }
    };
    auto all = [&several](TaskGroup& group) -> Coro<void> {
      for (unsigned first = 0; first < 4; ++first) group.create_task(several, first);
      co_return;
    };
    co_await task_group(all);
    const Reply reply = co_await ask_once(server.port(), get("/text", "Connection: close\r\n"));
    EXPECT_EQ(reply.body.size(), 300'000U) << "the server is as good as before";
    co_await all_ended(server);
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

}  // namespace
}  // namespace corolla_tests
