// SPDX-License-Identifier: Apache-2.0
// The end of a crawl: limits, stopping, cancelling, a loop that dies. Both backends.
#include "tests/crawl/engine/crawler_test.hpp"

namespace corolla::test {
namespace {

TEST_F(CrawlerTest, StoppedInTheMiddleItGoesOnWhereItWas) {
  Pages pages;
  for (int i = 0; i < 200; ++i)
    pages.emplace(i == 0 ? "/" : "/" + std::to_string(i),
                  links({"/" + std::to_string(2 * i + 1), "/" + std::to_string(2 * i + 2)}));
  std::vector<std::string> asked;
  for (const int stop_at : {1, 40, 120, 100'000}) {
    auto main = [&]() -> Coro<void> {
      get_running_loop().set_exception_handler([](EventLoop&, const ErrorContext&) {});  // connections given up
      Crawler* running = nullptr;
      int count = 0;
      ScriptedServer server([&](const std::string& request) -> Reply {
        if (++count == stop_at) running->stop();
        asked.push_back(path_of(request));
        return serving(pages)(request);
      });
      co_await server.start();
      auto crawl_options = options();
      crawl_options.robots.obey = false;
      crawl_options.seeds = {server.url("/")};
      crawl_options.database = directory_ / ("stop" + std::to_string(stop_at));
      {
        Crawler crawler(crawl_options);
        running = &crawler;
        co_await crawler.run();
        EXPECT_EQ(crawler.summary().outcome, stop_at < 1000 ? CrawlOutcome::kStopped : CrawlOutcome::kFinished);
      }
      Crawler second(crawl_options);
      running = &second;
      co_await second.run();
      EXPECT_EQ(second.summary().outcome, CrawlOutcome::kFinished);
      EXPECT_EQ(second.summary().pending(), 0U);
      EXPECT_EQ(second.summary().known, 401U) << stop_at;
      if (stop_at > 1000) {
        EXPECT_EQ(second.summary().stats.pages(), 0U);
      }
      co_await server.finish();
    };
    run(main());
  }
}

// All that was fetched is in the database when CancelledError comes out.
TEST_F(CrawlerTest, CancelledItCommitsFirst) {
  auto main = [&]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) -> Reply {
      if (path_of(request) == "/") return links({"/hangs"});
      Reply reply("");
      reply.hang = path_of(request) == "/hangs";
      return reply.hang ? reply : Reply(status("404 Not Found"));
    });
    co_await server.start();
    auto crawl_options = options();
    crawl_options.seeds = {server.url("/")};
    Event asked;
    CrawlCallbacks callbacks;
    callbacks.on_page = [&](const crawl::PageEvent&) { asked.set(); };
    Crawler crawler(crawl_options, callbacks);
    Task<void> task = create_task(crawler.run());
    co_await asked.wait();
    while (crawler.progress().in_flight == 0) co_await sleep(0s);
    task.cancel();
    auto ended = co_await outcome(task);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(crawler.summary().outcome, CrawlOutcome::kInterrupted);
    EXPECT_EQ(crawler.summary().pending(), 1U);
    co_await server.finish();
  };
  run(main());
  EXPECT_EQ(texts("SELECT state FROM pages ORDER BY id"), (Paths{"done", "pending"}));
  EXPECT_EQ(texts("SELECT outcome FROM runs"), Paths{"interrupted"});
}

TEST_F(CrawlerTest, LimitsOfPagesTimeAndBytes) {
  const auto endless = [](const std::string& request) -> Reply {
    const std::string path = path_of(request);
    if (path == "/robots.txt") return status("404 Not Found");
    return links({path + "x", path + "y"});
  };
  auto pages = options();
  pages.frontier.max_pages = 7;
  EXPECT_EQ(crawl(endless, pages, [](Crawler& c) { EXPECT_EQ(c.summary().outcome, CrawlOutcome::kPageLimit); }).size(),
            8U);
  auto bytes = options();
  bytes.database = ":memory:";
  bytes.max_bytes = 2000;
  crawl(endless, bytes, [](Crawler& c) {
    EXPECT_EQ(c.summary().outcome, CrawlOutcome::kByteLimit);
    EXPECT_GE(c.summary().stats.wire_bytes(), 2000U);
    EXPECT_GT(c.summary().pending(), 0U);
  });
  auto time = options();
  time.database = ":memory:";
  time.max_time = 20ms;
  crawl(endless, time, [](Crawler& c) { EXPECT_EQ(c.summary().outcome, CrawlOutcome::kTimeLimit); });
}

// The loop is destroyed after any number of steps; the crawler afterwards. ASan sees what that leaves.
TEST_F(CrawlerTest, DiesWithItsLoopAtAnyStep) {
  Pages pages;
  for (int i = 0; i < 20; ++i)
    pages.emplace(i == 0 ? "/" : "/" + std::to_string(i),
                  links({"/" + std::to_string(i + 1), "/" + std::to_string(i + 3)}));
  pages.emplace("/3", status("503 Busy"));
  for (int steps = 1; steps < 120; steps += steps < 60 ? 1 : 7) {
    {
      auto crawl_options = options();
      crawl_options.database = ":memory:";
      crawl_options.fields = {crawl::FieldSpec::parse("t=css:title")};
      std::unique_ptr<Crawler> crawler;
      EventLoop loop;
      auto main = [&]() -> Coro<void> {
        ScriptedServer server(serving(pages));
        co_await server.start();
        crawl_options.seeds = {server.url("/")};
        CrawlCallbacks callbacks;
        callbacks.on_progress = [](const crawl::ProgressSample&) {};
        crawler = std::make_unique<Crawler>(crawl_options, callbacks);
        co_await crawler->run();
      };
      Task<void> task = loop.create_task(main());
      for (int i = 0; i < steps && !task.done(); ++i) loop.run_once();
      task = Task<void>();
    }
    EXPECT_EQ(live_objects().frames, 0) << steps;
    EXPECT_EQ(live_objects().futures, 0) << steps;
  }
}

}  // namespace
}  // namespace corolla::test
