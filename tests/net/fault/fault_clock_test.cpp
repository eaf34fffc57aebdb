// SPDX-License-Identifier: Apache-2.0
//
// Clocks that jump: the loop's own by a year, and the wall's, which no timeout depends on.
#include "tests/net/tls/tls_test.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace corolla_tests {
namespace {

class FaultClockTest : public NetTest {};

Coro<void> receive_before(ByteStream& stream, std::chrono::hours deadline, std::vector<std::string>& events) {
  stream.expires_after(deadline);
  const auto received = co_await outcome(stream.receive());
  EXPECT_TRUE(failed_with<TimeoutError>(received));
  events.push_back("stream " + std::to_string(deadline.count()));
}

Coro<void> jump_a_year(testkit::VirtualClock& clock) {
  auto ends = testkit::memory_stream_pair();
  std::vector<std::string> events;
  EventLoop& loop = get_running_loop();
  auto late = create_task(receive_before, std::ref(ends.first), 30h, std::ref(events));
  auto early = create_task(receive_before, std::ref(ends.second), 10h, std::ref(events));
  loop.call_later(20h, [&] { events.emplace_back("timer 20"); });
  const TimerHandle cancelled = loop.call_later(21h, [&] { events.emplace_back("a timer that was cancelled"); });
  loop.call_later(40h, [&] { events.emplace_back("timer 40"); });
  co_await sleep(0s);
  cancelled.cancel();
  clock.advance(365 * 24h);
  co_await late;
  co_await early;
  co_await sleep(0s);
  // Timers run by their deadlines; the tasks they wake run behind them.
  const std::vector<std::string> expected{"timer 20", "timer 40", "stream 10", "stream 30"};
  EXPECT_EQ(events, expected);
  co_await sleep(100h);
  EXPECT_EQ(events, expected) << "each ran once";
}

TEST_F(FaultClockTest, AJumpRunsWhatIsDueOnceAndInOrder) {
  VirtualLoop virtual_loop;
  virtual_loop.loop().run_until_complete(jump_a_year(virtual_loop.clock()));
}

// Somebody who sets the wall clock must not end a timeout, nor make one endless: nothing below http knows that clock.
TEST_F(FaultClockTest, NoTimeoutDependsOnTheWallClock) {
  const std::filesystem::path root(COROLLA_SOURCE_DIR);
  std::size_t files = 0;
  for (const char* room : {"src/backend", "src/runtime", "src/sync", "src/net", "include/corolla/runtime",
                           "include/corolla/sync", "include/corolla/net"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / room)) {
      if (!entry.is_regular_file()) continue;
      ++files;
      std::ifstream file(entry.path());
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      for (const char* word : {"system_clock::now", "high_resolution_clock", "CLOCK_REALTIME", "gettimeofday",
                               "std::time(", "::time(nullptr"}) {
        EXPECT_FALSE(contains(text, word)) << entry.path() << " asks " << word;
      }
    }
  }
  EXPECT_GT(files, 100U);
}

}  // namespace
}  // namespace corolla_tests
