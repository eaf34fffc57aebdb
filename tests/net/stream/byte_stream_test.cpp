// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"
#include "tests/support/expected_backend.hpp"

#include <corolla/testkit/virtual_clock.hpp>

#include <vector>

namespace corolla_tests {
namespace {

class ByteStreamTest : public NetTest {};

TEST_F(ByteStreamTest, TheForcedBackendIsInUse) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.peer.send("x");
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "x");
    EXPECT_EQ(get_running_loop().backend(), expected_backend());
  }());
}

TEST_F(ByteStreamTest, ReceiveReturnsWhatIsNewAndBufferedKeepsTheRest) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("hello");
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "hello");
    pair.stream.consume(3);
    pair.peer.send(" world");
    const auto received2 = co_await pair.stream.receive();
    EXPECT_EQ(received2, " world");
    EXPECT_EQ(pair.stream.buffered(), "lo world");
    pair.stream.consume(8);
    EXPECT_FALSE(pair.stream.at_eof());
    pair.peer.shut_down_sending();
    const auto received3 = co_await pair.stream.receive();
    EXPECT_EQ(received3, "");
    const auto received4 = co_await pair.stream.receive();
    EXPECT_EQ(received4, "");
    EXPECT_TRUE(pair.stream.at_eof());
    co_await pair.stream.send_all("half", " ", "closed");
    EXPECT_EQ(pair.peer.take(), "half closed");
  }());
}

TEST_F(ByteStreamTest, BytesAndTheEndMayArriveTogether) {
  run([]() -> Coro<void> {
    for (int round = 0; round < 20; ++round) {
      auto pair = co_await tcp_pair();
      pair.peer.send("last words");
      pair.peer.close();
      const auto received = co_await pair.stream.receive();
      EXPECT_EQ(received, "last words");
      const auto received2 = co_await pair.stream.receive();
      EXPECT_EQ(received2, "");
    }
  }());
}

TEST_F(ByteStreamTest, ConsumeKeepsViewsAndTheBufferGrows) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    const std::string sent = pattern(300'000);
    std::size_t given = 0;
    std::size_t consumed = 0;
    while (pair.stream.buffered().size() < 200'000) {
      given += pair.peer.send_some(std::string_view(sent).substr(given));
      co_await pair.stream.receive();
    }
    const std::string_view view = pair.stream.buffered();
    pair.stream.consume(150'000);
    EXPECT_EQ(view, std::string_view(sent).substr(0, view.size()));
    consumed = 150'000;
    pair.peer.shut_down_sending();  // after this nothing more
    while (!(co_await pair.stream.receive()).empty()) {
    }
    EXPECT_EQ(pair.stream.buffered(), std::string_view(sent).substr(consumed, given - consumed));
  }());
}

TEST_F(ByteStreamTest, TheReceiveLimitStopsAFloodThatNobodyConsumes) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.stream.set_receive_limit(10);
    pair.peer.send("0123456789abc");
    co_await pair.stream.receive();
    auto receiving = pair.stream.receive();
    try {
      co_await std::move(receiving);
      ADD_FAILURE();
    } catch (const LimitOverrunError& error) {
      EXPECT_EQ(error.consumed(), 13U);
    }
    pair.stream.consume(13);
    pair.peer.send("d");
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "d");
  }());
}

TEST_F(ByteStreamTest, OneReceiverAtATime) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto first = create_task([](ByteStream& s) -> Coro<std::string> { co_return std::string(co_await s.receive()); },
                             std::ref(pair.stream));
    co_await sleep(0s);
    try {
      co_await pair.stream.receive();
      ADD_FAILURE();
    } catch (const RuntimeError&) {
    }
    pair.peer.send("for the first");
    const auto first_value = co_await first;
    EXPECT_EQ(first_value, "for the first");
  }());
}

TEST_F(ByteStreamTest, SendAllWaitsUntilTheKernelHasEverything) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    const std::string sent = pattern(8'000'000);
    auto sending = create_task(
        [](ByteStream& s, const std::string& bytes) -> Coro<void> {
          const std::string_view all = bytes;
          co_await s.send_all(all.substr(0, 1), all.substr(1, 70'000), "", all.substr(70'001));
          EXPECT_EQ(s.unsent(), 0U);
          s.close();
        },
        std::ref(pair.stream), std::cref(sent));
    std::string got;
    for (bool ended = false; !ended;) {
      co_await sleep(0s);
      got += pair.peer.take(&ended);
    }
    EXPECT_TRUE(got == sent);
    co_await sending;
  }());
}

