// SPDX-License-Identifier: Apache-2.0
// Tasks that wait for the output of one stream, in memory.
#include "tests/support/runtime_test.hpp"

#include <corolla/testkit/memory_stream.hpp>

#include <string>
#include <utility>

namespace corolla_tests {
namespace {

class SeveralSendersTest : public RuntimeTest {};

// The one who is woken first fills the output again before the other goes on. That is no time-out.
TEST_F(SeveralSendersTest, MayWaitForTheSameMark) {
  run([]() -> Coro<void> {
    testkit::MemoryStreamOptions options;
    options.piece = 1000;
    auto [sender, receiver] = testkit::memory_stream_pair(options);
    auto send = [&stream = sender]() -> Coro<void> {
      for (int i = 0; i < 20; ++i) {
        stream.send_nowait(std::string(30'000, 'x'));
        co_await stream.drain();
      }
    };
    auto a = create_task(send());
    auto b = create_task(send());
    std::size_t received = 0;
    while (received < 1'200'000) {
      const std::string_view arrived = co_await receiver.receive();
      received += arrived.size();
      receiver.consume(arrived.size());
    }
    co_await a;
    co_await b;
    EXPECT_EQ(received, 1'200'000U);
  }());
}

TEST_F(SeveralSendersTest, AllEndAtTheDeadline) {
  run([]() -> Coro<void> {
    auto [sender, receiver] = testkit::memory_stream_pair();
    sender.expires_after(5s);
    auto send = [&stream = sender]() -> Coro<void> { co_await stream.send_all(std::string(100'000, 'x')); };
    auto a = create_task(send());
    auto b = create_task(send());
    auto end_of_a = co_await outcome(a);
    auto end_of_b = co_await outcome(b);
    EXPECT_THROW(static_cast<void>(end_of_a.value()), TimeoutError);
    EXPECT_THROW(static_cast<void>(end_of_b.value()), TimeoutError);
  }());
  EXPECT_EQ(elapsed(), 5s);
}

}  // namespace
}  // namespace corolla_tests
