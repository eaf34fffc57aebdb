// SPDX-License-Identifier: Apache-2.0
//
// Each wait cancelled before it starts, in flight, and after completion but before resumption; and that no byte of a stream
// is lost by it.
#include "tests/net/cancel/cancel_rounds.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class CancelTest : public NetTest {};

Coro<std::string> receive_one(ByteStream& stream) { co_return std::string(co_await stream.receive()); }

TEST_F(CancelTest, ReceiveBeforeItStarts) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto never_run = create_task(receive_one(pair.stream));
    never_run.cancel();
    const auto never_run_outcome = co_await outcome(never_run);
    EXPECT_TRUE(never_run_outcome.cancelled());
    // The request is there when the wait begins.
    auto requested = create_task(
        [](ByteStream& s) -> Coro<std::string> {
          current_task().cancel();
          co_return std::string(co_await s.receive());
        },
        std::ref(pair.stream));
    const auto requested_outcome = co_await outcome(requested);
    EXPECT_TRUE(requested_outcome.cancelled());
    pair.peer.send("abc");
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "abc");
  }());
}

TEST_F(CancelTest, ReceiveInFlight) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    for (int round = 0; round < 1000; ++round) {
      auto task = create_task(receive_one(pair.stream));
      co_await sleep(0s);
      task.cancel();
      const auto task_outcome = co_await outcome(task);
      EXPECT_TRUE(task_outcome.cancelled());
      pair.peer.send("abc");
      const auto received = co_await pair.stream.receive();
      EXPECT_EQ(received, "abc");
      pair.stream.consume(3);
    }
  }());
}

// Both streams have bytes when the loop looks; whichever task comes first cancels the other, whose operation is complete
// or about to be.
TEST_F(CancelTest, ReceiveCompletedButNotResumed) {
  run([]() -> Coro<void> {
    for (int round = 0; round < 1000; ++round) {
      auto a = stream_pair();
      auto b = stream_pair();
      std::vector<Task<std::string>> tasks(2);
      const auto receive_and_cancel = [](ByteStream& s, std::vector<Task<std::string>>& all,
                                         std::size_t other) -> Coro<std::string> {
        const std::string_view bytes = co_await s.receive();
        all[other].cancel();
        co_return std::string(bytes);
      };
      tasks[0] = create_task(receive_and_cancel, std::ref(a.stream), std::ref(tasks), std::size_t{1});
      tasks[1] = create_task(receive_and_cancel, std::ref(b.stream), std::ref(tasks), std::size_t{0});
      co_await sleep(0s);
      a.peer.send("for a");
      b.peer.send("for b");
      const auto first = co_await outcome(tasks[0]);
      const auto second = co_await outcome(tasks[1]);
      EXPECT_NE(first.has_value(), second.has_value());
      if (first) {
        EXPECT_EQ(*first, "for a");
        const auto received = co_await b.stream.receive();
        EXPECT_EQ(received, "for b");
      } else {
        EXPECT_EQ(*second, "for b");
        const auto received2 = co_await a.stream.receive();
        EXPECT_EQ(received2, "for a");
      }
    }
  }());
}

TEST_F(CancelTest, AThousandSeededCancellationsLoseNoByte) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    auto send = [&](std::string_view bytes) { pair.peer.send(bytes); };
    co_await receive_rounds(42, pair.stream, send);
    pair.peer.shut_down_sending();
    const auto end = co_await pair.stream.receive();
    EXPECT_EQ(end, "");
  }());
}

TEST_F(CancelTest, SendInFlightLosesNoByteEither) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    Random random(7);
    std::size_t sent = 0;
    std::size_t received = 0;
    const auto take = [&] {
      const std::string bytes = pair.peer.take();
      EXPECT_TRUE(bytes == pattern(bytes.size(), received));
      received += bytes.size();
    };
    for (int round = 0; round < 1000; ++round) {
      const std::size_t size = 1 + random.below(400'000);
      auto task = create_task([](ByteStream& s, std::string bytes) -> Coro<void> { co_await s.send_all(bytes); },
                              std::ref(pair.stream), pattern(size, sent));
      const bool before_it_starts = random.below(8) == 0;
      if (before_it_starts) task.cancel();
      else sent += size;
      co_await sleep(0s);
      if (random.below(2) == 0) task.cancel();
      while (!task.done()) {
        take();
        co_await sleep(0s);
      }
      static_cast<void>(co_await outcome(task));
    }
    pair.stream.close();
    for (int quiet = 0; received < sent && quiet < 1'000'000; ++quiet) {
      take();
      co_await sleep(0s);
    }
    EXPECT_EQ(received, sent);
  }());
}

