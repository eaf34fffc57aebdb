// SPDX-License-Identifier: Apache-2.0
// Stopping early gives what reading the whole page gives: on a real site, and on pages made to break the argument.
#include <corolla/crawl/fields.hpp>

#include "crawl/extract/css_xpath.hpp"
#include "crawl/extract/xpath_scan.hpp"
#include "tests/support/sanitizers.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {
namespace {

std::vector<std::vector<std::string>> values(const Extraction& extraction) {
  std::vector<std::vector<std::string>> out;
  for (const FieldValue& field : extraction.fields) out.push_back(field.values);
  return out;
}

FieldSet fields(const std::vector<std::string_view>& texts) {
  std::vector<FieldSpec> specs;
  for (const std::string_view text : texts) specs.push_back(FieldSpec::parse(text));
  return FieldSet(std::move(specs));
}

const std::vector<std::string_view> kStable = {"title=css:title",
                                               "h1=css:h1",
                                               "text=css:h1::text",
                                               "first=css:p",
                                               "link=css:a.headerlink::attr(href)",
                                               "nested=css:div.body section > h2",
                                               "sibling=css:h1 + p",
                                               "nth=css:li:nth-child(2)",
                                               "html=css:p::html",
                                               "x=xpath://h2/text()",
                                               "y=xpath://div[@class='body']//a/@href",
                                               "last=css:dd p"};

TEST(EarlyStop, GivesTheSameOnARealSite) {
  std::vector<FieldSet> sets;
  for (const std::string_view text : kStable) sets.push_back(fields({text}));
  sets.push_back(fields({"title=css:title", "h1=css:h1"}));
  std::size_t pages = 0;
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(COROLLA_PYTHON_DOC)) {
    if (entry.path().extension() != ".html") continue;
    if (++pages % 8 != 0 && corolla_tests::kThreadSanitizer) continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    const std::string page = text.str();
    const auto expected = values(fields(kStable).extract_utf8_without_early_stop(page));
    for (std::size_t i = 0; i < kStable.size(); ++i) {
      found += expected[i].size();
      if (i >= 2 && pages % 8 != 0) continue;
      EXPECT_EQ(values(sets[i].extract_utf8(page))[0], expected[i]) << entry.path() << ' ' << kStable[i];
    }
    EXPECT_EQ(values(sets.back().extract_utf8(page)),
              (std::vector<std::vector<std::string>>{expected[0], expected[1]}));
  }
  EXPECT_GT(pages, 500U);
  EXPECT_GT(found, corolla_tests::kThreadSanitizer ? 250U : 2000U);
}

/// Long enough that what stands before it is read in an earlier chunk.
std::string filler(std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += "<i>x</i> ";
  return out;
}

