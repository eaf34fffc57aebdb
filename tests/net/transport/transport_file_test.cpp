// SPDX-License-Identifier: Apache-2.0
// sendfile of a transport.
#include "tests/net/file/file_net_test.hpp"
#include "tests/net/tls/tls_test.hpp"
#include "tests/net/transport/transport_test.hpp"

namespace corolla_tests {
namespace {

class TransportFileTest : public FileNetTest {
 protected:
  // A transport whose connection is made, the protocol that it calls, and the peer.
  struct Connected {
    explicit Connected(StreamAndPeer pair)
        : peer(std::move(pair.peer)), transport(make_transport(std::move(pair.stream), protocol)) {}
    std::shared_ptr<Recorder> protocol = std::make_shared<Recorder>();
    Peer peer;
    Transport transport;
  };
  static Coro<Connected> connected() {
    Connected made(stream_pair());
    co_await sleep(0s);
    co_return made;
  }
};

TEST_F(TransportFileTest, BetweenWhatIsWrittenBeforeAndBehind) {
  auto body = [this]() -> Coro<void> {
    auto [protocol, peer, transport] = co_await connected();
    auto receiving = create_task(take_all, std::cref(peer));
    const std::string before = pattern(300'000, 7);
    transport.write(before);
    auto whole = sendfile(transport, file_);
    const std::uint64_t all = co_await std::move(whole);
    EXPECT_EQ(all, content_.size());
    auto part = sendfile(transport, file_, 1000, 100'000);
    const std::uint64_t some = co_await std::move(part);
    EXPECT_EQ(some, 100'000U);
    auto tail = sendfile(transport, file_, content_.size() - 10, 100);
    const std::uint64_t few = co_await std::move(tail);
    EXPECT_EQ(few, 10U);
    auto nothing = sendfile(transport, file_, content_.size() + 1);
    const std::uint64_t none = co_await std::move(nothing);
    EXPECT_EQ(none, 0U);
    transport.write("behind");
    transport.close();
    const std::string got = co_await receiving;
    EXPECT_TRUE(got ==
                before + content_ + content_.substr(1000, 100'000) + content_.substr(content_.size() - 10) + "behind");
    EXPECT_FALSE(protocol->transport.is_reading());
  };
  run(body());
}

TEST_F(TransportFileTest, OverTlsAndInMemoryByCopying) {
  auto body = [this]() -> Coro<void> {
    for (const bool tls : {false, true}) {
      std::optional<ByteStream> near;
      std::optional<ByteStream> far;
      if (tls) {
        auto shaking = shake_hands(client_context(), server_context());
        TlsPair pair = co_await std::move(shaking);
        near = std::move(pair.client);
        far = std::move(pair.server);
      } else {
        auto ends = testkit::memory_stream_pair();
        near = std::move(ends.first);
        far = std::move(ends.second);
      }
      Transport transport = make_transport(std::move(*near), std::make_shared<Recorder>());
      co_await sleep(0s);
      far->set_receive_limit(content_.size() * 2);
      auto receiving = create_task(receive_all, std::ref(*far));
      transport.write("before");
      auto sending = sendfile(transport, file_, 5);
      const std::uint64_t sent = co_await std::move(sending);
      EXPECT_EQ(sent, content_.size() - 5);
      transport.write("behind");
      transport.close();
      const std::string got = co_await receiving;
      EXPECT_TRUE(got == "before" + content_.substr(5) + "behind") << tls;
      far->close();
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
    }
  };
  run(body());
}

TEST_F(TransportFileTest, WritesDuringAFileAreRefused) {
  auto body = [this]() -> Coro<void> {
    auto [protocol, peer, transport] = co_await connected();
    auto sending = create_task(sendfile(transport, file_));
    for (int i = 0; i < 5; ++i) co_await sleep(1ms);
    EXPECT_FALSE(sending.done());
    EXPECT_EQ(protocol->events, (Events{"made", "pause"}));
    EXPECT_THROW(transport.write("x"), RuntimeError);
    EXPECT_THROW(transport.writelines(std::vector<std::string>{"x"}), RuntimeError);
    EXPECT_THROW(transport.write_eof(), RuntimeError);
    auto second = sendfile(transport, file_);
    const auto refused = co_await outcome(std::move(second));
    EXPECT_TRUE(failed_with<RuntimeError>(refused));
    peer.send("nobody is told yet");
    std::string got;
    while (!sending.done()) {
      got += peer.take();
      co_await sleep(0s);
    }
    EXPECT_EQ(count_of(protocol->events, "data nobody is told yet"), 0U);
    const auto told = [&] { return protocol->events.back() == "data nobody is told yet"; };
    auto waiting = eventually(told);
    const bool waiting_held = co_await std::move(waiting);
    EXPECT_TRUE(waiting_held);
    EXPECT_EQ(protocol->events, (Events{"made", "pause", "resume", "data nobody is told yet"}));
    transport.write("x");
    transport.close();
    auto receiving = take_all(peer);
    got += co_await std::move(receiving);
    EXPECT_TRUE(got == content_ + "x");
  };
  run(body());
}

TEST_F(TransportFileTest, WhatCannotBeSent) {
  auto body = [this]() -> Coro<void> {
    auto [protocol, peer, transport] = co_await connected();
    auto nothing = sendfile(transport, file_, 0, 0);
    const auto no_count = co_await outcome(std::move(nothing));
    EXPECT_TRUE(failed_with<ValueError>(no_count));
    auto no_file = sendfile(transport, -1);
    const auto bad = co_await outcome(std::move(no_file));
    EXPECT_EQ(os_error_of(bad.error()), std::errc::bad_file_descriptor);
    transport.close();
    auto closing = sendfile(transport, file_);
    const auto closed = co_await outcome(std::move(closing));
    EXPECT_TRUE(failed_with<RuntimeError>(closed));
  };
  run(body());
}

TEST_F(TransportFileTest, APeerThatLeavesInTheMiddleIsAnErrorOfBoth) {
  auto body = [this]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    auto protocol = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(pair.stream), protocol);
    co_await sleep(0s);
    auto sending = create_task(
        [](Transport on, int file) -> Coro<void> {
          for (;;) {  // more than the kernel's buffers take
            auto part = sendfile(on, file);
            co_await std::move(part);
          }
        },
        transport, file_);
    for (int i = 0; i < 5; ++i) co_await sleep(1ms);
    EXPECT_FALSE(sending.done());
    static_cast<void>(pair.peer.take());
    pair.peer.reset();
    const auto failed = co_await outcome(sending);
    EXPECT_TRUE(failed_with<OSError>(failed));
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_NE(protocol->lost_error, nullptr);
    EXPECT_EQ(count_of(protocol->events, "resume"), count_of(protocol->events, "pause") - 1);
  };
  run(body());
}

TEST_F(TransportFileTest, ClosedMeanwhileItIsSentAbortedItIsNot) {
  auto body = [this]() -> Coro<void> {
    for (const bool abort : {false, true}) {
      auto [protocol, peer, transport] = co_await connected();
      auto sending = create_task(sendfile(transport, file_));
      for (int i = 0; i < 3; ++i) co_await sleep(1ms);
      if (abort) transport.abort();
      else transport.close();
      auto receiving = take_all(peer);
      const std::string got = co_await std::move(receiving);
      const auto sent = co_await outcome(sending);
      EXPECT_EQ(got == content_, !abort);
      EXPECT_EQ(static_cast<bool>(sent), !abort);
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
      EXPECT_EQ(protocol->events.back(), "lost");
    }
  };
  run(body());
}

TEST_F(TransportFileTest, CancelledTheTransportGoesOn) {
  auto body = [this]() -> Coro<void> {
    auto [protocol, peer, transport] = co_await connected();
    auto sending = create_task(sendfile(transport, file_));
    for (int i = 0; i < 3; ++i) co_await sleep(1ms);
    sending.cancel();
    const auto cancelled = co_await outcome(sending);
    EXPECT_TRUE(cancelled.cancelled());
    transport.write("|behind");
    transport.close();
    auto receiving = take_all(peer);
    const std::string got = co_await std::move(receiving);
    EXPECT_TRUE(got.ends_with("|behind"));
    EXPECT_TRUE(content_.starts_with(std::string_view(got).substr(0, got.size() - 7)));
    EXPECT_EQ(protocol->events.back(), "lost");
  };
  run(body());
}

TEST_F(TransportFileTest, SurvivesTheLoopAtEveryStep) {
  auto body = [this]() -> Coro<void> {
    auto [protocol, peer, transport] = co_await connected();
    auto receiving = create_task(take_all, std::cref(peer));
    auto sending = sendfile(transport, file_);
    co_await std::move(sending);
    transport.close();
    co_await receiving;
  };
  destroy_at_every_step<RealLoop>(body);
}

}  // namespace
}  // namespace corolla_tests
