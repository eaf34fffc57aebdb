// SPDX-License-Identifier: Apache-2.0
// What is written to a transport.
#include "tests/net/transport/transport_test.hpp"

namespace corolla_tests {
namespace {

class TransportWriteTest : public NetTest {};

TEST_F(TransportWriteTest, WriteEofIsAHalfClose) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto protocol = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(pair.stream), protocol);
    co_await sleep(0s);
    const std::string bytes = pattern(600'000);
    EXPECT_TRUE(transport.can_write_eof());
    transport.write(bytes);
    transport.write_eof();
    transport.write_eof();
    EXPECT_THROW(transport.write("x"), RuntimeError);
    EXPECT_THROW(transport.writelines(std::vector<std::string>{"x"}), RuntimeError);
    std::string got;
    bool ended = false;
    while (!ended) {
      got += pair.peer.take(&ended);
      co_await sleep(0s);
    }
    EXPECT_TRUE(got == bytes);
    EXPECT_FALSE(transport.is_closing());
    pair.peer.send("answer");
    pair.peer.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(count_of(protocol->events, "data answer"), 1U);
    EXPECT_EQ(protocol->events.back(), "lost");
    transport.write_eof();
  }());
}

TEST_F(TransportWriteTest, WriteLimitsAreAsyncios) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    Transport transport = make_transport(std::move(near), std::make_shared<Recorder>());
    const auto limits = [&] {
      const WriteBufferLimits marks = transport.get_write_buffer_limits();
      return std::pair(marks.low, marks.high);
    };
    using Marks = std::pair<std::size_t, std::size_t>;
    EXPECT_EQ(limits(), Marks(16 * 1024, 64 * 1024));
    transport.set_write_buffer_limits(1024, 128);
    EXPECT_EQ(limits(), Marks(128, 1024));
    transport.set_write_buffer_limits(std::nullopt, 100);
    EXPECT_EQ(limits(), Marks(100, 400));
    transport.set_write_buffer_limits(400);
    EXPECT_EQ(limits(), Marks(100, 400));
    transport.set_write_buffer_limits(0);
    EXPECT_EQ(limits(), Marks(0, 0));
    EXPECT_THROW(transport.set_write_buffer_limits(1, 2), ValueError);
    EXPECT_EQ(limits(), Marks(0, 0));
    transport.set_write_buffer_limits();
    EXPECT_EQ(limits(), Marks(16 * 1024, 64 * 1024));
    transport.abort();
    co_await sleep(1ms);
  }());
}

TEST_F(TransportWriteTest, PausingAndResumingAlternateAtTheMarks) {
  run_virtual([]() -> Coro<void> {
    testkit::MemoryStreamOptions small;
    small.capacity = 1;
    small.piece = 1;
    auto [near, far] = testkit::memory_stream_pair(small);
    auto protocol = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(near), protocol);
    co_await sleep(0s);
    transport.set_write_buffer_limits(10, 4);
    transport.write("x");  // on its way
    transport.write("0123456789");
    EXPECT_EQ(transport.get_write_buffer_size(), 10U);
    EXPECT_EQ(protocol->events, Events{"made"});
    transport.write("a");
    EXPECT_EQ(protocol->events, (Events{"made", "pause"}));
    transport.write("b");
    std::vector<std::size_t> resumed_at;
    protocol->on_resume = [&] {
      resumed_at.push_back(transport.get_write_buffer_size());
      if (resumed_at.size() == 1) transport.write("cdefghi");
    };
    std::string got;
    while (got.size() < 20) got += co_await far.receive();
    EXPECT_EQ(got, "x0123456789abcdefghi");
    EXPECT_EQ(resumed_at, (std::vector<std::size_t>{4, 4}));
    EXPECT_EQ(protocol->events, (Events{"made", "pause", "resume", "pause", "resume"}));
    transport.write("x");
    transport.write("yz");
    transport.set_write_buffer_limits(1, 0);  // lowered below what is buffered
    EXPECT_EQ(protocol->events.back(), "pause");
    transport.abort();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events.back(), "lost");
    EXPECT_EQ(count_of(protocol->events, "resume"), 2U);
  }());
}

