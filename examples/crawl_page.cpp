// SPDX-License-Identifier: Apache-2.0
// What a page says: its links, resolved, and fields of it. No network: crawl_page BASE-URL FIELD... < page.html
#include <corolla/crawl/fields.hpp>
#include <corolla/crawl/links.hpp>
#include <corolla/http/url.hpp>
#include <exception>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

using namespace corolla;

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "usage: crawl_page BASE-URL FIELD... < page.html\n";
    return 2;
  }
  const std::string html{std::istreambuf_iterator<char>(std::cin), {}};

  std::vector<std::string> hrefs;
  const auto page = crawl::for_each_link(html, [&](const crawl::Link& link) {
    if (link.kind == crawl::LinkKind::kNavigation) hrefs.emplace_back(link.value);
  });
  auto base = http::Url::parse(argv[1]);
  if (page.base) base = http::Url::parse(*page.base, base);  // <base href> holds for all links
  for (const auto& href : hrefs) std::cout << http::Url::parse(href, base).href() << '\n';

  std::vector<crawl::FieldSpec> specs;
  for (int i = 2; i < argc; ++i) specs.push_back(crawl::FieldSpec::parse(argv[i]));
  const crawl::FieldSet fields(std::move(specs));
  const auto extraction = fields.extract_utf8(html);
  for (const auto& field : extraction.fields)
    for (const auto& value : field.values) std::cout << field.name << ": " << value << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
