// SPDX-License-Identifier: Apache-2.0
// How an application begins, serves and ends. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>

#include <variant>

namespace corolla_tests {
namespace {

using ApplicationLifeTest = ApplicationTest;

http::ApplicationCallback note(std::string& trace, std::string what) {
  return [&trace, what = std::move(what)](Application) -> Coro<void> {
    trace += what + " ";
    co_return;
  };
}

http::ApplicationCallback fail(std::string message) {
  return [message = std::move(message)](Application) -> Coro<void> { throw RuntimeError(message); };
}

http::CleanupContextFactory context(std::string& trace, std::string name) {
  return [&trace, name = std::move(name)](Application) -> http::CleanupContext {
    trace += "+" + name + " ";
    co_yield std::monostate();
    co_await sleep(0s);  // what closes may wait
    trace += "-" + name + " ";
  };
}

Application traced(std::string& trace, const std::string& suffix) {
  Application app;
  app.on_startup(note(trace, "startup" + suffix)).on_shutdown(note(trace, "shutdown" + suffix));
  app.on_cleanup(note(trace, "cleanup" + suffix));
  app.cleanup_ctx(context(trace, "x" + suffix)).cleanup_ctx(context(trace, "y" + suffix));
  return app;
}

TEST_F(ApplicationLifeTest, BeginsInOrderAndEndsInTheOppositeOne) {
  run_test([]() -> Coro<void> {
    std::string trace;
    Application app = traced(trace, "");
    app.add_subapp("/in", traced(trace, "2"));
    app.add_get("/", say("hello"));
    auto client = co_await http::test_client(app);
    EXPECT_EQ(trace, "+x +y startup +x2 +y2 startup2 ");
    EXPECT_THROW(app.add_get("/late", say("")), RuntimeError);
    const auto twice = co_await outcome(app.startup());
    EXPECT_EQ(twice.error_message(), "the application is served already");
    trace.clear();
    co_await client.close();
    EXPECT_EQ(trace, "shutdown shutdown2 -y2 -x2 cleanup2 -y -x cleanup ");
    co_await client.close();
    EXPECT_EQ(trace.size(), std::string("shutdown shutdown2 -y2 -x2 cleanup2 -y -x cleanup ").size());
  });
}

TEST_F(ApplicationLifeTest, WhatBeganEndsWhenTheStartFails) {
  run_test([]() -> Coro<void> {
    std::string trace;
    Application app;
    app.cleanup_ctx(context(trace, "x"));
    app.cleanup_ctx([](Application) -> http::CleanupContext {
      throw RuntimeError("no database");
      co_yield std::monostate();
    });
    app.cleanup_ctx(context(trace, "z"));
    app.on_startup(note(trace, "startup")).on_cleanup(note(trace, "cleanup"));
    const auto started = co_await outcome(http::test_client(app));
    EXPECT_EQ(started.error_message(), "no database");
    EXPECT_EQ(trace, "+x -x cleanup ");
  });
}

TEST_F(ApplicationLifeTest, EveryStepOfTheEndIsTaken) {
  run_test([]() -> Coro<void> {
    std::string trace;
    Application app;
    app.on_shutdown(fail("one")).on_shutdown(note(trace, "shutdown"));
    app.cleanup_ctx(context(trace, "x"));
    app.on_cleanup(fail("two")).on_cleanup(note(trace, "cleanup"));
    auto client = co_await http::test_client(app);
    const auto closed = co_await outcome(client.close());
    EXPECT_NE(closed.error_message().find("errors while an application ended"), std::string::npos);
    EXPECT_EQ(trace, "+x shutdown -x cleanup ");
  });
}

TEST_F(ApplicationLifeTest, RequestsUnderWayEndBetweenShutdownAndCleanup) {
  run_test([]() -> Coro<void> {
    std::string trace;
    Application app = traced(trace, "");
    Future<void> release = get_running_loop().create_future();
    Future<void> arrived = get_running_loop().create_future();
    app.add_get("/", [&](ServerRequest&) -> Coro<ServerResponse> {
      arrived.set_result();
      co_await release;
      trace += "answer ";
      co_return ServerResponse(200, "done");
    });
    app.on_shutdown([&](Application) -> Coro<void> {
      release.set_result();
      co_return;
    });
    http::AppRunner runner(app);
    co_await runner.start("127.0.0.1", 0);
    auto connecting = Client::connect(runner.port());
    Client client = co_await std::move(connecting);
    co_await client.send(get("/"));
    co_await arrived;
    auto serving = create_task(runner.serve_forever());
    co_await sleep(0s);
    trace.clear();
    serving.cancel();
    const auto ended = co_await outcome(serving);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(trace, "shutdown answer -y -x cleanup ");
    const Reply reply = co_await client.read_reply();
    EXPECT_EQ(reply.body, "done");
  });
}

TEST_F(ApplicationLifeTest, NothingIsLeftWithoutCleanup) {
  run_test([]() -> Coro<void> {
    std::string trace;
    {
      Application app = traced(trace, "");
      app.add_subapp("/in", traced(trace, "2"));
      http::AppRunner runner(app);
      co_await runner.start("127.0.0.1", 0);
      trace.clear();
    }
    EXPECT_EQ(trace, "");  // run_test sees that the frames of the contexts are gone
    co_await sleep(0s);
  });
}

TEST_F(ApplicationLifeTest, RunAppServesUntilItIsCancelled) {
  run_test([]() -> Coro<void> {
    std::string trace;
    Application app = traced(trace, "");
    auto serving = create_task(http::run_app(app, "127.0.0.1", 0));
    while (trace.find("startup") == std::string::npos) co_await sleep(0s);
    serving.cancel();
    const auto ended = co_await outcome(serving);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_TRUE(trace.ends_with("-y -x cleanup ")) << trace;

    // Where nothing can be listened for, what began ends, too.
    auto taken = co_await start(hello);
    Application other = traced(trace, "");
    trace.clear();
    const auto refused = co_await outcome(http::run_app(other, "127.0.0.1", taken.port()));
    EXPECT_FALSE(refused.has_value());
    EXPECT_EQ(trace, "+x +y startup shutdown -y -x cleanup ");
  });
}

}  // namespace
}  // namespace corolla_tests
