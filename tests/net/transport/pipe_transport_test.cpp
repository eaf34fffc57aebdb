// SPDX-License-Identifier: Apache-2.0
//
// Transports on pipes: what is particular to them, there being one direction and no half close.
#include "tests/net/transport/transport_test.hpp"

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

namespace corolla_tests {
namespace {

class PipeTransportTest : public NetTest {};

std::shared_ptr<Recorder> recorder() { return std::make_shared<Recorder>(); }

/// The plain end of a pipe.
class PlainEnd {
 public:
  explicit PlainEnd(int descriptor) noexcept : descriptor_(descriptor) {}
  PlainEnd(const PlainEnd&) = delete;
  PlainEnd& operator=(const PlainEnd&) = delete;
  ~PlainEnd() { close(); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  void write(std::string_view bytes) const {
    ASSERT_EQ(::write(descriptor_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  /// What is there; `ended` tells the end.
  std::string take(bool* ended = nullptr) const {
    ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
    std::string all;
    std::array<char, 4096> part{};
    ssize_t got = 0;
    while ((got = ::read(descriptor_, part.data(), part.size())) > 0) all.append(part.data(), static_cast<size_t>(got));
    if (ended) *ended = got == 0;
    return all;
  }

 private:
  int descriptor_;
};

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw OSError(errno, "pipe2");
  return ends;
}

TEST_F(PipeTransportTest, PausedItReadsNothing) {
  run([]() -> Coro<void> {
    const auto ends = make_pipe();
    PlainEnd writing(ends[1]);
    auto [transport, protocol] = co_await connect_read_pipe(recorder, ends[0]);
    EXPECT_TRUE(transport.is_reading());
    transport.resume_reading();  // it is not paused
    transport.pause_reading();
    transport.pause_reading();
    EXPECT_FALSE(transport.is_reading());
    writing.write("data");
    co_await sleep(2ms);
    EXPECT_EQ(protocol->events, (Events{"made"}));
    transport.resume_reading();
    const auto came = [&] { return protocol->received == 4; };
    auto coming = eventually(came);
    const bool received = co_await std::move(coming);
    EXPECT_TRUE(received);
    transport.close();
    transport.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    transport.pause_reading();
    transport.resume_reading();
    EXPECT_FALSE(transport.is_reading());
    EXPECT_EQ(protocol->events, (Events{"made", "data data", "lost"}));
  }());
}

TEST_F(PipeTransportTest, AReadThatFailsIsTheErrorOfConnectionLost) {
  run([]() -> Coro<void> {
    // A terminal whose other side is gone gives EIO.
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    EXPECT_EQ(::grantpt(master), 0);
    EXPECT_EQ(::unlockpt(master), 0);
    PlainEnd terminal(::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC));
    HandlerLog handler;
    auto [transport, protocol] = co_await connect_read_pipe(recorder, master);
    terminal.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events.size(), 2U);
    EXPECT_EQ(os_error_of(protocol->lost_error), std::errc::io_error);
    EXPECT_TRUE(handler.told.empty());
    EXPECT_EQ(transport.get_protocol(), nullptr);
  }());
}

TEST_F(PipeTransportTest, WhatDoesNotFitIsBufferedAndLeavesInOrder) {
  run([]() -> Coro<void> {
    const auto ends = make_pipe();
    PlainEnd reading(ends[0]);
    auto [transport, protocol] = co_await connect_write_pipe(recorder, ends[1]);
    EXPECT_TRUE(transport.can_write_eof());
    transport.write("data");
    EXPECT_EQ(transport.get_write_buffer_size(), 0U);
    EXPECT_EQ(reading.take(), "data");
    const std::string bytes = pattern(100'000);
    transport.write(bytes);
    const std::size_t buffered = transport.get_write_buffer_size();
    EXPECT_GT(buffered, 0U);
    EXPECT_LT(buffered, bytes.size());
    transport.write("");
    EXPECT_EQ(transport.get_write_buffer_size(), buffered);
    transport.write("behind");
    EXPECT_EQ(transport.get_write_buffer_size(), buffered + 6);
    std::string got;
    const auto arrived = [&] {
      got += reading.take();
      return got.size() == bytes.size() + 6 && transport.get_write_buffer_size() == 0;
    };
    auto arriving = eventually(arrived);
    const bool all = co_await std::move(arriving);
    EXPECT_TRUE(all);
    EXPECT_TRUE(got == bytes + "behind");
    transport.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    bool ended = false;
    const auto at_end = [&] {
      reading.take(&ended);
      return ended;
    };
    auto ending = eventually(at_end);
    const bool closed = co_await std::move(ending);
    EXPECT_TRUE(closed);
  }());
}

TEST_F(PipeTransportTest, AReaderThatLeavesEndsItAndLaterWritesAreDropped) {
  run([]() -> Coro<void> {
    const auto ends = make_pipe();
    PlainEnd reading(ends[0]);
    auto [transport, protocol] = co_await connect_write_pipe(recorder, ends[1]);
    reading.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events, (Events{"made", "eof", "lost"}));
    EXPECT_TRUE(transport.is_closing());
    LoggedLines logged;
    for (int i = 0; i < 4; ++i) transport.write("data");
    EXPECT_TRUE(logged.lines.empty());
    transport.write("data");
    EXPECT_EQ(logged.lines.size(), 1U);
    EXPECT_EQ(transport.get_write_buffer_size(), 0U);
  }());
}

TEST_F(PipeTransportTest, AReaderThatLeavesBytesUnreadIsABrokenPipe) {
  run([]() -> Coro<void> {
    const auto ends = make_pipe();
    PlainEnd reading(ends[0]);
    HandlerLog handler;
    auto [transport, protocol] = co_await connect_write_pipe(recorder, ends[1]);
    transport.write(pattern(300'000));
    reading.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(os_error_of(protocol->lost_error), std::errc::broken_pipe);
    EXPECT_TRUE(handler.told.empty());
    EXPECT_EQ(transport.get_write_buffer_size(), 0U);
  }());
}

TEST_F(PipeTransportTest, AbortDropsWhatIsBuffered) {
  run([]() -> Coro<void> {
    const auto ends = make_pipe();
    PlainEnd reading(ends[0]);
    auto [transport, protocol] = co_await connect_write_pipe(recorder, ends[1]);
    const std::string bytes = pattern(300'000);
    transport.write(bytes);
    const std::size_t passed_on = bytes.size() - transport.get_write_buffer_size();
    transport.abort();
    EXPECT_TRUE(transport.is_closing());
    EXPECT_EQ(transport.get_write_buffer_size(), 0U);
    EXPECT_EQ(protocol->events, (Events{"made", "pause"}));
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events, (Events{"made", "pause", "lost"}));
    std::string got;
    bool ended = false;
    const auto at_end = [&] {
      got += reading.take(&ended);
      return ended;
    };
    auto ending = eventually(at_end);
    const bool closed = co_await std::move(ending);
    EXPECT_TRUE(closed);
    EXPECT_TRUE(got == bytes.substr(0, passed_on));
  }());
}

TEST_F(PipeTransportTest, TheEndIsWrittenBehindWhatIsBufferedAndEndsIt) {
  run([]() -> Coro<void> {
    // There is no other direction to stay open for, whatever the protocol wants.
    for (const bool keep_open : {false, true}) {
      const auto ends = make_pipe();
      PlainEnd reading(ends[0]);
      auto protocol = recorder();
      protocol->keep_open = keep_open;
      const auto factory = [protocol] { return protocol; };
      auto [transport, same] = co_await connect_write_pipe(factory, ends[1]);
      const std::string bytes = pattern(300'000);
      transport.write(bytes);
      transport.write_eof();
      EXPECT_THROW(transport.write("more"), RuntimeError);
      co_await sleep(1ms);
      EXPECT_EQ(protocol->events, (Events{"made", "pause"}));
      std::string got;
      bool ended = false;
      const auto arrived = [&] {
        got += reading.take(&ended);
        return ended;
      };
      auto arriving = eventually(arrived);
      const bool all = co_await std::move(arriving);
      EXPECT_TRUE(all);
      EXPECT_TRUE(got == bytes);
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
      EXPECT_TRUE(transport.is_closing());
      EXPECT_EQ(protocol->events.back(), "lost");
    }
  }());
}

}  // namespace
}  // namespace corolla_tests
