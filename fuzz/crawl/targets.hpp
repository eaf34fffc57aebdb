// SPDX-License-Identifier: Apache-2.0
// What the fuzzers of this directory run on each input, and a test on each file of fuzz/corpus/crawl/<name>. A target
// returns false, rather than aborting, when a promise is broken.
#pragma once

#include <corolla/crawl/charset.hpp>
#include <corolla/crawl/fields.hpp>
#include <corolla/crawl/links.hpp>

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/css_xpath.hpp"
#include "crawl/extract/html_tokenizer.hpp"
#include "crawl/extract/html_tree.hpp"
#include "crawl/extract/references.hpp"
#include "crawl/extract/utf8.hpp"
#include "crawl/extract/xpath_scan.hpp"

#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::crawl::fuzz {

inline bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// Names and values are views of the page and in order; links are trimmed, not empty and not too long.
inline bool links(std::string_view input) {
  bool good = true;
  HtmlTokenizer tokenizer(input);
  const char* last = input.data();
  std::string buffer;
  while (tokenizer.next()) {
    good = good && is_inside(tokenizer.name(), input) && tokenizer.name().data() > last;
    last = tokenizer.name().data();
    for (const HtmlAttribute& a : tokenizer.attributes()) {
      good = good && is_inside(a.name, input) && is_inside(a.value, input) && !a.name.empty();
      good = good && decode_references(a.value, buffer).size() <= a.value.size() * 3;
    }
  }
  const auto check = [&](const Link& link) {
    good = good && !link.value.empty() && trim(link.value) == link.value && link.value.size() <= 3 * 65536;
  };
  for_each_link(input, check, {.css = true, .forms = true}, "corolla");
  for_each_css_link(input, check);
  for (const TextMode mode : {TextMode::kRcdata, TextMode::kScriptData, TextMode::kPlaintext}) {
    HtmlTokenizer inside(input);
    const std::string_view text = inside.text(mode, "script");
    good = good && text.size() <= input.size();
    if (inside.next()) good = good && inside.is_end_tag() && equals_ignoring_case(inside.name(), "script");
  }
  return good;
}

/// Each selector either gives a SelectorError or XPath that libxml2 compiles and runs.
inline bool selector(std::string_view input) {
  HtmlTree page;
  page.feed("<html lang=en><body class='a b'><p id=x>t<i>u</i></p><p>v</p><a href=z>w</a></body></html>");
  page.finish();
  try {
    const std::string xpath = css_to_xpath(input).xpath;
    if (xpath.find('\0') != std::string::npos || !is_valid_utf8(xpath)) return true;
    try {
      if (!XPathExpression(xpath).evaluate(page.document()).error.empty()) return false;
    } catch (const SelectorError&) {
      return false;
    }
  } catch (const SelectorError&) {
  }
  try {
    scan_xpath(input);
    (void)FieldSpec::parse(input);
    const FieldSet set({FieldSpec::parse(input)});
    (void)set.extract("<p class=a>x</p>");
  } catch (const ValueError&) {
  }
  return true;
}

/// The text is UTF-8, and UTF-8 is not touched. The first byte picks the label.
inline bool text(std::string_view input) {
  constexpr std::string_view kLabels[] = {"",       "utf-8",       "latin1",         "windows-1251", "shift_jis",
                                          "euc-jp", "iso-2022-jp", "gb18030",        "big5",         "euc-kr",
                                          "koi8-u", "utf-16le",    "utf-16be",       "866",          "iso-8859-8-i",
                                          "mac",    "replacement", "x-user-defined", "windows-874",  "windows-1255"};
  std::string_view label;
  if (!input.empty()) {
    label = kLabels[static_cast<unsigned char>(input[0]) % std::size(kLabels)];
    input.remove_prefix(1);
  }
  const Utf8Text out = to_utf8(input, label);
  if (!is_valid_utf8(out.view()) || out.view().size() > 3 * input.size() + 3) return false;
  if (out.is_borrowed()) return is_inside(out.view(), input);
  (void)charset_parameter(input);
  return true;
}

inline std::vector<std::string> first_values(const Extraction& extraction) {
  std::vector<std::string> out;
  for (const FieldValue& field : extraction.fields) {
    out.push_back(field.values.empty() ? "-" : "=" + field.values[0]);
    out.push_back(field.error);
  }
  return out;
}

/// Stopping early gives what the whole page gives. The input is torn apart by filler, so that a chunk ends inside.
inline bool early_stop(std::string_view input) {
  constexpr std::string_view kFields[] = {"a=css:h1",
                                          "b=css:title",
                                          "c=css:[class]",
                                          "d=css:p::text",
                                          "e=css:li + li",
                                          "f=css:body *::attr(id)",
                                          "g=css::not(html):not(body):not(i)",
                                          "h=xpath://a/@href",
                                          "i=css:div > p::html"};
  static const auto set_of = [](std::span<const std::string_view> fields) {
    std::vector<FieldSpec> specs;
    for (const std::string_view field : fields) specs.push_back(FieldSpec::parse(field));
    return FieldSet(std::move(specs));
  };
  static const FieldSet all = set_of(kFields);
  static const std::vector<FieldSet> each = [&] {
    std::vector<FieldSet> out;
    for (const std::string_view& field : kFields) out.push_back(set_of({&field, 1}));
    return out;
  }();
  std::string filler;
  while (filler.size() < 4200) filler += "<i>x</i>" + std::string(400, 'y');
  const std::string_view half = input.substr(0, input.size() / 2);
  const std::string page = repair_utf8(std::string(half) + filler + std::string(input.substr(half.size())) + filler);
  const std::vector<std::string> expected = first_values(all.extract_utf8_without_early_stop(page));
  for (std::size_t i = 0; i < each.size(); ++i) {
    const std::vector<std::string> found = first_values(each[i].extract_utf8(page));
    if (found[0] != expected[2 * i] || found[1] != expected[2 * i + 1]) return false;
  }
  return true;
}

}  // namespace corolla::inline v0::crawl::fuzz
