// SPDX-License-Identifier: Apache-2.0
// A crawler of one's own: pages of a list name the pages of movies; of each movie, four fields.
// usage: crawl_movies LIST-URL...          all at once
//        crawl_movies --one-by-one LIST-URL...
#include <corolla/corolla.hpp>
#include <corolla/crawl/fields.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace corolla;

const crawl::FieldSet& list_fields() {
  static const crawl::FieldSet kFields({crawl::FieldSpec::parse("movies[]=css:div.item a::attr(href)")});
  return kFields;
}

const crawl::FieldSet& movie_fields() {
  static const crawl::FieldSet kFields({
      crawl::FieldSpec::parse("name=css:span[property='v:itemreviewed']"),
      crawl::FieldSpec::parse("score=xpath://strong[@property='v:average']/text()"),
      crawl::FieldSpec::parse("director=css:a[rel='v:directedBy']"),
      crawl::FieldSpec::parse("language=re:语言:</span> *([^<]*)<br"),
  });
  return kFields;
}

// The URLs of the movies on a page of the list.
Coro<std::vector<std::string>> movies_of(http::Session& session, std::string list_url) {
  auto response = co_await session.get(list_url).raise_for_status();
  const std::string html = co_await response.text();
  std::vector<std::string> urls;
  const auto page = list_fields().extract_utf8(html);
  for (const auto& href : page.fields[0].values)
    urls.emplace_back(http::Url::parse(href, response.url()).href());  // relative to where it stood
  co_return urls;
}

// One line about a movie.
Coro<std::string> movie(http::Session& session, std::string url) {
  auto response = co_await session.get(url);
  if (!response.ok()) co_return "no such page";
  // Parsing takes the processor, not the network: it is done in a thread, so that the loop goes on meanwhile.
  auto html = co_await response.text();
  auto page = co_await to_thread([](std::string text) { return movie_fields().extract_utf8(text); }, std::move(html));
  std::string line;
  for (const auto& field : page.fields) {
    if (!line.empty()) line += ' ';
    line += field.values.empty() ? "-" : field.values[0];
  }
  co_return line;
}

Coro<void> one_by_one(std::vector<std::string> lists) {
  http::Session session;
  for (auto& list : lists) {
    auto urls = co_await movies_of(session, list);
    for (auto& url : urls) std::cout << co_await movie(session, url) << '\n';
  }
}

Coro<void> all_at_once(std::vector<std::string> lists) {
  http::Session session;
  // gather(return_exceptions, …) waits for all its children, also when one fails: they use the session.
  std::vector<Coro<std::vector<std::string>>> pages;
  for (auto& list : lists) pages.push_back(movies_of(session, list));
  std::vector<Coro<std::string>> movies;
  for (auto& urls : co_await gather(return_exceptions, pages))
    for (auto& url : urls.value()) movies.push_back(movie(session, url));
  for (auto& line : co_await gather(return_exceptions, movies))
    std::cout << (line ? *line : line.error_message()) << '\n';
}

int main(int argc, char** argv) {
  std::vector<std::string> lists(argv + 1, argv + argc);
  if (!lists.empty() && lists[0] == "--one-by-one") {
    lists.erase(lists.begin());
    return run_main(one_by_one(std::move(lists)));
  }
  return run_main(all_at_once(std::move(lists)));
}
