// SPDX-License-Identifier: Apache-2.0
// The engine against a server in the same loop. Both backends.
#include <corolla/crawl/crawler.hpp>
#include <corolla/runtime.hpp>
#include <corolla/sqlite/database.hpp>
#include <corolla/sync/event.hpp>

#include "tests/http/client/scripted_server.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace corolla::test {
namespace {

using namespace std::chrono_literals;
using crawl::CrawlCallbacks;
using crawl::Crawler;
using crawl::CrawlOptions;
using crawl::CrawlOutcome;

std::string html(const std::string& body, const std::string& fields = {}) {
  return ok(body, "Content-Type: text/html; charset=utf-8\r\n" + fields);
}

std::string links(const std::vector<std::string>& targets) {
  std::string body = "<!doctype html><title>t</title>";
  for (const std::string& target : targets) body += "<a href=\"" + target + "\">x</a>\n";
  return html(body);
}

std::string status(const std::string& line, const std::string& fields = {}) {
  return "HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n" + fields + "\r\n";
}

std::string path_of(const std::string& request) {
  const std::size_t begin = request.find(' ') + 1;
  return request.substr(begin, request.find(' ', begin) - begin);
}

/// Path -> answer; anything else is 404.
using Pages = std::map<std::string, Reply>;

class CrawlerTest : public ::testing::Test {
 protected:
  CrawlOptions options() {
    CrawlOptions options;
    options.database = directory_ / "crawl.sqlite";
    options.retry.base = 1ms;
    options.retry.attempts = 2;
    return options;
  }

  ScriptedServer::Script serving(Pages pages) {
    return [pages = std::move(pages)](const std::string& request) -> Reply {
      const auto found = pages.find(path_of(request));
      return found == pages.end() ? Reply(status("404 Not Found")) : found->second;
    };
  }

  /// Crawls from "/" of a server with this script; its requests' paths, in order.
  std::vector<std::string> crawl(
      ScriptedServer::Script script, CrawlOptions crawl_options,
      const std::function<void(Crawler&)>& look = [](Crawler&) {}) {
    std::vector<std::string> paths;
    auto main = [&]() -> Coro<void> {
      ScriptedServer server(std::move(script));
      co_await server.start();
      origin_ = server.url("");
      if (crawl_options.seeds.empty()) crawl_options.seeds = {server.url("/")};
      Crawler crawler(crawl_options);
      co_await crawler.run();
      peak_ = server.peak();
      for (const std::string& request : server.requests()) paths.push_back(path_of(request));
      look(crawler);
      co_await server.finish();
    };
    run(main());
    return paths;
  }

  std::vector<std::string> texts(const std::string& sql) {
    sqlite::Database database(directory_ / "crawl.sqlite");
    std::vector<std::string> rows;
    auto row = database.prepare(sql);
    while (row.step()) rows.emplace_back(row.column_text(0));
    return rows;
  }

  static std::vector<std::string> sorted(std::vector<std::string> values) {
    std::sort(values.begin(), values.end());
    return values;
  }

