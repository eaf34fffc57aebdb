// SPDX-License-Identifier: Apache-2.0
//
// Connections that are broken, ended or full, and that nobody looks at: the loop sleeps all the same.
#include "tests/net/dns/counting_clock.hpp"
#include "tests/net/tls/tls_test.hpp"
#include "tests/support/no_descriptors.hpp"

#include <optional>

namespace corolla_tests {
namespace {

class FaultSpinTest : public NetTest {};

// Each way in which a peer can leave a stream that is not read.
Coro<void> leave_in_each_way(CountingClock& clock) {
  for (const bool asked : {false, true}) {
    for (const std::string how : {"sends", "half closes", "closes", "resets", "is full"}) {
      auto pair = co_await tcp_pair();
      if (asked) {  // a receive that was under way and lost its task
        auto receiving =
            create_task([](ByteStream* stream) -> Coro<void> { co_await stream->receive(); }, &pair.stream);
        co_await sleep(0s);
        receiving.cancel();
        static_cast<void>(co_await outcome(receiving));
      }
      if (how == "is full") pair.stream.send_nowait(std::string(std::size_t{8} << 20, 'x'));
      else pair.peer.send("nobody reads this");
      if (how == "half closes") pair.peer.shut_down_sending();
      if (how == "closes") pair.peer.close();
      if (how == "resets") pair.peer.reset();
      co_await expect_sleep(clock, how + (asked ? " after a receive" : ""));
    }
  }
}

TEST_F(FaultSpinTest, AStreamThatNobodyReads) {
  CountingLoop counting;
  counting.run(leave_in_each_way(counting.clock()));
}

Coro<void> leave_while_idle(CountingClock& clock) {
  for (const bool resets : {false, true}) {
    auto pair = co_await tcp_pair();
    pair.stream.watch_idle();
    pair.peer.send("unasked");
    if (resets) pair.peer.reset();
    else pair.peer.close();
    co_await expect_sleep(clock, "an idle connection");
    EXPECT_FALSE(pair.stream.quiet());
  }
}

TEST_F(FaultSpinTest, AnIdleStreamWhosePeerIsGone) {
  CountingLoop counting;
  counting.run(leave_while_idle(counting.clock()));
}

Coro<void> leave_over_tls(CountingClock& clock) {
  for (const std::string how : {"sends", "closes", "resets", "is full"}) {
    TlsOverTcp ends = co_await tls_over_tcp();
    ends.client.send_nowait("nobody reads this");
    if (how == "closes") ends.client.close();
    if (how == "resets") reset(ends.client);
    if (how == "is full") ends.served.send_nowait(std::string(std::size_t{8} << 20, 'x'));
    co_await expect_sleep(clock, "TLS whose peer " + how);
    ends.served.abort();
    ends.client.abort();
  }
}

TEST_F(FaultSpinTest, TlsThatNobodyReads) {
  CountingLoop counting;
  counting.run(leave_over_tls(counting.clock()));
}

Coro<void> accept_without_descriptors(CountingClock& clock) {
  int reports = 0;
  get_running_loop().set_exception_handler([&](EventLoop&, const ErrorContext&) { ++reports; });
  ServerOptions options;
  options.accept_retry_delay = 1h;
  auto warming_up = to_thread([] {});  // the thread is there before descriptors run out
  co_await std::move(warming_up);
  // No iteration from here until they do: io_uring keeps the limit that there was when it was asked to accept.
  auto server = co_await start_server([](ByteStream) -> Coro<void> { co_return; }, "127.0.0.1", 0, options);
  auto connecting = connect_tcp("127.0.0.1", server.port());
  auto client = create_task(std::move(connecting));
  std::optional<NoDescriptors> none;
  get_running_loop().call_soon([&] { none.emplace(); });
  const ByteStream stream = co_await std::move(client);
  while (reports == 0) co_await sleep(0s);
  co_await expect_sleep(clock, "a server without descriptors");
  EXPECT_EQ(reports, 1);
  none.reset();
  server.close();
  co_await server.wait_closed();
}

TEST_F(FaultSpinTest, AServerThatIsOutOfDescriptors) {
  if (!kDescriptorsMayRunOut) GTEST_SKIP() << kSanitizersNeedDescriptors;
  CountingLoop counting;
  counting.run(accept_without_descriptors(counting.clock()));
}

}  // namespace
}  // namespace corolla_tests