TEST(EarlyStop, GivesTheSameOnHostilePages) {
  const std::string far = filler(20'000);
  const std::vector<std::string> pages = {
      "<title>a</title><h1>open " + far + " still <b>open",
      "<h1>one<h1>two" + far + "</h1></h1>",
      "<title>no end " + far,
      "<p>one" + far + "<p>two" + far + "<h1>late</h1>" + far,
      "<b><i><h1>x</b>y</i>" + far + "z</h1>" + far,
      "<table><h1>in" + far + "<tr><td>t</table>" + far,
      "<h1 class=a>x</h1>" + far + "<html class=a lang=en id=top><body class=a id=b><h1>y</h1>",
      "<p class=a>x</p>" + far + "<BODY CLASS='a' title=t>" + far,
      "text &amp" + std::string(9'000, 'y') + "; <h1>a &am" + far + "p;</h1>",
      "<div><div><div>" + far + "</div><h1>q</h1></div>" + far + "</div><p class=a>w</p>" + far,
      "<!-- " + far + " --><title>behind</title>" + far,
      "<script>'<h1>no</h1>'" + far + "</script><h1>yes</h1>" + far,
      "<h1>" + std::string(20'000, 'a') + "\xC3\xA9" + std::string(20'000, 'b') + "</h1>" + far,
      std::string(4'095, 'a') + "\xE2\x82\xAC" + std::string(8'190, 'b') + "\xF0\x9F\x98\x80<h1>c</h1>" + far,
      "<h1>a" + std::string("\0b", 2) + "</h1>" + far + std::string("\0", 1),
      "<ul><li>1<li>2" + far + "<li>3</ul>" + far + "<li>4",
      "</h1></p></html>" + far + "<h1>after</h1></body></html>" + far + "<title>x</title>",
      "<form><p>a<form><h1>b</form>c</h1>" + far,
      "<a href=1>x<a href=2 class=a>y" + far + "</a></a>" + far,
      "<frameset><h1>x</h1>" + far,
      "<head><title>t</title><p class=a>implied body" + far + "</p><head class=a><title class=a>2</title></head>" + far,
      far + "<" + far + "<h1",
      std::string(30'000, '<') + "<h1>x</h1>" + far,
  };
  const std::vector<std::string_view> selectors = {"a=css:h1",
                                                   "b=css:title",
                                                   "c=css:.a",
                                                   "d=css:[lang]",
                                                   "e=css:p",
                                                   "f=css:h1::text",
                                                   "g=css:[title]::attr(title)",
                                                   "h=css:body .a",
                                                   "i=css::not(.a)::attr(id)",
                                                   "j=xpath://*[@class]/@class",
                                                   "k=xpath://h1/text()",
                                                   "l=css:li + li",
                                                   "m=css:#b",
                                                   "n=xpath://p/following-sibling::h1",
                                                   "o=css:h1::html",
                                                   "p=css:div h1",
                                                   "q=css:*:not([class])",
                                                   "r=css:b i",
                                                   "s=xpath:/html/@lang",
                                                   "t=xpath://*[not(@id)]/@class",
                                                   "u=css:i::text",
                                                   "v=css:html::attr(class)",
                                                   "w=xpath://a[2]/@href"};
  for (std::size_t p = 0; p < pages.size(); ++p) {
    for (const std::string_view text : selectors) {
      const FieldSet set = fields({text});
      EXPECT_EQ(values(set.extract_utf8(pages[p])), values(set.extract_utf8_without_early_stop(pages[p])))
          << text << " on page " << p;
    }
  }
}

TEST(EarlyStop, IsForExpressionsThatLookBackOnly) {
  for (const std::string_view css : {"h1", "a.b > c + d ~ e f", "[x='y' i]", "p:nth-child(2n+1)", ":not(.a, b c)",
                                     "p:first-of-type", ":root > body", "a:link::attr(href)", "li:lang(en)"}) {
    EXPECT_TRUE(css_to_xpath(css).prefix_stable) << css;
  }
  for (const std::string_view css :
       {":last-child", "p:nth-last-child(1)", ":empty", "p:only-of-type", ":has(a)", ":contains('x')",
        ":not(:last-child)", "h1, p:last-of-type", "p:nth-last-of-type(2) a"}) {
    EXPECT_FALSE(css_to_xpath(css).prefix_stable) << css;
  }
  for (const std::string_view xpath :
       {"//h1", "/html/body//a/@href", "//p[@class='a' and not(@id)]/text()", "//a[contains(@href, '?')]",
        "//h1 | //h2", "//li[2]", "//h1/following-sibling::p[1]", "//a[position() = 2]", "//a[attribute::x]",
        "//*[@*]"}) {
    EXPECT_TRUE(scan_xpath(xpath)) << xpath;
  }
  for (const std::string_view xpath : {"//p[last()]",
                                       "//p[a]",
                                       "//p[.='x']",
                                       "//p[text()='x']",
                                       "string(//p)",
                                       "count(//p)",
                                       "(//p)[1]",
                                       "//a/..",
                                       "//a/parent::p",
                                       "//a/ancestor::p",
                                       "//a/preceding-sibling::p",
                                       "//p[contains(., 'x')]",
                                       "//p[normalize-space()='x']",
                                       "//p[*]",
                                       "//p[@a/../b]",
                                       "//p[following-sibling::a]",
                                       "//p[string-length() > 3]",
                                       "//p[node()]",
                                       "1 + 1",
                                       "'x'",
                                       "//p[count(a) = 1]",
                                       "//p[@a = //b]"}) {
    EXPECT_FALSE(scan_xpath(xpath)) << xpath;
  }
}

}  // namespace
}  // namespace corolla::inline v0::crawl