// Short pieces are brought together, longer ones are not.
TEST_F(ByteStreamTest, PiecesOfAnySizeArriveInTheirOrder) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    for (const std::size_t size : {0U, 1U, 510U, 511U, 512U, 513U, 1024U, 1025U, 3000U}) {
      const std::string first = pattern(size);
      const std::string second = pattern(512, 7);
      co_await pair.stream.send_all(first, second, "!");
      EXPECT_EQ(pair.peer.take(), first + second + "!");
    }
  }());
}

TEST_F(ByteStreamTest, DrainWaitsForTheLowMark) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.stream.set_write_limits(100'000, 10);
    pair.stream.send_nowait(pattern(3'000'000));
    EXPECT_GT(pair.stream.unsent(), 100'000U);
    auto draining = create_task(
        [](ByteStream& s) -> Coro<std::size_t> {
          co_await s.drain();
          co_return s.unsent();
        },
        std::ref(pair.stream));
    co_await sleep(0s);
    EXPECT_FALSE(draining.done());
    std::size_t got = 0;
    while (got < 3'000'000) {
      got += pair.peer.take().size();
      co_await sleep(0s);
    }
    const auto draining_value = co_await draining;
    EXPECT_LE(draining_value, 10U);
    EXPECT_THROW(pair.stream.set_write_limits(1, 2), ValueError);
  }());
}

TEST_F(ByteStreamTest, CloseSendsTheRestEvenWithoutItsOwner) {
  run([]() -> Coro<void> {
    Peer peer(-1);
    {
      auto pair = stream_pair();
      pair.stream.send_nowait(pattern(2'000'000));
      EXPECT_GT(pair.stream.unsent(), 0U);
      pair.stream.close();
      EXPECT_TRUE(pair.stream.is_closing());
      EXPECT_THROW(pair.stream.send_nowait("more"), RuntimeError);
      peer = std::move(pair.peer);
    }
    std::string got;
    for (bool ended = false; !ended;) {
      co_await sleep(0s);
      got += peer.take(&ended);
    }
    EXPECT_TRUE(got == pattern(2'000'000));
  }());
}

TEST_F(ByteStreamTest, WaitClosedEndsBehindTheLastByte) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.stream.send_nowait(pattern(2'000'000));
    pair.stream.close();
    auto waiting = create_task([](ByteStream& s) -> Coro<void> { co_await s.wait_closed(); }, std::ref(pair.stream));
    co_await sleep(0s);
    EXPECT_FALSE(waiting.done());
    std::size_t got = 0;
    while (!waiting.done()) {
      got += pair.peer.take().size();
      co_await sleep(0s);
    }
    co_await waiting;
    for (bool ended = false; !ended;) {
      got += pair.peer.take(&ended).size();
      co_await sleep(0s);
    }
    EXPECT_EQ(got, 2'000'000U);
    co_await pair.stream.wait_closed();
  }());
}

TEST_F(ByteStreamTest, AbortWakesEverybody) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.stream.send_nowait(pattern(2'000'000));
    auto receiving = create_task(
        [](ByteStream& s) -> Coro<std::string> { co_return std::string(co_await s.receive()); }, std::ref(pair.stream));
    auto sending = create_task([](ByteStream& s) -> Coro<void> { co_await s.send_all("x"); }, std::ref(pair.stream));
    co_await sleep(0s);
    pair.stream.abort();
    const auto receiving_outcome = co_await outcome(receiving);
    EXPECT_NE(receiving_outcome.error_message().find("closed"), std::string::npos);
    const auto sending_outcome = co_await outcome(sending);
    EXPECT_NE(sending_outcome.error_message().find("closed"), std::string::npos);
    bool ended = false;
    for (int i = 0; i < 1000 && !ended; ++i) {
      co_await sleep(0s);
      while (!pair.peer.take(&ended).empty()) {
      }
    }
    EXPECT_TRUE(ended);
  }());
}

TEST_F(ByteStreamTest, AStreamMayBeDestroyedUnderItsReader) {
  run([]() -> Coro<void> {
    auto pair = std::make_unique<StreamAndPeer>(stream_pair());
    auto receiving = create_task([](ByteStream& s) -> Coro<void> { co_await s.receive(); }, std::ref(pair->stream));
    co_await sleep(0s);
    pair.reset();
    const auto receiving_outcome = co_await outcome(receiving);
    EXPECT_FALSE(receiving_outcome);
  }());
}

