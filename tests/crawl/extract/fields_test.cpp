// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/fields.hpp>

#include "crawl/extract/css_xpath.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace corolla::inline v0::crawl {
namespace {

using Values = std::vector<std::string>;

Values run(std::string_view field, std::string_view html, std::string_view charset = {}) {
  return FieldSet({FieldSpec::parse(field)}).extract(html, charset).fields.at(0).values;
}

TEST(FieldSpec, Parses) {
  const FieldSpec spec = FieldSpec::parse("next-link[]=css:a[rel=next]::attr(href)");
  EXPECT_EQ(spec.name, "next-link");
  EXPECT_TRUE(spec.all);
  EXPECT_EQ(spec.kind, FieldKind::kCss);
  EXPECT_EQ(spec.expression, "a[rel=next]::attr(href)");
  EXPECT_EQ(FieldSpec::parse("x=xpath://a").kind, FieldKind::kXPath);
  EXPECT_EQ(FieldSpec::parse("x=re:a=b").expression, "a=b");
}

struct Bad {
  std::string_view field;
  std::string_view message;
};

TEST(FieldSpec, BadOnesNameThePlace) {
  const Bad cases[] = {
      {"", "bad field '': expected a name of letters, digits, '_', '-', '.' at position 0"},
      {"title", "bad field 'title': expected '=' at position 5"},
      {"title[=css:a", "bad field 'title[=css:a': expected '=' at position 5"},
      {"title=h1", "bad field 'title=h1': expected css:, xpath: or re: at position 6"},
      {"title=css: ", "bad field 'title=css: ': expected an expression at position 10"},
  };
  for (const Bad& c : cases) {
    try {
      (void)FieldSpec::parse(c.field);
      ADD_FAILURE() << c.field;
    } catch (const ValueError& error) {
      EXPECT_EQ(error.what(), c.message);
    }
  }
}

TEST(FieldSet, BadExpressionsNameThePlace) {
  const Bad cases[] = {
      {"x=css:h1[", "field 'x': bad css selector 'h1[': expected an attribute name at position 3"},
      {"x=css:h1 >",
       "field 'x': bad css selector 'h1 >': expected an element, class, id, attribute or pseudo-class at position 4"},
      {"x=css:a,,b",
       "field 'x': bad css selector 'a,,b': expected an element, class, id, attribute or pseudo-class at position 2"},
      {"x=css:a:nth-child(x)",
       "field 'x': bad css selector 'a:nth-child(x)': expected odd, even, a number or An+B at position 12"},
      {"x=css:a:foo", "field 'x': bad css selector 'a:foo': unknown pseudo-class :foo at position 1"},
      {"x=css:a:foo(1)", "field 'x': bad css selector 'a:foo(1)': unknown pseudo-class :foo() at position 1"},
      {"x=css:a::before",
       "field 'x': bad css selector 'a::before': unknown pseudo-element: ::text, ::html and ::attr(name) exist at "
       "position 1"},
      {"x=css:a::text b", "field 'x': bad css selector 'a::text b': expected ',' or the end at position 8"},
      {"x=css:a[b='c]", "field 'x': bad css selector 'a[b='c]': unclosed string at position 4"},
      {"x=css:a[b?=c]", "field 'x': bad css selector 'a[b?=c]': expected an operator or ']' at position 3"},
      {"x=css::not(a", "field 'x': bad css selector ':not(a': expected ',' or ')' at position 6"},
      {"x=css:*:first-of-type",
       "field 'x': bad css selector '*:first-of-type': :first-of-type needs an element name before it at position 1"},
      {"x=css:svg|a", "field 'x': bad css selector 'svg|a': namespace prefixes are not supported at position 3"},
      {"x=xpath://a[", "field 'x': bad xpath '//a[': not an XPath 1.0 expression at position 4"},
      {"x=xpath://a[foo()]", "field 'x': bad xpath '//a[foo()]': unknown function foo() at position 4"},
      {"x=xpath://a[$b]", "field 'x': bad xpath '//a[$b]': there are no variables at position 4"},
      {"x=xpath:re:test(a)", "field 'x': bad xpath 're:test(a)': namespace prefix 're' is not known at position 0"},
      {"x=xpath:'a", "field 'x': bad xpath ''a': unclosed string at position 0"},
      {"x=xpath:contains('a')", "field 'x': bad xpath 'contains('a')': xpath: wrong number of arguments at position 0"},
      {"x=re:(a", "field 'x': bad regular expression '(a': missing ): (a at position 0"},
      {"x=re:a**", "field 'x': bad regular expression 'a**': bad repetition operator: ** at position 1"},
  };
  for (const Bad& c : cases) {
    try {
      const FieldSet set({FieldSpec::parse(c.field)});
      ADD_FAILURE() << c.field;
    } catch (const SelectorError& error) {
      EXPECT_EQ(error.what(), c.message);
    }
  }
  EXPECT_THROW(FieldSet({FieldSpec::parse("a=css:b"), FieldSpec::parse("a=css:c")}), ValueError);
  EXPECT_THROW(FieldSet({FieldSpec::parse("a=css:" + std::string(5000, 'b'))}), SelectorError);
  std::string nested;
  for (int i = 0; i < 100; ++i) nested += ":not(";
  EXPECT_THROW(FieldSet({FieldSpec::parse("a=css:" + nested)}), SelectorError);
}

TEST(Fields, TextMarkupAndAttributes) {
  const std::string_view html =
      "<body><h1 id=a>  Tea\n <b>and</b>\tmilk </h1><h1>2</h1><a href='?a&amp;b'>x</a></body>";
  EXPECT_EQ(run("x=css:h1", html), Values{"Tea and milk"});
  EXPECT_EQ(run("x=css:h1::text", html), Values{"  Tea\n "});
  EXPECT_EQ(run("x[]=css:h1::text", html), (Values{"  Tea\n ", "\tmilk ", "2"}));
  EXPECT_EQ(run("x=css:b::html", html), Values{"<b>and</b>"});
  EXPECT_EQ(run("x=css:a::attr(href)", html), Values{"?a&b"});
  EXPECT_EQ(run("x[]=css:h1", html), (Values{"Tea and milk", "2"}));
  EXPECT_EQ(run("x=xpath:count(//h1)", html), Values{"2"});
  EXPECT_EQ(run("x=xpath://h1/@id", html), Values{"a"});
  EXPECT_EQ(run("x=css:h2", html), Values{});
  EXPECT_EQ(run("x=css:p::html", "<p>é <br>"), Values{"<p>é <br></p>"});
}

TEST(Fields, RegularExpressions) {
  const std::string_view html = "<i>(1994)</i> (2001) é";
  EXPECT_EQ(run("x=re:\\((\\d{4})\\)", html), Values{"1994"});
  EXPECT_EQ(run("x[]=re:\\((\\d{4})\\)", html), (Values{"1994", "2001"}));
  EXPECT_EQ(run("x=re:<i>.*?</i>", html), Values{"<i>(1994)</i>"});
  EXPECT_EQ(run("x=re:nothing", html), Values{});
  EXPECT_EQ(run("x[]=re:b*", "abbé"), (Values{"", "bb", "", ""}));
  EXPECT_EQ(run("x[]=re:^a", "aaa"), Values{"a"});
  EXPECT_EQ(run("x=re:(a)|b", "b"), Values{""});
  EXPECT_EQ(run("x=re:é", "caf\xE9", "latin1"), Values{"é"});
  EXPECT_EQ(run("x=re:(a+)+$", std::string(100'000, 'a') + "!"), Values{});  // exponential in other engines
}

TEST(Fields, ManyAtOnceInTheirOrder) {
  const FieldSet set({FieldSpec::parse("b=re:t(.)x"), FieldSpec::parse("a=css:p"), FieldSpec::parse("c[]=css:i")});
  const Extraction out = set.extract("<p>text</p>");
  ASSERT_EQ(out.fields.size(), 3U);
  EXPECT_EQ(out.fields[0].name, "b");
  EXPECT_EQ(out.fields[0].values, Values{"e"});
  EXPECT_EQ(out.fields[1].values, Values{"text"});
  EXPECT_TRUE(out.fields[2].is_list);
  EXPECT_EQ(out.fields[2].values, Values{});
}

TEST(Fields, CharsetOfThePage) {
  EXPECT_EQ(run("x=css:p", "<meta charset=windows-1251><p>\xCF\xF0\xE8</p>"), Values{"При"});
  EXPECT_EQ(run("x=css:p", "<meta charset=windows-1251><p>При</p>", "utf-8"), Values{"При"});
  EXPECT_EQ(run("x=css:p", std::string("<p>a\0b</p>", 10)), Values{"ab"});
}

TEST(Fields, LimitsAreTold) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<div>";
  const Extraction nested = FieldSet({FieldSpec::parse("x=css:h1")}).extract(deep + "<h1>x</h1>");
  EXPECT_TRUE(nested.truncated);
  std::string wide = "<p";
  for (int i = 0; i < 300; ++i) wide += " a" + std::to_string(i);
  const Extraction monstrous = FieldSet({FieldSpec::parse("x=css:p")}).extract(wide + ">x</p>");
  EXPECT_EQ(monstrous.fields[0].error, "a tag has more than 256 attributes");
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "<i>x</i>";
  const Extraction slow = FieldSet({FieldSpec::parse("x=xpath://i[count(//i) > count(//b) + 99999]")}).extract(many);
  EXPECT_EQ(slow.fields[0].error, "the page is too large for this xpath");
  EXPECT_TRUE(slow.fields[0].values.empty());
  EXPECT_FALSE(FieldSet({FieldSpec::parse("x=css:i")}).extract(many).truncated);
}

TEST(Fields, OneSetServesManyThreads) {
  const FieldSet set(
      {FieldSpec::parse("t=css:title"), FieldSpec::parse("n=xpath:count(//li)"), FieldSpec::parse("r=re:<li>(\\d+)$")});
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 50; ++i) {
        const std::string number = std::to_string(i);
        std::string html = "<title>" + number + "</title><ul>";
        for (int k = 0; k < i; ++k) html += "<li>" + number;
        const Extraction out = set.extract(html);
        good[t] += out.fields[0].values == Values{number} && out.fields[1].values == Values{number} &&
                   out.fields[2].values == Values{number};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, (std::vector<int>{50, 50, 50, 50}));
}

TEST(CssXPath, LiteralsOfEveryQuote) {
  EXPECT_EQ(xpath_literal("a"), "'a'");
  EXPECT_EQ(xpath_literal("a'b"), "\"a'b\"");
  EXPECT_EQ(xpath_literal("a\"b"), "'a\"b'");
  EXPECT_EQ(run("x=css:[a=\"q'\\\"z\"]", "<p a=\"q'&quot;z\">found</p>"), Values{"found"});
}

}  // namespace
}  // namespace corolla::inline v0::crawl
