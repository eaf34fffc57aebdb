// SPDX-License-Identifier: Apache-2.0
// Signals that end an application: the first one in order, the second one at once. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/http/app_runner.hpp>
#include <corolla/runtime/outcome.hpp>

#include <csignal>

namespace corolla_tests {
namespace {

/// The actions of signals are as they were before.
class AppRunnerSignalsTest : public ServerTest {
 protected:
  static bool is(int signal, void (*handler)(int)) {
    struct sigaction now{};
    ::sigaction(signal, nullptr, &now);
    return now.sa_handler == handler;
  }
  void TearDown() override {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) EXPECT_TRUE(is(signal, SIG_DFL)) << signal;
  }
};

/// An application with one request that hangs until it is released or cancelled, and its traces.
struct Hanging {
  Hanging() {
    app.add_get("/", [this](ServerRequest&) -> Coro<ServerResponse> {
      arrived.set_result();
      try {
        co_await release;
      } catch (const CancelledError&) {
        trace += "cut ";
        throw;
      }
      trace += "answer ";
      co_return ServerResponse(200, "done");
    });
    app.on_shutdown([this](Application) -> Coro<void> {
      trace += "shutdown ";
      shutting.set_result();
      co_return;
    });
    app.on_cleanup([this](Application) -> Coro<void> {
      trace += "cleanup ";
      co_return;
    });
    options.shutdown_timeout = 1h;
  }
  Future<void> arrived = get_running_loop().create_future();
  Future<void> shutting = get_running_loop().create_future();
  Future<void> release = get_running_loop().create_future();
  std::string trace;
  Application app;
  WebServerOptions options;
};

TEST_F(AppRunnerSignalsTest, TheFirstOneLetsRequestsFinish) {
  run_test([]() -> Coro<void> {
    Hanging hanging;
    http::AppRunner runner(hanging.app, hanging.options);
    co_await runner.start("127.0.0.1", 0);
    auto asking = create_task(ask_once(runner.port(), get("/")));
    co_await hanging.arrived;
    const std::vector<int> signals = {SIGTERM, SIGHUP};
    auto serving = create_task(runner.serve_until_signal(signals));
    co_await sleep(0s);
    std::raise(SIGHUP);
    co_await hanging.shutting;
    EXPECT_FALSE(serving.done());
    hanging.release.set_result();
    const Reply reply = co_await asking;
    EXPECT_EQ(reply.body, "done");
    co_await serving;  // no CancelledError
    EXPECT_EQ(serving.cancelling(), 0U);
    EXPECT_EQ(hanging.trace, "shutdown answer cleanup ");
  });
}

TEST_F(AppRunnerSignalsTest, TheSecondOneCutsThem) {
  run_test([]() -> Coro<void> {
    Hanging hanging;
    http::AppRunner runner(hanging.app, hanging.options);
    co_await runner.start("127.0.0.1", 0);
    auto asking = create_task(outcome(ask_once(runner.port(), get("/"))));
    co_await hanging.arrived;
    const std::vector<int> signals = {SIGTERM, SIGINT};
    auto serving = create_task(runner.serve_until_signal(signals));
    co_await sleep(0s);
    std::raise(SIGTERM);
    co_await hanging.shutting;
    co_await sleep(0s);
    std::raise(SIGINT);
    co_await serving;
    EXPECT_EQ(hanging.trace, "shutdown cut cleanup ");
    const auto reply = co_await asking;
    EXPECT_FALSE(reply.has_value());
  });
}

TEST_F(AppRunnerSignalsTest, AnotherCancellationIsNotTakenForASignal) {
  run_test([]() -> Coro<void> {
    Hanging hanging;
    http::AppRunner runner(hanging.app, hanging.options);
    co_await runner.start("127.0.0.1", 0);
    auto asking = create_task(outcome(ask_once(runner.port(), get("/"))));
    co_await hanging.arrived;
    const std::vector<int> signals = {SIGTERM};
    auto serving = create_task(runner.serve_until_signal(signals));
    co_await sleep(0s);
    std::raise(SIGTERM);
    co_await hanging.shutting;
    serving.cancel();
    const auto ended = co_await outcome(serving);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(serving.cancelling(), 1U);
    EXPECT_EQ(hanging.trace, "shutdown cut cleanup ");
    static_cast<void>(co_await asking);
  });
}

TEST_F(AppRunnerSignalsTest, IgnoredOnesStayIgnored) {
  run_test([]() -> Coro<void> {
    std::signal(SIGHUP, SIG_IGN);
    http::AppRunner runner((Application()));
    co_await runner.start("127.0.0.1", 0);
    const std::vector<int> signals = {SIGHUP, SIGTERM};
    auto serving = create_task(runner.serve_until_signal(signals));
    co_await sleep(0s);
    EXPECT_TRUE(is(SIGHUP, SIG_IGN));
    EXPECT_FALSE(is(SIGTERM, SIG_DFL));
    std::raise(SIGTERM);
    co_await serving;
    EXPECT_TRUE(is(SIGHUP, SIG_IGN));
    std::signal(SIGHUP, SIG_DFL);
  });
}

TEST_F(AppRunnerSignalsTest, RunAppReturnsWhenOneComes) {
  for (const int signal : {SIGINT, SIGTERM}) {
    run_test([&]() -> Coro<void> {
      std::string trace;
      Application app;
      app.on_startup([&](Application) -> Coro<void> {
        get_running_loop().call_soon([signal] { std::raise(signal); });
        co_return;
      });
      app.on_cleanup([&](Application) -> Coro<void> {
        trace += "cleanup";
        co_return;
      });
      co_await http::run_app(app, "127.0.0.1", 0);
      EXPECT_EQ(trace, "cleanup");
    });
  }
}

TEST_F(AppRunnerSignalsTest, OneThatComesDuringTheStartEndsIt) {
  run_test([]() -> Coro<void> {
    std::string trace;
    Application app;
    app.cleanup_ctx([&](Application) -> http::CleanupContext {
      trace += "open ";
      co_yield std::monostate();
      trace += "close";
    });
    app.on_startup([](Application) -> Coro<void> {
      std::raise(SIGTERM);
      co_await sleep(1h);
    });
    co_await http::run_app(app, "127.0.0.1", 0);
    EXPECT_EQ(trace, "open close");
  });
}

}  // namespace
}  // namespace corolla_tests