TEST_F(ByteStreamTest, ADeadlineEndsWaitsAndCostsNothingWhileItMoves) {
  EventLoopOptions options;
  auto clock = std::make_shared<testkit::VirtualClock>();
  options.clock = clock;
  run(
      [](std::shared_ptr<testkit::VirtualClock> time) -> Coro<void> {
        auto pair = stream_pair();
        pair.stream.expires_after(5s);
        auto receiving =
            create_task([](ByteStream& s) -> Coro<std::string> { co_return std::string(co_await s.receive()); },
                        std::ref(pair.stream));
        co_await sleep(0s);
        time->advance(4s);
        co_await sleep(0s);
        co_await sleep(0s);
        pair.stream.expires_after(5s);  // until 9 s
        time->advance(4s);              // 8 s: the timer of 5 s fires for nothing
        for (int i = 0; i < 4; ++i) co_await sleep(0s);
        EXPECT_FALSE(receiving.done());
        time->advance(1s);
        const auto receiving_outcome = co_await outcome(receiving);
        EXPECT_TRUE(failed_with<TimeoutError>(receiving_outcome));

        pair.stream.never_expires();
        pair.stream.send_nowait(pattern(2'000'000));
        pair.stream.expires_after(1s);
        auto sending = create_task([](ByteStream& s) -> Coro<void> { co_await s.drain(); }, std::ref(pair.stream));
        co_await sleep(0s);
        time->advance(2s);
        const auto sending_outcome = co_await outcome(sending);
        EXPECT_TRUE(failed_with<TimeoutError>(sending_outcome));
        // Bytes that came in time are not lost, and a new deadline opens the stream again.
        pair.stream.expires_after(1s);
        pair.peer.send("late");
        const auto received = co_await pair.stream.receive();
        EXPECT_EQ(received, "late");
      }(clock),
      options);
}

TEST_F(ByteStreamTest, AClosingStreamWhosePeerTakesNothingEndsAtItsDeadline) {
  EventLoopOptions options;
  auto clock = std::make_shared<testkit::VirtualClock>();
  options.clock = clock;
  run(
      [](std::shared_ptr<testkit::VirtualClock> time) -> Coro<void> {
        auto pair = stream_pair();
        pair.stream.send_nowait(pattern(2'000'000));
        pair.stream.close();
        pair.stream.expires_after(1s);
        auto waiting =
            create_task([](ByteStream& s) -> Coro<void> { co_await s.wait_closed(); }, std::ref(pair.stream));
        co_await sleep(0s);
        time->advance(2s);
        const auto waiting_outcome = co_await outcome(waiting);
        EXPECT_FALSE(waiting_outcome);
      }(clock),
      options);
}

TEST_F(ByteStreamTest, AnIdleStreamNoticesWhatThePeerDoes) {
  run([]() -> Coro<void> {
    for (const int what : {0, 1, 2}) {
      auto pair = co_await tcp_pair();
      pair.peer.send("reply");
      co_await pair.stream.receive();
      pair.stream.consume(5);
      pair.stream.watch_idle();
      co_await sleep(1ms);
      EXPECT_TRUE(pair.stream.quiet());
      if (what == 0) pair.peer.close();
      if (what == 1) pair.peer.send("unasked for");
      if (what == 2) pair.peer.reset();
      while (pair.stream.quiet()) co_await sleep(1ms);
      if (what == 1) {
        const auto received = co_await pair.stream.receive();
        EXPECT_EQ(received, "unasked for");
      }
    }
    // Reused, it stays quiet.
    auto pair = co_await tcp_pair();
    for (int round = 0; round < 3; ++round) {
      pair.peer.send("reply");
      const auto received2 = co_await pair.stream.receive();
      EXPECT_EQ(received2, "reply");
      pair.stream.consume(5);
      pair.stream.watch_idle();
      EXPECT_TRUE(pair.stream.quiet());
    }
  }());
}

TEST_F(ByteStreamTest, AFullReceiveDoesNotLookLikeMoreToCome) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.peer.send(pattern(32 * 1024));  // exactly the room of a fresh buffer
    while (pair.stream.buffered().size() < 32 * 1024) co_await pair.stream.receive();
    pair.stream.consume(32 * 1024);
    pair.stream.watch_idle();
    EXPECT_TRUE(pair.stream.quiet());
  }());
}

}  // namespace
}  // namespace corolla_tests