TEST_F(TransportWriteTest, PiecesLeaveInOrder) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    Transport transport = make_transport(std::move(pair.stream), std::make_shared<Recorder>());
    co_await sleep(0s);
    transport.writelines(std::vector<std::string>{});
    transport.writelines(std::vector<std::string>{"", ""});
    transport.write("<");
    transport.writelines(std::vector<std::string>{"one", "", "two"});
    std::string expected = "<onetwo";
    for (int i = 0; i < 50; ++i) {
      std::vector<std::string> lines;
      for (int j = 0; j < 20; ++j) lines.push_back(pattern(997, static_cast<std::size_t>(i * 20 + j)));
      transport.writelines(lines);
      for (const std::string& line : lines) expected += line;
    }
    transport.close();
    std::string got;
    bool ended = false;
    while (!ended) {
      got += pair.peer.take(&ended);
      co_await sleep(0s);
    }
    EXPECT_TRUE(got == expected);
  }());
}

TEST_F(TransportWriteTest, WritesToALostConnectionAreDroppedAndTheFifthIsLogged) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    Transport transport = make_transport(std::move(near), std::make_shared<Recorder>());
    co_await sleep(0s);
    transport.close();
    LoggedLines logged;
    for (int i = 0; i < 4; ++i) transport.write("x");
    transport.write("");
    EXPECT_TRUE(logged.lines.empty());
    transport.write("x");
    EXPECT_EQ(logged.lines.size(), 1U);
    co_await sleep(1ms);
    transport.write("x");
    EXPECT_EQ(logged.lines.size(), 2U);
    const auto received = co_await far.receive();
    EXPECT_EQ(received, "");
  }());
}

TEST_F(TransportWriteTest, WhatWasWrittenLeavesBeforeItCloses) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto protocol = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(pair.stream), protocol);
    co_await sleep(0s);
    const std::string bytes = pattern(1'000'000);
    transport.write(bytes);
    EXPECT_GT(transport.get_write_buffer_size(), 0U);
    transport.close();
    EXPECT_TRUE(transport.is_closing());
    transport.write("and this");  // as in asyncio: behind what is buffered
    std::string got;
    bool ended = false;
    while (!ended) {
      got += pair.peer.take(&ended);
      co_await sleep(0s);
    }
    EXPECT_TRUE(got == bytes + "and this");
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events, (Events{"made", "pause", "resume", "lost"}));
    EXPECT_EQ(transport.get_write_buffer_size(), 0U);
  }());
}

TEST_F(TransportWriteTest, AbortDropsWhatWasWritten) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto protocol = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(pair.stream), protocol);
    co_await sleep(0s);
    transport.write(pattern(4'000'000));
    transport.abort();
    EXPECT_EQ(transport.get_write_buffer_size(), 0U);
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events, (Events{"made", "pause", "lost"}));
    std::size_t got = 0;
    bool ended = false;
    while (!ended) {
      got += pair.peer.take(&ended).size();
      co_await sleep(0s);
    }
    EXPECT_LT(got, 4'000'000U);
  }());
}

TEST_F(TransportWriteTest, AFailedWriteIsTheErrorOfConnectionLost) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto protocol = std::make_shared<Recorder>();
    HandlerLog handler;
    Transport transport = make_transport(std::move(pair.stream), protocol);
    co_await sleep(0s);
    transport.pause_reading();
    pair.peer.close();
    transport.write("x");
    EXPECT_EQ(protocol->events, Events{"made"});
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(os_error_of(protocol->lost_error), std::errc::broken_pipe);
    EXPECT_EQ(protocol->events.size(), 2U);
    EXPECT_TRUE(handler.told.empty());
  }());
}

}  // namespace
}  // namespace corolla_tests
