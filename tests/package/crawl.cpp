// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/fields.hpp>
#include <corolla/crawl/frontier.hpp>
#include <corolla/crawl/store.hpp>

#include <chrono>

int main() {
  using namespace corolla;
  const crawl::FieldSet fields({crawl::FieldSpec::parse("title=css:title"), crawl::FieldSpec::parse("b=re:b(.)")});
  const auto page = fields.extract_utf8("<title>Hello</title><p>bc");
  crawl::Frontier frontier;
  frontier.add("http://a.example/", 0);
  const auto request = frontier.next(std::chrono::steady_clock::now());
  crawl::Store store(":memory:", crawl::StoreOptions({"title"}));
  return page.fields[0].values[0] == "Hello" && page.fields[1].values[0] == "c" && request &&
                 store.counts().pending == 0
             ? 0
             : 1;
}
