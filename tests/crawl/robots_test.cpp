// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/robots.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using corolla::crawl::robots_rules_of;
using corolla::crawl::RobotsRules;
using corolla::crawl::RobotsTxt;

namespace {

RobotsRules rules(std::string_view text, std::string_view agent = "corolla") {
  return RobotsTxt::parse(text).rules_for(agent);
}

bool allows(std::string_view lines, std::string_view target) {
  return rules("User-agent: *\n" + std::string(lines)).allows(target);
}

TEST(Robots, TheLongestRuleDecidesAndAllowWinsATie) {
  EXPECT_TRUE(allows("Disallow: /example/page/disallowed.gif\nAllow: /example/page/", "/example/page/x.html"));
  EXPECT_FALSE(allows("Disallow: /example/page/disallowed.gif\nAllow: /example/page/", "/example/page/disallowed.gif"));
  EXPECT_TRUE(allows("Allow: /p\nDisallow: /", "/page"));
  EXPECT_TRUE(allows("Disallow: /folder\nAllow: /folder", "/folder/page"));
  EXPECT_TRUE(allows("Allow: /page\nDisallow: /*.htm", "/page"));
  EXPECT_FALSE(allows("Allow: /page\nDisallow: /*.htm", "/page.htm"));
  EXPECT_FALSE(allows("Allow: /$\nDisallow: /", "/page.htm"));
  EXPECT_TRUE(allows("Allow: /$\nDisallow: /", "/"));
}

TEST(Robots, WildcardsAndTheEnd) {
  EXPECT_FALSE(allows("Disallow: *.gif$", "/images/foo.gif"));
  EXPECT_TRUE(allows("Disallow: *.gif$", "/images/foo.gif?x"));
  EXPECT_FALSE(allows("Disallow: /fish*", "/fishheads"));
  EXPECT_FALSE(allows("Disallow: /*/x/*/y$", "/a/x/b/x/c/y")) << "the last part is looked for at the end";
  EXPECT_TRUE(allows("Disallow: /*/x/*/y$", "/a/x/y"));
  EXPECT_FALSE(allows("Disallow: /a*a$", "/aa"));
  EXPECT_TRUE(allows("Disallow: /a*a$", "/a")) << "both parts need their own character";
  EXPECT_FALSE(allows("Disallow: /**b", "/ab"));
  EXPECT_FALSE(allows("Disallow: /a*$", "/abc"));
  EXPECT_TRUE(allows("Disallow: /Fish", "/fish")) << "paths have a case";
}

// RFC 9309, section 2.2.2: the table of encodings.
TEST(Robots, SpellingsOfAPathAreEqual) {
  EXPECT_FALSE(allows("Disallow: /foo/bar?baz=quz", "/foo/bar?baz=quz"));
  EXPECT_FALSE(allows("Disallow: /foo/bar?baz=http://foo.bar", "/foo/bar?baz=http://foo.bar"));
  EXPECT_FALSE(allows("Disallow: /foo/bar/U+E38384", "/foo/bar/U+E38384"));
  EXPECT_FALSE(allows("Disallow: /foo/bar/\xE3\x83\x84", "/foo/bar/%E3%83%84"));
  EXPECT_FALSE(allows("Disallow: /foo/bar/%e3%83%84", "/foo/bar/\xE3\x83\x84"));
  EXPECT_FALSE(allows("Disallow: /foo/bar/%62%61%7A", "/foo/bar/baz"));
  EXPECT_TRUE(allows("Disallow: /a%2Fb", "/a/b"));
  EXPECT_FALSE(allows("Disallow: /path/file-with-a-%2A.html", "/path/file-with-a-*.html"));
  EXPECT_FALSE(allows("Disallow: /path/foo-%24", "/path/foo-$"));
  EXPECT_TRUE(allows("Disallow: /path/file-with-a-%2A.html", "/path/file-with-a-x.html"));
  EXPECT_FALSE(allows("Disallow: /a$b", "/a$b")) << "a '$' that is not at the end is a character";
}

TEST(Robots, GroupsOfOneAgentAreOne) {
  const std::string text =
      "user-agent: ExampleBot\ndisallow: /foo\ndisallow: /bar\n\n"
      "user-agent: Other\nuser-agent: *\ndisallow: /\n\n"
      "User-Agent: examplebot/2.1 (+http://x)\ndisallow: /baz\n";
  EXPECT_FALSE(rules(text, "ExampleBot").allows("/foo"));
  EXPECT_FALSE(rules(text, "EXAMPLEBOT").allows("/baz"));
  EXPECT_TRUE(rules(text, "examplebot").allows("/other")) << "the group for * is not for it";
  EXPECT_FALSE(rules(text, "corolla").allows("/x"));
  EXPECT_TRUE(rules("User-agent: somebody\nDisallow: /", "corolla").is_empty());
  EXPECT_TRUE(rules("User-agent: corolla-news\nDisallow: /", "corolla").allows("/")) << "another token";
  EXPECT_FALSE(rules(text, "ExampleBot/9.0").allows("/foo")) << "only the token of a User-Agent counts";
}

TEST(Robots, OtherLinesDoNotInterfere) {
  const std::string text =
      "\xEF\xBB\xBF# a comment\r\nSitemap: http://a/1.xml\r\nDisallow: /before-any-group\r"
      "User-agent: a\rCrawl-delay: 7\rSitemap:http://a/2.xml # the second\rUser-agent: corolla\nDisallow : /x # why\n"
      "nonsense\n: /y\nDisallow\nUnknown: /z\nDisallow /forgotten\nDisallow: relative\nDisallow:\n";
  const RobotsTxt file = RobotsTxt::parse(text);
  EXPECT_EQ(file.sitemaps(), (std::vector<std::string>{"http://a/1.xml", "http://a/2.xml"}));
  for (const char* agent : {"a", "corolla"}) {
    const RobotsRules mine = file.rules_for(agent);
    EXPECT_FALSE(mine.allows("/x")) << agent;
    EXPECT_FALSE(mine.allows("/forgotten"));
    EXPECT_FALSE(mine.allows("/relative"));
    EXPECT_TRUE(mine.allows("/before-any-group"));
    EXPECT_TRUE(mine.allows("/z"));
    EXPECT_EQ(mine.crawl_delay(), 7s);
  }
}

TEST(Robots, CrawlDelay) {
  EXPECT_EQ(rules("User-agent: *\nCrawl-delay: 2.5").crawl_delay(), 2500ms);
  EXPECT_EQ(rules("User-agent: *\nCrawl-delay: 1e9").crawl_delay(), 1s) << "no exponents: digits up to there";
  EXPECT_EQ(rules("User-agent: *\nCrawl-delay: 999999999").crawl_delay(), 24h);
  for (const char* bad : {"", "soon", "-1", "nan", "inf"})
    EXPECT_EQ(rules("User-agent: *\nCrawl-delay: " + std::string(bad)).crawl_delay(), std::nullopt) << bad;
  EXPECT_EQ(
      rules("User-agent: corolla\nCrawl-delay: 1\n\nUser-agent: corolla\nDisallow: /x\nCrawl-delay: 3").crawl_delay(),
      3s);
  EXPECT_EQ(rules("User-agent: other\nCrawl-delay: 1").crawl_delay(), std::nullopt);
}

TEST(Robots, RobotsTxtItselfMayAlwaysBeFetched) {
  EXPECT_TRUE(allows("Disallow: /", "/robots.txt"));
  EXPECT_FALSE(allows("Disallow: /", "/robots.txt?x"));
  EXPECT_FALSE(RobotsRules::disallow_all().allows("/"));
  EXPECT_TRUE(RobotsRules::allow_all().allows("/"));
}

TEST(Robots, TheStatusDecidesBeforeTheText) {
  const std::string_view forbid = "User-agent: *\nDisallow: /x";
  EXPECT_FALSE(robots_rules_of(200, forbid, "corolla").allows("/x"));
  EXPECT_TRUE(robots_rules_of(200, forbid, "corolla").allows("/y"));
  for (const int gone : {400, 401, 403, 404, 410, 429})
    EXPECT_TRUE(robots_rules_of(gone, forbid, "corolla").allows("/x"));
  for (const int broken : {0, 301, 500, 503}) EXPECT_FALSE(robots_rules_of(broken, "", "corolla").allows("/y"));
}

TEST(Robots, ReadsNoMoreThanItsLimit) {
  std::string text = "User-agent: *\nDisallow: /first\n#";
  text.append(RobotsTxt::kMaxBytes - text.size(), 'x');
  text += "\nDisallow: /beyond\n";
  const RobotsRules mine = rules(text);
  EXPECT_FALSE(mine.allows("/first"));
  EXPECT_TRUE(mine.allows("/beyond"));
}

/// What a pattern means, said with backtracking.
bool reference_match(std::string_view pattern, std::string_view target) {
  if (pattern.empty()) return true;
  if (pattern == "$") return target.empty();
  if (pattern[0] == '*') {
    for (std::size_t skip = 0; skip <= target.size(); ++skip)
      if (reference_match(pattern.substr(1), target.substr(skip))) return true;
    return false;
  }
  return !target.empty() && target[0] == pattern[0] && reference_match(pattern.substr(1), target.substr(1));
}

TEST(Robots, MatchesAsTheDefinitionSays) {
  std::mt19937_64 random(4);
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern = "/";
    std::string target = "/";
    for (std::uint64_t n = random() % 7; n > 0; --n) pattern += "ab/**"[random() % 5];
    for (std::uint64_t n = random() % 8; n > 0; --n) target += "ab/"[random() % 3];
    if (random() % 3 == 0) pattern += '$';
    const bool expected = reference_match(pattern, target);
    matched += expected ? 1 : 0;
    ASSERT_EQ(!allows("Disallow: " + pattern, target), expected) << pattern << " on " << target;
  }
  EXPECT_GT(matched, 2000);
}

