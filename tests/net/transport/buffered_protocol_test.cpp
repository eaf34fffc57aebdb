// SPDX-License-Identifier: Apache-2.0
#include "tests/net/transport/transport_test.hpp"

#include <array>
#include <span>

namespace corolla_tests {
namespace {

class BufferedProtocolTest : public NetTest {};

/// Receives into a few bytes at a time.
class Filling : public BufferedProtocol {
 public:
  void connection_made(Transport made) override {
    events.push_back("made");
    transport = std::move(made);
  }
  std::span<char> get_buffer(std::size_t hint) override {
    EXPECT_EQ(hint, kNoHint);
    if (on_get) on_get();
    return std::span<char>(place).first(size);
  }
  void buffer_updated(std::size_t count) override {
    events.push_back("filled " + std::string(place.data(), count));
    if (on_filled) on_filled();
  }
  bool eof_received() override {
    events.push_back("eof");
    return keep_open;
  }
  void connection_lost(std::exception_ptr error) override { events.push_back(lost_with(error)); }

  std::array<char, 16> place{};
  std::size_t size = 4;
  bool keep_open = false;
  Events events;
  Transport transport;
  std::function<void()> on_get, on_filled;
};

TEST_F(BufferedProtocolTest, FillsBufferAfterBuffer) {
  auto body = []() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    auto protocol = std::make_shared<Filling>();
    make_transport(std::move(near), protocol);
    far.send_nowait("0123456789");
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "filled 0123", "filled 4567", "filled 89"}));
    far.send_nowait("ab");
    far.close();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events.size(), 7U);
    EXPECT_EQ(protocol->events[4], "filled ab");
    EXPECT_EQ(protocol->events[5], "eof");
    EXPECT_EQ(protocol->events[6], "lost");
  };
  destroy_at_every_step(body);
}

TEST_F(BufferedProtocolTest, TheEndMayLeaveItOpen) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    auto protocol = std::make_shared<Filling>();
    protocol->keep_open = true;
    make_transport(std::move(near), protocol);
    far.send_eof();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "eof"}));
    protocol->transport.write("still");
    protocol->transport.close();
    const auto received = co_await far.receive();
    EXPECT_EQ(received, "still");
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "eof", "lost"}));
  }());
}

TEST_F(BufferedProtocolTest, PausedBetweenTwoBuffersItGetsTheRestLater) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    auto protocol = std::make_shared<Filling>();
    protocol->on_filled = [&p = *protocol] { p.transport.pause_reading(); };
    make_transport(std::move(near), protocol);
    far.send_nowait("0123456789");
    far.close();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "filled 0123"}));
    protocol->transport.resume_reading();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "filled 0123", "filled 4567"}));
    protocol->on_filled = nullptr;
    protocol->transport.resume_reading();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "filled 0123", "filled 4567", "filled 89", "eof", "lost"}));
  }());
}

TEST_F(BufferedProtocolTest, FailuresEndTheConnection) {
  run_virtual([]() -> Coro<void> {
    const auto fail = [] { throw ValueError("of the protocol"); };
    for (int which = 0; which < 3; ++which) {
      auto [near, far] = testkit::memory_stream_pair();
      auto protocol = std::make_shared<Filling>();
      if (which == 0) protocol->size = 0;
      if (which == 1) protocol->on_get = fail;
      if (which == 2) protocol->on_filled = fail;
      HandlerLog handler;
      make_transport(std::move(near), protocol);
      far.send_nowait("0123456789");
      co_await sleep(1ms);
      const std::string error = which == 0 ? "get_buffer() returned an empty buffer" : "of the protocol";
      EXPECT_EQ(handler.told, std::vector<std::string>{"protocol.get_buffer() or buffer_updated() failed: " + error});
      EXPECT_EQ(protocol->events.back(), "lost: " + error);
      EXPECT_EQ(protocol->events.size(), which == 2 ? 3U : 2U);
    }
  }());
}

TEST_F(BufferedProtocolTest, TheKindOfProtocolMayChange) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    auto plain = std::make_shared<Recorder>();
    auto filling = std::make_shared<Filling>();
    Transport transport = make_transport(std::move(near), plain);
    plain->on_data = [&](std::string_view) { transport.set_protocol(filling); };
    filling->on_filled = [&] { transport.set_protocol(plain); };  // with bytes left that are plain's
    far.send_nowait("one");
    co_await sleep(1ms);
    far.send_nowait("0123456");
    co_await sleep(1ms);
    EXPECT_EQ(filling->events, Events{"filled 0123"});
    EXPECT_EQ(plain->events, (Events{"made", "data one456"}));
    transport.abort();
    co_await sleep(1ms);
    EXPECT_EQ(filling->events.back(), "lost");
  }());
}

TEST_F(BufferedProtocolTest, ManyBytesOverASocket) {
  run([]() -> Coro<void> {
    class Collecting final : public BufferedProtocol {
     public:
      std::span<char> get_buffer(std::size_t /*hint*/) override {
        place.resize(1000);
        return place;
      }
      void buffer_updated(std::size_t count) override { all.append(place, 0, count); }
      void connection_lost(std::exception_ptr /*error*/) override { lost = true; }
      std::string place, all;
      bool lost = false;
    };
    auto server = co_await create_server([] { return std::make_shared<EchoProtocol>(); }, "127.0.0.1", 0);
    auto [transport, protocol] =
        co_await create_connection([] { return std::make_shared<Collecting>(); }, "127.0.0.1", server.port());
    const std::string bytes = pattern(1'000'000);
    transport.write(bytes);
    transport.write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_TRUE(protocol->all == bytes);
    EXPECT_TRUE(protocol->lost);
  }());
}

}  // namespace
}  // namespace corolla_tests