  corolla_tests::TemporaryDirectory directory_;
  std::string origin_;
  int peak_ = 0;
};

using Paths = std::vector<std::string>;

TEST_F(CrawlerTest, FollowsLinksOnceEach) {
  const auto asked = crawl(serving({{"/", links({"a", "./a#x", "/b?q=1", "http://other.example/", "/a/../b?q=1"})},
                                    {"/a", links({"/", "deep/c"})},
                                    {"/b?q=1", links({})},
                                    {"/deep/c", links({"../a", "d"})}}),
                           options(), [](Crawler& crawler) {
                             EXPECT_EQ(crawler.summary().outcome, CrawlOutcome::kFinished);
                             EXPECT_EQ(crawler.summary().stats.pages(), 5U);
                             EXPECT_EQ(crawler.summary().pending(), 0U);
                           });
  EXPECT_EQ(asked.front(), "/robots.txt");
  EXPECT_EQ(sorted(asked), (Paths{"/", "/a", "/b?q=1", "/deep/c", "/deep/d", "/robots.txt"}));
  EXPECT_EQ(texts("SELECT url FROM pages WHERE status = 404"), Paths{origin_ + "/deep/d"});
}

TEST_F(CrawlerTest, StoresFieldsDepthsAndParents) {
  auto with_fields = options();
  with_fields.fields = {crawl::FieldSpec::parse("h=css:h1"), crawl::FieldSpec::parse("all[]=css:i")};
  with_fields.json_lines = directory_ / "items.jsonl";
  crawl(serving({{"/", html("<h1>front</h1><i>1</i><i>2</i><a href=/a>x</a>")},
                 {"/a", html("<a href=/b>x</a>")},
                 {"/b", html("<h1>b")}}),
        with_fields);
  EXPECT_EQ(texts("SELECT coalesce(h, '-') || ' ' || \"all\" FROM items ORDER BY url"),
            (Paths{R"(front ["1", "2"])", "- []", "b []"}));
  EXPECT_EQ(texts("SELECT p.depth || ' ' || coalesce(q.url, '') FROM pages p LEFT JOIN pages q ON q.id = p.parent_id "
                  "ORDER BY 1"),
            (Paths{"0 ", "1 " + origin_ + "/", "2 " + origin_ + "/a"}));
  EXPECT_EQ(std::filesystem::file_size(directory_ / "items.jsonl"),
            static_cast<std::uintmax_t>(std::stoll(texts("SELECT bytes FROM sinks").at(0))));
}

TEST_F(CrawlerTest, RobotsAreObeyedAndAskedForOnce) {
  const auto asked = crawl(serving({{"/robots.txt", ok("User-agent: *\nDisallow: /private\n")},
                                    {"/", links({"/private/a", "/public", "/private/b"})},
                                    {"/public", links({})}}),
                           options(), [](Crawler& crawler) { EXPECT_EQ(crawler.summary().stats.skipped(), 2U); });
  EXPECT_EQ(sorted(asked), (Paths{"/", "/public", "/robots.txt"}));
  EXPECT_EQ(texts("SELECT url FROM pages WHERE state = 'skipped' ORDER BY url"),
            (Paths{origin_ + "/private/a", origin_ + "/private/b"}));
}

TEST_F(CrawlerTest, RobotsForThisCrawlerCount) {
  auto named = options();
  named.user_agent = "Spider/2.0 (+http://spider.example/)";
  const auto asked =
      crawl(serving({{"/robots.txt", ok("User-agent: spider\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n")},
                     {"/", links({"/a", "/b"})}}),
            named);
  EXPECT_EQ(sorted(asked), (Paths{"/", "/b", "/robots.txt"}));
}

TEST_F(CrawlerTest, RobotsCanBeIgnored) {
  auto ignoring = options();
  ignoring.robots.obey = false;
  const auto asked = crawl(serving({{"/robots.txt", ok("User-agent: *\nDisallow: /\n")},
                                    {"/", html("<meta name=robots content=nofollow><a href=/a>x</a>")}}),
                           ignoring);
  EXPECT_EQ(sorted(asked), (Paths{"/", "/a"}));
}

TEST_F(CrawlerTest, MetaNofollowIsObeyed) {
  const auto asked = crawl(serving({{"/", html("<meta name=robots content=nofollow><a href=/a>x</a>")}}), options());
  EXPECT_EQ(sorted(asked), (Paths{"/", "/robots.txt"}));
}

// RFC 9309: a server error is no permission.
TEST_F(CrawlerTest, RobotsThatCannotBeHadForbidAll) {
  const auto asked = crawl(serving({{"/robots.txt", status("500 Internal Server Error")}, {"/", links({})}}), options(),
                           [](Crawler& crawler) { EXPECT_EQ(crawler.summary().stats.failures(), 1U); });
  EXPECT_EQ(asked, (Paths{"/robots.txt", "/robots.txt"}));
  EXPECT_EQ(texts("SELECT error FROM pages"), Paths{"robots.txt: HTTP status 500"});
}

TEST_F(CrawlerTest, CrawlDelaySeparatesRequests) {
  std::vector<std::chrono::steady_clock::time_point> times;
  auto pages = serving({{"/robots.txt", ok("User-agent: *\nCrawl-delay: 0.03\n")}, {"/", links({"/a", "/b", "/c"})}});
  crawl(
      [&](const std::string& request) {
        if (path_of(request) != "/robots.txt") times.push_back(std::chrono::steady_clock::now());
        return pages(request);
      },
      options());
  ASSERT_EQ(times.size(), 4U);
  for (std::size_t i = 2; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 1], 25ms);
}

TEST_F(CrawlerTest, LimitsRequestsToOneHost) {
  Pages pages;
  Paths targets;
  for (int i = 0; i < 60; ++i) targets.push_back("/" + std::to_string(i));
  pages.emplace("/", links(targets));
  auto limited = options();
  limited.frontier.per_host = 3;
  EXPECT_EQ(crawl(serving(pages), limited).size(), 62U);
  EXPECT_LE(peak_, 3);
}

