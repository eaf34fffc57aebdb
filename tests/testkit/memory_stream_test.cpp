// SPDX-License-Identifier: Apache-2.0
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>
#include <corolla/testkit/memory_stream.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace corolla_tests {
namespace {

using namespace corolla;
using namespace std::chrono_literals;

TEST(MemoryStreamTest, BytesArriveInOrderAndEndWithTheClose) {
  run([]() -> Coro<void> {
    auto [left, right] = testkit::memory_stream_pair();
    co_await left.send_all("one ", "two");
    const auto received = co_await right.receive();
    EXPECT_EQ(received, "one two");
    co_await right.send_all("back");
    left.send_nowait(" three");
    left.send_eof();
    const auto next_received = co_await right.receive();
    EXPECT_EQ(next_received, " three");
    const auto right_end = co_await right.receive();
    EXPECT_EQ(right_end, "");
    const auto back = co_await left.receive();
    EXPECT_EQ(back, "back") << "only one direction has ended";
    right.close();
    const auto left_end = co_await left.receive();
    EXPECT_EQ(left_end, "");
  }());
  EXPECT_EQ(live_objects().frames, 0);
}

TEST(MemoryStreamTest, CapacityIsBackPressureAndAPieceIsAPiece) {
  run([]() -> Coro<void> {
    testkit::MemoryStreamOptions options;
    options.capacity = 10;
    options.piece = 3;
    auto [left, right] = testkit::memory_stream_pair(options);
    left.send_nowait("0123456789abcdef");
    EXPECT_EQ(left.unsent(), 6U);
    const auto received = co_await right.receive();
    EXPECT_EQ(received, "012");
    EXPECT_EQ(left.unsent(), 3U);
    const auto next_received = co_await right.receive();
    EXPECT_EQ(next_received, "345");
    EXPECT_EQ(left.unsent(), 0U);
    while (right.buffered().size() < 16) co_await right.receive();
    EXPECT_EQ(right.buffered(), "0123456789abcdef");
  }());
}

TEST(MemoryStreamTest, SendingToAnEndThatIsGoneFails) {
  run([]() -> Coro<void> {
    testkit::MemoryStreamOptions options;
    options.capacity = 4;
    auto [left, right] = testkit::memory_stream_pair(options);
    left.send_nowait("more than fits");
    right.abort();
    bool failed = false;
    try {
      co_await left.drain();
      co_await left.send_all("x");
    } catch (const OSError& error) {
      failed = error.code() == std::errc::broken_pipe;
    }
    EXPECT_TRUE(failed);
    const auto received = co_await left.receive();
    EXPECT_EQ(received, "");
  }());
}

// A socket's wait would last as long on a virtual clock as on a real one.
TEST(MemoryStreamTest, AVirtualClockJumpsOverAWait) {
  EventLoopOptions options;
  const auto clock = std::make_shared<testkit::VirtualClock>();
  options.clock = clock;
  EventLoop loop(options);
  loop.run_until_complete([]() -> Coro<void> {
    auto [left, right] = testkit::memory_stream_pair();
    left.expires_after(24h);
    bool expired = false;
    try {
      co_await left.receive();
    } catch (const TimeoutError&) {
      expired = true;
    }
    EXPECT_TRUE(expired);
  }());
  EXPECT_EQ(clock->elapsed(), 24h);
}

TEST(MemoryStreamTest, StreamsMayOutliveTheirLoop) {
  std::pair<ByteStream, ByteStream> kept;
  {
    EventLoop loop;
    loop.run_until_complete([](std::pair<ByteStream, ByteStream>& ends) -> Coro<void> {
      ends = testkit::memory_stream_pair();
      auto waiting = create_task([](ByteStream& s) -> Coro<void> { co_await s.receive(); }, std::ref(ends.second));
      co_await sleep(0s);
      ends.first.send_nowait("never delivered");
    }(kept));
  }
  kept.second.close();
  kept.first.abort();
}

}  // namespace
}  // namespace corolla_tests
