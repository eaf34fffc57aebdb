// SPDX-License-Identifier: Apache-2.0
// The engine against a server in the same loop. Both backends.
#include "tests/crawl/engine/crawler_test.hpp"

namespace corolla::test {
namespace {

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

}  // namespace
}  // namespace corolla::test
