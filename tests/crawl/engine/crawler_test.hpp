// SPDX-License-Identifier: Apache-2.0
/// \file
/// The fixture of the engine's tests: a crawl of a server in the same loop.
#pragma once

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

using namespace std::chrono_literals;
using crawl::CrawlCallbacks;
using crawl::Crawler;
using crawl::CrawlOptions;
using crawl::CrawlOutcome;

inline std::string html(const std::string& body, const std::string& fields = {}) {
  return ok(body, "Content-Type: text/html; charset=utf-8\r\n" + fields);
}

inline std::string links(const std::vector<std::string>& targets) {
  std::string body = "<!doctype html><title>t</title>";
  for (const std::string& target : targets) body += "<a href=\"" + target + "\">x</a>\n";
  return html(body);
}

inline std::string status(const std::string& line, const std::string& fields = {}) {
  return "HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n" + fields + "\r\n";
}

inline std::string path_of(const std::string& request) {
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

}  // namespace corolla::test