TEST(Robots, AnyBytesParse) {
  std::mt19937_64 random(5);
  const std::vector<std::string> words{
      "User-agent", "Disallow", "Allow", "Crawl-delay",        "Sitemap", ":", "*", "$", "/", "\r", "\n", " ", "#",
      "%2",         "%",        "\xFF",  std::string(1, '\0'), "corolla", "1"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::uint64_t n = random() % 60; n > 0; --n) text += words[random() % words.size()];
    (void)rules(text).allows("/" + text);
  }
}

TEST(Robots, AgreesWithProtego) {
  std::ifstream file(std::string(COROLLA_CRAWL_DATA) + "/robots_cases.jsonl");
  int asked = 0;
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    const auto text = record["robots"].get<std::string>();
    const RobotsTxt parsed = RobotsTxt::parse(text);
    const RobotsRules mine = parsed.rules_for(record["agent"].get<std::string>());
    for (const auto& entry : record["cases"]) {
      ++asked;
      EXPECT_EQ(mine.allows(entry[0].get<std::string>()), entry[1].get<bool>())
          << text << "\n"
          << entry[0] << " for " << record["agent"];
    }
    std::optional<std::chrono::milliseconds> delay;
    if (!record["delay"].is_null())
      delay = std::chrono::milliseconds(static_cast<int>(record["delay"].get<double>() * 1000));
    EXPECT_EQ(mine.crawl_delay(), delay) << text;
    EXPECT_EQ(parsed.sitemaps(), record["sitemaps"].get<std::vector<std::string>>()) << text;
  }
  EXPECT_GT(asked, 2000);
}

}  // namespace
