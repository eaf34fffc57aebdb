// SPDX-License-Identifier: Apache-2.0
// On a real site the streaming tokenizer finds the links that a tree has, page by page, in the same order.
#include <corolla/crawl/links.hpp>

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/html_tree.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace corolla::inline v0::crawl {
namespace {

TEST(LinksOfASite, AreThoseOfTheTree) {
  const XPathExpression expression("//@href | //@src");
  std::size_t total = 0;
  std::size_t pages = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(COROLLA_PYTHON_DOC)) {
    if (entry.path().extension() != ".html") continue;
    ++pages;
    std::ifstream stream(entry.path(), std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    const std::string page = text.str();
    std::vector<std::string> ours;
    for_each_link(page, [&](const Link& link) {
      if (link.attribute == "href" || link.attribute == "src") ours.emplace_back(link.value);
    });
    HtmlTree tree;
    tree.feed(page);
    tree.finish();
    const XPathResult found = expression.evaluate(tree.document());
    std::vector<std::string> theirs;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::string text_of_node = node_text(found.node(i));
      const std::string_view value = trim(text_of_node);
      if (!value.empty()) theirs.emplace_back(value);
    }
    EXPECT_EQ(ours, theirs) << entry.path();
    total += ours.size();
  }
  EXPECT_GT(pages, 500U);
  EXPECT_GT(total, 100'000U);
}

}  // namespace
}  // namespace corolla::inline v0::crawl