TEST_F(CancelTest, ConnectAtEachMoment) {
  run([]() -> Coro<void> {
    // A queue of one that is full: further connects stay in flight.
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const SocketAddress any = SocketAddress::ip("127.0.0.1", 0);
    ::bind(listening, static_cast<const sockaddr*>(any.data()), static_cast<socklen_t>(any.size()));
    ::listen(listening, 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listening, reinterpret_cast<sockaddr*>(&bound), &size);
    const SocketAddress address(&bound, size);
    std::vector<Task<ByteStream>> waiting;
    for (int i = 0; i < 8; ++i) waiting.push_back(create_task(connect_to(address)));
    for (int i = 0; i < 4; ++i) co_await sleep(1ms);
    int pending = 0;
    for (auto& task : waiting) {
      if (!task.done()) ++pending;
      task.cancel();
    }
    EXPECT_GT(pending, 0);
    for (auto& task : waiting) static_cast<void>(co_await outcome(std::move(task)));
    ::close(listening);

    auto before = create_task(connect_to(address));
    before.cancel();
    const auto before_outcome = co_await outcome(std::move(before));
    EXPECT_TRUE(before_outcome.cancelled());
  }());
}

Coro<void> hold(ByteStream stream) {
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    stream.consume(bytes.size());
  }
}

TEST_F(CancelTest, ConnectsCancelledAtRandomLeakNothing) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(hold, "127.0.0.1", 0);
    Random random(3);
    for (int round = 0; round < 1000; ++round) {
      auto task = create_task(connect_tcp("127.0.0.1", server.port()));
      for (std::size_t i = random.below(5); i > 0; --i) co_await sleep(0s);
      task.cancel();
      static_cast<void>(co_await outcome(std::move(task)));
    }
    // A server that closes while connections stand in its queue.
    std::vector<Task<ByteStream>> late;
    for (int i = 0; i < 20; ++i) late.push_back(create_task(connect_tcp("127.0.0.1", server.port())));
    co_await sleep(0s);
    co_await sleep(0s);
    server.close();
    for (auto& task : late) static_cast<void>(co_await outcome(std::move(task)));
    co_await server.wait_closed();
    EXPECT_EQ(server.connections(), 0U);
  }());
}

TEST_F(CancelTest, DrainAndCloseWaits) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.stream.send_nowait(pattern(2'000'000));
    auto draining = create_task([](ByteStream& s) -> Coro<void> { co_await s.drain(); }, std::ref(pair.stream));
    auto sending = create_task([](ByteStream& s) -> Coro<void> { co_await s.send_all("x"); }, std::ref(pair.stream));
    co_await sleep(0s);
    draining.cancel();
    sending.cancel();
    const auto draining_outcome = co_await outcome(draining);
    EXPECT_TRUE(draining_outcome.cancelled());
    const auto sending_outcome = co_await outcome(sending);
    EXPECT_TRUE(sending_outcome.cancelled());
    pair.stream.close();
    auto closing = create_task([](ByteStream& s) -> Coro<void> { co_await s.wait_closed(); }, std::ref(pair.stream));
    co_await sleep(0s);
    closing.cancel();
    const auto closing_outcome = co_await outcome(closing);
    EXPECT_TRUE(closing_outcome.cancelled());
    std::size_t got = 0;
    for (bool ended = false; !ended;) {
      got += pair.peer.take(&ended).size();
      co_await sleep(0s);
    }
    EXPECT_EQ(got, 2'000'001U);
  }());
}

}  // namespace
}  // namespace corolla_tests
