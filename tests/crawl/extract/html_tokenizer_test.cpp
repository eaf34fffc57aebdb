// SPDX-License-Identifier: Apache-2.0
// The tokenizer against the html5lib project's own cases (Debian: librust-markup5ever-rcdom-dev): each start and end tag
// that a case expects must come out, with its attributes, in its order, and no other.
#include "crawl/extract/html_tokenizer.hpp"

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/references.hpp"
#include "crawl/extract/utf8.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace corolla::inline v0::crawl {
namespace {

using nlohmann::json;

/// What the standard does to the input before (newlines) and the tokenizer to each text (NUL), and this one leaves.
std::string preprocessed(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      if (text.substr(i, 2) == "\r\n") continue;
      out.push_back('\n');
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string without_nul(std::string_view text) {
  std::string out;
  for (const char c : text) c == '\0' ? out += kReplacement : out += c;
  return out;
}

/// "\\uHHHH" once more, for cases marked doubleEscaped; halves of surrogate pairs stay what they are: U+FFFD in UTF-8.
std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 5 < text.size() && text[i + 1] == 'u') {
      append_utf8(out, static_cast<std::uint32_t>(std::stoul(text.substr(i + 2, 4), nullptr, 16)));
      i += 5;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

json tags_of(const std::string& input, const std::string& state, const std::string& last_start_tag) {
  HtmlTokenizer tokenizer(input);
  if (state == "RCDATA state") tokenizer.text(TextMode::kRcdata, last_start_tag);
  if (state == "RAWTEXT state") tokenizer.text(TextMode::kRawtext, last_start_tag);
  if (state == "PLAINTEXT state") tokenizer.text(TextMode::kPlaintext, last_start_tag);
  if (state == "Script data state") tokenizer.text(TextMode::kScriptData, "script");
  json tags = json::array();
  std::string buffer;
  while (tokenizer.next()) {
    json tag = json::array({tokenizer.is_end_tag() ? "EndTag" : "StartTag", without_nul(lowered(tokenizer.name()))});
    if (!tokenizer.is_end_tag()) {
      json attributes = json::object();
      for (const HtmlAttribute& a : tokenizer.attributes()) {
        const std::string name = without_nul(lowered(a.name));
        if (!attributes.contains(name)) attributes[name] = without_nul(decode_references(a.value, buffer));
      }
      tag.push_back(attributes);
      if (tokenizer.is_self_closing()) tag.push_back(true);
    }
    tags.push_back(tag);
  }
  return tags;
}

TEST(HtmlTokenizer, AgreesWithHtml5lib) {
  std::size_t cases = 0;
  std::size_t with_tags = 0;
  for (const auto& entry : std::filesystem::directory_iterator(COROLLA_HTML5LIB_TOKENIZER)) {
    if (entry.path().extension() != ".test") continue;
    std::ifstream stream(entry.path());
    const json file = json::parse(stream);
    const json& tests = file.contains("tests") ? file["tests"] : file["xmlViolationTests"];
    for (const json& test : tests) {
      const bool twice = test.value("doubleEscaped", false);
      const std::string input = twice ? unescaped(test["input"]) : test["input"].get<std::string>();
      json expected = json::array();
      for (const json& token : test["output"]) {
        if (!token.is_array() || (token[0] != "StartTag" && token[0] != "EndTag")) continue;
        json tag = token;
        if (tag[0] == "EndTag") tag = json::array({tag[0], tag[1]});
        if (twice) {
          tag[1] = unescaped(tag[1]);
          if (tag[0] == "StartTag") {
            json attributes = json::object();
            for (const auto& [name, value] : tag[2].items()) attributes[unescaped(name)] = unescaped(value);
            tag[2] = attributes;
          }
        }
        expected.push_back(tag);
      }
      with_tags += expected.empty() ? 0 : 1;
      const std::vector<std::string> states = test.value("initialStates", std::vector<std::string>{"Data state"});
      for (const std::string& state : states) {
        ++cases;
        EXPECT_EQ(tags_of(preprocessed(input), state, test.value("lastStartTag", "")), expected)
            << entry.path().filename() << ": " << test["description"] << " in " << state;
      }
    }
  }
  EXPECT_GE(cases, 6600U);
  EXPECT_GE(with_tags, 400U);
}

struct TextCase {
  std::string_view html;
  TextMode mode;
  std::string_view name;
  std::string_view text;
};

TEST(HtmlTokenizer, FindsTheEndOfTextElements) {
  const TextCase cases[] = {
      {"a</title >b", TextMode::kRcdata, "title", "a"},
      {"a</titles>b</TITLE>", TextMode::kRcdata, "title", "a</titles>b"},
      {"a</title", TextMode::kRcdata, "title", "a</title"},
      {"a<b></style/>", TextMode::kRawtext, "style", "a<b>"},
      {"</plaintext>", TextMode::kPlaintext, "plaintext", "</plaintext>"},
      {"x</script>y", TextMode::kScriptData, "script", "x"},
      {"'<script>'</script>y", TextMode::kScriptData, "script", "'<script>'"},
      {"<!-- a</script>b", TextMode::kScriptData, "script", "<!-- a"},
      {"<!-- <script> </script> --></script>", TextMode::kScriptData, "script", "<!-- <script> </script> -->"},
      {"<!-- <script> </script> </script>", TextMode::kScriptData, "script", "<!-- <script> </script> "},
      {"<!-- <script> --></script>", TextMode::kScriptData, "script", "<!-- <script> -->"},
      {"<!--><script></script></script>", TextMode::kScriptData, "script", "<!--><script>"},
      {"<!-- <scripts></script>", TextMode::kScriptData, "script", "<!-- <scripts>"},
      {"<!-- <script></script", TextMode::kScriptData, "script", "<!-- <script></script"},
  };
  for (const TextCase& c : cases) EXPECT_EQ(HtmlTokenizer(c.html).text(c.mode, c.name), c.text) << c.html;
}

TEST(HtmlTokenizer, AttributesBeyondTheLimitAreReadButNotKept) {
  std::string html = "<a";
  for (std::size_t i = 0; i < HtmlTokenizer::kMaxAttributes + 10; ++i) html += " x='>'";
  html += "><b>";
  HtmlTokenizer tokenizer(html);
  ASSERT_TRUE(tokenizer.next());
  EXPECT_EQ(tokenizer.attributes().size(), HtmlTokenizer::kMaxAttributes);
  ASSERT_TRUE(tokenizer.next());
  EXPECT_EQ(tokenizer.name(), "b");
  EXPECT_FALSE(tokenizer.next());
}

}  // namespace
}  // namespace corolla::inline v0::crawl
