// SPDX-License-Identifier: Apache-2.0
//
// Waits for the end of a connection, cancelled: it ends all the same, and what was sent arrives before.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/transport/transport_test.hpp"

#include <corolla/net/detached_stream.hpp>
#include <corolla/runtime/run_sharded.hpp>

namespace corolla_tests {
namespace {

class CloseCancelTest : public NetTest {};

TEST_F(CloseCancelTest, Streams) {
  run([]() -> Coro<void> {
    auto round = [](CancelRounds& rounds) -> Coro<void> {
      auto pair = stream_pair();
      const std::string bytes = pattern(1 + rounds.random().below(400'000));
      pair.stream.send_nowait(bytes);
      pair.stream.close();
      auto task = create_task([](ByteStream& s) -> Coro<void> { co_await s.wait_closed(); }, std::ref(pair.stream));
      std::string got;
      auto take = [&] {
        for (int i = 0; i < 8; ++i) got += pair.peer.take();
      };
      co_await rounds.disturb(task, take);
      static_cast<void>(co_await outcome(task));
      const std::string rest = co_await take_all(pair.peer);
      EXPECT_TRUE(got + rest == bytes);
      co_await pair.stream.wait_closed();
    };
    co_await a_thousand_rounds(171, round);
  }());
}

TEST_F(CloseCancelTest, Transports) {
  run([]() -> Coro<void> {
    auto round = [](CancelRounds& rounds) -> Coro<void> {
      auto pair = stream_pair();
      auto recorder = std::make_shared<Recorder>();
      const Transport transport = make_transport(std::move(pair.stream), recorder);
      const std::string bytes = pattern(1 + rounds.random().below(400'000));
      transport.write(bytes);
      transport.close();
      auto task = create_task([](Transport t) -> Coro<void> { co_await t.wait_closed(); }, transport);
      std::string got;
      auto take = [&] {
        for (int i = 0; i < 8; ++i) got += pair.peer.take();
      };
      co_await rounds.disturb(task, take);
      static_cast<void>(co_await outcome(task));
      const std::string rest = co_await take_all(pair.peer);
      EXPECT_TRUE(got + rest == bytes);
      co_await transport.wait_closed();
      EXPECT_EQ(count_of(recorder->events, "lost"), 1U);
    };
    co_await a_thousand_rounds(172, round);
  }());
}

Coro<void> serve_detached(DetachedStream detached) {
  ByteStream stream = attach(std::move(detached));
  const std::string_view bytes = co_await stream.receive();
  co_await stream.send_all(bytes);
}

// A connection on its way to another shard is served there or closed: its client never waits for ever.
TEST_F(CloseCancelTest, ConnectionsOnTheirWayToAnotherShard) {
  run_sharded(2, [](Shard& shard) -> Coro<void> {
    if (shard.id() != 0) co_return;
    auto nothing = [] {};
    int number = 0;
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto ends = stream_pair();
      const int other = ::fcntl(ends.peer.descriptor(), F_DUPFD_CLOEXEC, 0);
      ends.peer.close();
      get_running_loop().io().forget(other);
      auto task = create_task(
          [](Shard& from, DetachedStream stream) -> Coro<void> {
            co_await from.submit_to(1, serve_detached, std::move(stream));
          },
          std::ref(shard), DetachedStream(other));
      co_await ends.stream.send_all("ping");
      const bool disturbed = number++ % 8 != 0;
      if (disturbed) co_await rounds.disturb(task, nothing);
      const auto result = co_await outcome(std::move(task));
      EXPECT_TRUE(result || (disturbed && result.cancelled())) << result.error_message();
      const auto answer = co_await outcome(
          [](ByteStream& s) -> Coro<std::string> { co_return std::string(co_await s.receive()); }(ends.stream));
      if (result) {
        EXPECT_TRUE(answer && *answer == "ping");
      } else {  // served in time, ended or reset
        EXPECT_TRUE(!answer || answer->empty() || *answer == "ping");
      }
    };
    co_await a_thousand_rounds(173, round);
  });
}

}  // namespace
}  // namespace corolla_tests
