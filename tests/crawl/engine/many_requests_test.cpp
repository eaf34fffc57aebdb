// SPDX-License-Identifier: Apache-2.0
// 100,000 requests (20,000 under ThreadSanitizer) leave no descriptor, frame, future or timer behind. Both backends.
#include "tests/support/sanitizers.hpp"

#include <corolla/http/session.hpp>
#include <corolla/net/server.hpp>
#include <corolla/runtime.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <string>

namespace corolla::test {
namespace {

using namespace std::chrono_literals;

constexpr int kTasks = 50;
constexpr int kRequestsEach = corolla_tests::kThreadSanitizer ? 400 : 2000;

struct Held {
  std::size_t descriptors;
  LiveObjects objects;
  std::size_t timers;
};

Held held_now() {
  return {static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {})),
          live_objects(), get_running_loop().timer_count()};
}

// Answers whatever is asked, and closes a connection after 500 requests, so that the pool has to replace some.
Coro<void> answer(ByteStream stream) {
  for (int count = 1;; ++count) {
    std::size_t end = std::string_view::npos;
    while ((end = stream.buffered().find("\r\n\r\n")) == std::string_view::npos) {
      const std::string_view bytes = co_await stream.receive();
      if (bytes.empty()) co_return;
    }
    stream.consume(end + 4);
    co_await stream.send_all("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    if (count == 500) co_return;
  }
}

Coro<void> fetch_many(http::Session& session, std::string url, int count, int& good) {
  for (int i = 0; i < count; ++i) {
    auto response = co_await session.get(url).timeout(60s);
    const std::string body = co_await response.text();
    if (body == "hello") ++good;
  }
}

// A server and a session, from their beginnings to their ends.
Coro<int> run_requests(int tasks, int each) {
  int good = 0;
  auto starting = start_server(answer, "127.0.0.1", 0);
  Server server = co_await std::move(starting);
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  http::SessionOptions options;
  options.limit = kTasks / 2;
  http::Session session(options);
  auto body = [&](TaskGroup& group) -> Coro<void> {
    for (int i = 0; i < tasks; ++i) group.create_task(fetch_many(session, url, each, good));
    co_return;
  };
  co_await task_group(body);
  co_await session.close();
  server.close();
  co_await server.wait_closed();
  co_return good;
}

TEST(ManyRequests, LeaveNothingBehind) {
  auto main = []() -> Coro<void> {
    const auto value = co_await run_requests(1, 1);
    EXPECT_EQ(value, 1);  // what a loop makes once it is used is there now
    const Held before = held_now();
    const auto value2 = co_await run_requests(kTasks, kRequestsEach);
    EXPECT_EQ(value2, kTasks * kRequestsEach);
    Held after = held_now();
    for (int i = 0; i < 1000 && after.descriptors != before.descriptors;
         ++i) {  // a close that the kernel was asked for
      co_await sleep(0s);
      after = held_now();
    }
    EXPECT_EQ(after.descriptors, before.descriptors);
    EXPECT_EQ(after.objects.frames, before.objects.frames);
    EXPECT_EQ(after.objects.futures, before.objects.futures);
    EXPECT_EQ(after.timers, before.timers);
  };
  run(main());
  EXPECT_EQ(live_objects().frames, 0);
  EXPECT_EQ(live_objects().futures, 0);
}

}  // namespace
}  // namespace corolla::test
