// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <corolla/runtime/log.hpp>

#include <cstdlib>
#include <thread>

namespace corolla_tests {
namespace {

/// A loop in debug mode whose log goes to `lines`.
class DebugTest : public RuntimeTest {
 protected:
  DebugTest() {
    loop().set_debug(true);
    set_log_handler([this](const LogRecord& record) {
      if (record.level == LogLevel::kWarning) lines.emplace_back(record.message);
    });
  }
  ~DebugTest() override { set_log_handler(nullptr); }

  [[nodiscard]] static bool contains(const std::string& line, std::string_view part) {
    return line.find(part) != std::string::npos;
  }

  Log lines;
};

TEST_F(DebugTest, IsOffUnlessAskedForOrNamedByTheEnvironment) {
  ::unsetenv("COROLLA_DEBUG");
  EXPECT_FALSE(EventLoop().get_debug());
  EventLoopOptions options;
  options.debug = true;
  EXPECT_TRUE(EventLoop(options).get_debug());
  ::setenv("COROLLA_DEBUG", "1", 1);
  EXPECT_TRUE(EventLoop().get_debug());
  options.debug = false;
  EXPECT_FALSE(EventLoop(options).get_debug());
  ::setenv("COROLLA_DEBUG", "0", 1);
  EXPECT_FALSE(EventLoop().get_debug());
  ::unsetenv("COROLLA_DEBUG");
  loop().set_debug(false);
  EXPECT_FALSE(loop().get_debug());
  loop().set_debug(true);
  EXPECT_TRUE(loop().get_debug());
}

TEST_F(DebugTest, ASlowStepIsLoggedWithTaskAndPlace) {
  run([](testkit::VirtualClock* time) -> Coro<void> {
    auto task = create_task(
        [](testkit::VirtualClock* t) -> Coro<void> {
          co_await sleep(1s);
          t->advance(250ms);  // stands for a computation
          co_await sleep(1s);
        },
        time);
    task.set_name("slow");
    co_await task;
  }(&clock()));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(contains(lines[0], "task slow")) << lines[0];
  EXPECT_TRUE(contains(lines[0], "debug_test.cpp:")) << lines[0];
  EXPECT_TRUE(contains(lines[0], "0.250 seconds")) << lines[0];
}

TEST_F(DebugTest, ASlowCallbackIsLoggedWithThePlaceOfItsScheduling) {
  EXPECT_EQ(loop().slow_callback_duration(), 100ms);
  loop().set_slow_callback_duration(30ms);
  loop().call_soon([this] { clock().advance(20ms); });
  const unsigned line = std::source_location::current().line() + 1;
  loop().call_soon([this] { clock().advance(40ms); });
  loop().call_later(1ms, [this] { clock().advance(50ms); });
  loop().call_at(loop().time() + 2s, [this] { clock().advance(60ms); });
  run([]() -> Coro<void> { co_await sleep(3s); }());
  ASSERT_EQ(lines.size(), 3U);
  for (unsigned i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(contains(lines[i], "debug_test.cpp:" + std::to_string(line + i))) << lines[i];
    EXPECT_TRUE(contains(lines[i], "0.0" + std::to_string(40 + 10 * i) + " seconds")) << lines[i];
  }
}

TEST_F(DebugTest, ASlowDoneCallbackIsLogged) {
  auto future = loop().create_future<>();
  future.add_done_callback([this](const Future<>&) { clock().advance(1s); });
  future.set_result();
  run(turns(2));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(contains(lines[0], "done callback")) << lines[0];
}

TEST_F(DebugTest, NothingIsLoggedOutsideOfDebugMode) {
  loop().set_debug(false);
  loop().call_soon([this] { clock().advance(1s); });
  run([]() -> Coro<void> {
    {
      const auto dropped = turns(1);
    }
    co_await sleep(1ms);
  }());
  EXPECT_TRUE(lines.empty());
}

TEST_F(DebugTest, ACoroutineThatIsNeverAwaitedIsLogged) {
  run([]() -> Coro<void> {
    {
      const auto dropped = forever();
    }
    auto awaited = turns(1);
    co_await std::move(awaited);
  }());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(contains(lines[0], "never awaited")) << lines[0];
  EXPECT_TRUE(contains(lines[0], "forever")) << lines[0];
}

TEST_F(DebugTest, CallsFromAnotherThreadAreRefused) {
  EventLoop& mine = loop();
  auto future = mine.create_future<int>();
  int refused = 0;
  bool let_in = false;
  run([](EventLoop* shared, Future<int>* result, int* count, bool* accepted) -> Coro<void> {
    std::thread([&] {
      auto expect_refusal = [&](auto call) {
        try {
          call();
        } catch (const RuntimeError&) {
          ++*count;
        }
      };
      expect_refusal([&] { shared->call_soon([] {}); });
      expect_refusal([&] { shared->call_later(1s, [] {}); });
      expect_refusal([&] { shared->call_at(shared->time(), [] {}); });
      expect_refusal([&] { result->set_result(1); });
      expect_refusal([&] { result->set_exception(ValueError("no")); });
      expect_refusal([&] { result->cancel(); });
      shared->call_soon_threadsafe([accepted] { *accepted = true; });
    }).join();
    co_await sleep(1ms);
  }(&mine, &future, &refused, &let_in));
  EXPECT_EQ(refused, 6);
  EXPECT_TRUE(let_in);
  EXPECT_FALSE(future.done());
}

TEST_F(DebugTest, CallsFromAThreadWithALoopOfItsOwnAreRefused) {
  for (const bool debug : {true, false}) {
    loop().set_debug(debug);
    int refused = 0;
    auto body = [](EventLoop* shared, int* count) -> Coro<void> {
      auto touch = [](EventLoop* foreign, int* refusals) -> Coro<void> {
        try {
          foreign->call_soon([] {});
        } catch (const RuntimeError&) {
          ++*refusals;
        }
        co_return;
      };
      // The loop's own thread stands still meanwhile.
      std::thread([&] { corolla::run(touch(shared, count)); }).join();
      co_return;
    };
    run(body(&loop(), &refused));
    EXPECT_EQ(refused, debug ? 1 : 0);
  }
}

TEST_F(DebugTest, ALoopThatDoesNotRunMayBeTouchedFromAnyThread) {
  std::thread([this] { loop().call_soon([this] { log.push_back("ran"); }); }).join();
  run(turns(1));
  EXPECT_EQ(log, (Log{"ran"}));
}

TEST_F(DebugTest, TasksThatALoopDestroysAreReported) {
  auto task = loop().create_task(forever());
  task.set_name("forgotten");
  for (int i = 0; i < 100; ++i) loop().create_task(forever());
  run(turns(1));
  destroy_loop();
  ASSERT_EQ(reports.size(), 11U);  // ten, and one that says there are more
  EXPECT_EQ(reports[0], "Task was destroyed but it is pending");
}

TEST_F(DebugTest, TheLogGoesToStandardErrorWithoutAHandler) {
  set_log_handler(nullptr);
  testing::internal::CaptureStderr();
  corolla::log(LogLevel::kWarning, "a warning");
  corolla::log(LogLevel::kInfo, "nothing");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "corolla: a warning\n");
}

TEST_F(DebugTest, AHandlerThatThrowsIsSurvived) {
  set_log_handler([](const LogRecord&) { throw ValueError("no"); });
  corolla::log(LogLevel::kError, "an error");
}

}  // namespace
}  // namespace corolla_tests
