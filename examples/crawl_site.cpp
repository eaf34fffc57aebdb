// SPDX-License-Identifier: Apache-2.0
// Crawls a site with fields, then reads the rows. usage: crawl_site URL DATABASE
#include <corolla/corolla.hpp>
#include <corolla/crawl/crawler.hpp>
#include <corolla/sqlite.hpp>
#include <iostream>
#include <string>
#include <variant>

using namespace corolla;

Coro<void> crawl_site(std::string url, std::string database) {
  crawl::CrawlOptions options;
  options.seeds.push_back(url);
  options.fields.push_back(crawl::FieldSpec::parse("name=css:h1"));
  options.fields.push_back(crawl::FieldSpec::parse("score=xpath://strong[@property='v:average']/text()"));
  options.database = database;
  options.scope.max_depth = 2;

  crawl::CrawlCallbacks callbacks;
  callbacks.on_page = [](const crawl::PageEvent& page) { std::cerr << page.status << ' ' << page.url << '\n'; };

  crawl::Crawler crawler(options, callbacks);
  co_await crawler.run();
  std::cout << crawl::to_string(crawler.summary().outcome) << ": " << crawler.summary().finished << " pages\n";
}

Coro<void> show_items(std::string database) {
  auto db = co_await sqlite::connect(database);
  auto rows = co_await db.execute("SELECT name, score FROM items WHERE name IS NOT NULL ORDER BY url");
  for (const auto& row : rows)
    std::cout << std::get<std::string>(row[0]) << ' ' << std::get<std::string>(row[1]) << '\n';
  co_await db.close();
}

Coro<void> amain(std::string url, std::string database) {
  co_await crawl_site(url, database);
  co_await show_items(database);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: crawl_site URL DATABASE\n";
    return 2;
  }
  return run_main(amain(argv[1], argv[2]));
}