TEST_F(CrawlerTest, TriesAgainWhatMayPass) {
  int asked_a = 0;
  const auto asked = crawl(
      [&](const std::string& request) -> Reply {
        if (path_of(request) == "/") return links({"/a", "/b"});
        if (path_of(request) == "/robots.txt") return status("404 Not Found");
        if (path_of(request) == "/a") return ++asked_a == 1 ? Reply(status("503 Busy")) : Reply(links({}));
        return status("503 Busy", "Retry-After: 0\r\n");
      },
      options(), [](Crawler& crawler) { EXPECT_EQ(crawler.summary().stats.retries(), 2U); });
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "/a"), 2);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "/b"), 2);
  EXPECT_EQ(texts("SELECT status || ' ' || attempts FROM pages ORDER BY url"), (Paths{"200 1", "200 2", "503 2"}));
}

TEST_F(CrawlerTest, ARedirectionIsNoStepInDepth) {
  auto shallow = options();
  shallow.scope.max_depth = 1;
  const auto asked = crawl(serving({{"/", status("302 Found", "Location: /start\r\n")},
                                    {"/start", links({"/a"})},
                                    {"/a", status("301 Moved", "Location: /aa\r\n")},
                                    {"/aa", links({"/too/deep"})}}),
                           shallow);
  EXPECT_EQ(sorted(asked), (Paths{"/", "/a", "/aa", "/robots.txt", "/start"}));
  EXPECT_EQ(texts("SELECT location FROM pages WHERE status = 302"), Paths{"/start"});
}

// A seed that redirects to another host means that host; also in the run that continues.
TEST_F(CrawlerTest, TheScopeFollowsARedirectedSeed) {
  auto main = [&]() -> Coro<void> {
    std::uint16_t port = 0;
    ScriptedServer server([&](const std::string& request) -> Reply {
      const std::string path = path_of(request);
      if (path == "/") return status("301 Moved", "Location: http://localhost:" + std::to_string(port) + "/new\r\n");
      if (path == "/new") return links({"/a"});
      return path == "/a" ? Reply(links({"/b"})) : Reply(status("404 Not Found"));
    });
    co_await server.start();
    port = server.port();
    auto crawl_options = options();
    crawl_options.robots.obey = false;
    crawl_options.seeds = {server.url("/")};
    crawl_options.frontier.max_pages = 2;
    Crawler first(crawl_options);
    co_await first.run();
    EXPECT_EQ(first.summary().pending(), 1U);
    crawl_options.frontier.max_pages = 0;
    Crawler second(crawl_options);
    co_await second.run();
    Paths asked;
    for (const std::string& request : server.requests()) asked.push_back(path_of(request));
    EXPECT_EQ(asked, (Paths{"/", "/new", "/a", "/b"}));
    co_await server.finish();
  };
  run(main());
}

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

TEST_F(CrawlerTest, ReadsWhatCannotBeParsedOnlyWhenBodiesAreKept) {
  const Pages pages{{"/", links({"/film", "/small.bin"})},
                    {"/film", Reply(ok(std::string(3'000'000, 'x'), "Content-Type: video/mp4\r\n"))},
                    {"/small.bin", Reply(ok("12345", "Content-Type: application/octet-stream\r\n"))}};
  crawl(serving(pages), options());
  EXPECT_EQ(texts("SELECT bytes < 1000000 FROM pages WHERE url LIKE '%film'"), Paths{"1"});
  EXPECT_EQ(texts("SELECT bytes FROM pages WHERE url LIKE '%bin'"), Paths{"5"});
  EXPECT_EQ(texts("SELECT count(*) FROM bodies"), Paths{"0"});
  auto keeping = options();
  keeping.database += "2";
  keeping.save_bodies = true;
  crawl(serving(pages), keeping);
  sqlite::Database database(keeping.database);
  EXPECT_EQ(database.scalar("SELECT length(body) FROM bodies JOIN pages ON id = page_id WHERE url LIKE '%film'"),
            3'000'000);
}

TEST_F(CrawlerTest, RunsOnceAndNeedsASeed) {
  EXPECT_THROW(Crawler{CrawlOptions()}, ValueError);
  auto crawl_options = options();
  crawl_options.seeds = {"http://[::1/"};
  EXPECT_THROW(Crawler{crawl_options}, http::InvalidUrl);
  crawl_options.seeds = {"http://127.0.0.1:1/"};
  crawl_options.fields = {crawl::FieldSpec::parse("a=css:p[")};
  EXPECT_THROW(Crawler{crawl_options}, crawl::SelectorError);
  crawl_options.fields.clear();
  crawl_options.robots.obey = false;
  Crawler crawler(crawl_options);
  run(crawler.run());
  EXPECT_EQ(crawler.summary().stats.failures(), 1U);
  EXPECT_THROW(run(crawler.run()), RuntimeError);
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
