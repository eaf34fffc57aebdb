// SPDX-License-Identifier: Apache-2.0
//
// TLS streams that get more than their reader takes at a time: records are read one by one, in its turn.
#include "tests/net/tls/tls_test.hpp"

namespace corolla_tests {
namespace {

class TlsReadingTest : public NetTest {};

constexpr std::size_t kRecord = 16 * 1024;

// Whatever is sent arrives in one piece.
testkit::MemoryStreamOptions roomy() {
  testkit::MemoryStreamOptions options;
  options.capacity = std::size_t{1} << 20;
  return options;
}

Coro<TlsPair> roomy_pair() {
  auto shaking = shake_hands(client_context(), server_context(), to_host("localhost"), roomy());
  co_return co_await std::move(shaking);
}

TEST_F(TlsReadingTest, TheReaderGetsARecordsWorthAtATime) {
  run([]() -> Coro<void> {
    TlsPair pair = co_await roomy_pair();
    const std::string bytes = pattern(10 * kRecord + 100);
    co_await pair.client->send_all(bytes);
    std::size_t got = 0;
    while (got < bytes.size()) {
      const std::string_view some = co_await pair.server->receive();
      EXPECT_LT(some.size(), 2 * kRecord);
      EXPECT_TRUE(some == std::string_view(bytes).substr(got, some.size())) << "from " << got << " on";
      got += some.size();
      pair.server->consume(some.size());
    }
    EXPECT_EQ(got, bytes.size());
  }());
}

TEST_F(TlsReadingTest, SmallRecordsAreGivenTogether) {
  run([]() -> Coro<void> {
    TlsPair pair = co_await roomy_pair();
    for (int i = 0; i < 20; ++i) pair.client->send_nowait("a word ");
    const std::string_view some = co_await pair.server->receive();
    EXPECT_EQ(some.size(), 140U);
  }());
}

// What is left when the reader turns to other things is there when it comes back, and the end or the failure behind it.
TEST_F(TlsReadingTest, AnEndStandsBehindWhatIsLeft) {
  for (const bool cut : {false, true}) {
    run([](bool cut_short) -> Coro<void> {
      auto ends = testkit::memory_stream_pair(roomy());
      const FutureRef<StreamState> below = ends.first.state();
      auto shaking = shake_hands(std::move(ends.first), std::move(ends.second), client_context(), server_context());
      TlsPair pair = co_await std::move(shaking);
      const std::string bytes = pattern(5 * kRecord);
      co_await pair.client->send_all(bytes);
      if (cut_short) below->close();
      else pair.client->close();
      std::string got(co_await pair.server->receive());
      pair.server->consume(got.size());
      EXPECT_LT(got.size(), bytes.size());
      EXPECT_FALSE(pair.server->at_eof());
      co_await sleep(0s);
      auto rest = receive_all(*pair.server);
      got += co_await std::move(rest);
      EXPECT_TRUE(got == bytes);
      EXPECT_TRUE(pair.server->at_eof());
      EXPECT_EQ(pair.server->tls()->ended_cleanly(), !cut_short);
    }(cut));
  }
}

// Sends a reset and nothing before it, whatever operations the stream has in flight.
void disconnect(const ByteStream& stream) {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  EXPECT_EQ(::connect(stream.descriptor(), &nowhere, sizeof nowhere), 0);
}

TEST_F(TlsReadingTest, AFailureStandsBehindWhatIsLeft) {
  run([]() -> Coro<void> {
    TlsOverTcp ends = co_await tls_over_tcp();
    const std::string bytes = pattern(4 * kRecord);
    co_await ends.client.send_all(bytes);
    const std::string_view first = co_await ends.served.receive();
    std::size_t got = first.size();
    EXPECT_TRUE(first == std::string_view(bytes).substr(0, got));
    ends.served.consume(got);
    // The kernel drops what it has when the reset comes, but not what the stream has.
    disconnect(ends.client);
    std::exception_ptr error;
    while (!error) {
      const auto some = co_await outcome(ends.served.receive());
      if (some) {
        EXPECT_FALSE(some->empty()) << "a reset is no end";
        if (some->empty()) break;
        EXPECT_TRUE(*some == std::string_view(bytes).substr(got, some->size()));
        got += some->size();
        ends.served.consume(some->size());
      } else {
        error = some.error();
      }
    }
    EXPECT_TRUE(error);
  }());
}

TEST_F(TlsReadingTest, ClosingDropsWhatIsLeftAndFindsTheCloseNotifyBehindIt) {
  VirtualLoop virtual_loop;
  virtual_loop.loop().run_until_complete([](testkit::VirtualClock& clock) -> Coro<void> {
    TlsPair pair = co_await roomy_pair();
    const auto before = clock.elapsed();
    co_await pair.client->send_all(pattern(5 * kRecord));
    pair.client->close();
    const std::string_view some = co_await pair.server->receive();
    EXPECT_LT(some.size(), 5 * kRecord);
    pair.server->close();
    co_await pair.server->wait_closed();
    co_await pair.client->wait_closed();
    EXPECT_TRUE(pair.server->tls()->ended_cleanly());
    EXPECT_TRUE(pair.client->tls()->ended_cleanly());
    EXPECT_EQ(clock.elapsed(), before) << "nobody waited for a close_notify that was there";
  }(virtual_loop.clock()));
}

// An idle connection is quiet only if nothing is left, and learns of an end that stood behind its last bytes.
TEST_F(TlsReadingTest, WhatIsLeftIsSeenByAStreamThatIdles) {
  for (const bool more : {false, true}) {
    run([](bool unasked) -> Coro<void> {
      TlsPair pair = co_await roomy_pair();
      const std::string answer = pattern(kRecord);
      co_await pair.client->send_all(answer);
      if (unasked) co_await pair.client->send_all("what nobody asked for");
      else pair.client->close();
      const std::string_view some = co_await pair.server->receive();
      EXPECT_EQ(some.size(), kRecord) << "the rest stands behind it";
      pair.server->consume(some.size());
      EXPECT_FALSE(pair.server->quiet());
      pair.server->watch_idle();
      co_await sleep(0s);
      EXPECT_FALSE(pair.server->quiet());
      EXPECT_EQ(pair.server->at_eof(), !unasked);
    }(more));
  }
}

TEST_F(TlsReadingTest, ACancelledReaderLosesNothing) {
  run([]() -> Coro<void> {
    TlsPair pair = co_await roomy_pair();
    const std::string bytes = pattern(6 * kRecord);
    std::string got;
    auto take_one = [](ByteStream& stream, std::string& into) -> Coro<void> {
      const std::string_view some = co_await stream.receive();
      into += some;
      stream.consume(some.size());
    };
    auto waiting = create_task(take_one, std::ref(*pair.server), std::ref(got));
    co_await sleep(0s);
    waiting.cancel();
    co_await outcome(waiting);
    co_await pair.client->send_all(bytes);
    while (got.size() < bytes.size()) {
      auto task = create_task(take_one, std::ref(*pair.server), std::ref(got));
      co_await sleep(0s);
      task.cancel();
      co_await outcome(task);
    }
    EXPECT_TRUE(got == bytes);
  }());
}

}  // namespace
}  // namespace corolla_tests
