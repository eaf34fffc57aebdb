// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/canonical.hpp>
#include <corolla/crawl/scope.hpp>
#include <corolla/runtime/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

using corolla::crawl::canonical_url;
using corolla::crawl::Scope;
using corolla::crawl::ScopeOptions;
using corolla::http::Url;
using Verdict = corolla::crawl::Scope::Verdict;

namespace {

Verdict judge(const Scope& scope, std::string_view text, std::uint32_t depth = 1) {
  const Url url = Url::parse(text);
  return scope.judge(url, canonical_url(url), depth);
}

Scope scope_of(ScopeOptions options, std::vector<std::string> seeds = {"http://a.example/docs/index.html"}) {
  Scope scope(std::move(options));
  for (const auto& seed : seeds) scope.add_seed(Url::parse(seed));
  return scope;
}

TEST(Scope, StaysOnTheSeedsHostsByDefault) {
  const Scope scope = scope_of({}, {"http://a.example/x", "http://b.example:8080/"});
  EXPECT_EQ(judge(scope, "http://a.example/anything?x"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "https://a.example/"), Verdict::kInside) << "the other scheme on its own port";
  EXPECT_EQ(judge(scope, "http://A.EXAMPLE:80/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example:8080/"), Verdict::kHost);
  EXPECT_EQ(judge(scope, "http://b.example:8080/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://b.example/"), Verdict::kHost);
  EXPECT_EQ(judge(scope, "http://www.a.example/"), Verdict::kHost);
  EXPECT_EQ(judge(scope, "mailto:x@a.example"), Verdict::kScheme);
  EXPECT_EQ(judge(scope, "ftp://a.example/"), Verdict::kScheme);
}

TEST(Scope, DomainsReplaceTheSeedsHosts) {
  ScopeOptions options;
  options.domains = {"Example.ORG", "bücher.example"};
  const Scope scope = scope_of(options);
  EXPECT_EQ(judge(scope, "http://example.org:9/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.b.example.org/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://notexample.org/"), Verdict::kHost);
  EXPECT_EQ(judge(scope, "http://www.xn--bcher-kva.example/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/"), Verdict::kHost);
  for (const char* bad : {"", "a b", "x/y", "h:80", "u@h", "h?q"}) {
    options.domains = {bad};
    EXPECT_THROW(Scope{options}, corolla::ValueError) << bad;
  }
}

TEST(Scope, NoParentKeepsToTheSeedsDirectories) {
  ScopeOptions options;
  options.no_parent = true;
  options.any_host = true;
  const Scope scope = scope_of(options, {"http://a.example/docs/index.html", "http://a.example/wiki/"});
  EXPECT_EQ(judge(scope, "http://a.example/docs/x/y"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/wiki/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/docs"), Verdict::kParent);
  EXPECT_EQ(judge(scope, "http://a.example/docs2/x"), Verdict::kParent);
  EXPECT_EQ(judge(scope, "http://a.example/"), Verdict::kParent);
  EXPECT_EQ(judge(scope, "http://other.example/"), Verdict::kInside);
}

TEST(Scope, PrefixesAndExpressions) {
  ScopeOptions options;
  options.prefixes = {"HTTP://a.example/docs/%7ex", "http://a.example/wiki/"};
  options.include = {"\\.html$", "/wiki/"};
  options.exclude = {"[?&]action=edit"};
  const Scope scope = scope_of(options);
  EXPECT_EQ(judge(scope, "http://a.example/docs/~x/1.html"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/docs/y.html"), Verdict::kPrefix);
  EXPECT_EQ(judge(scope, "http://a.example/docs/~x/1.pdf"), Verdict::kNotIncluded);
  EXPECT_EQ(judge(scope, "http://a.example/wiki/A?action=edit"), Verdict::kExcluded);
  EXPECT_EQ(judge(scope, "http://a.example/wiki/A#x.html"), Verdict::kInside);
  options.include = {"("};
  try {
    Scope bad(options);
    FAIL();
  } catch (const corolla::ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("'('"), std::string::npos) << error.what();
  }
  options.include = {};
  options.prefixes = {"no url"};
  EXPECT_THROW(Scope{options}, corolla::ValueError);
}

TEST(Scope, DepthCountsFromTheSeeds) {
  ScopeOptions options;
  options.max_depth = 2;
  const Scope scope = scope_of(options);
  EXPECT_EQ(judge(scope, "http://a.example/", 2), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/", 3), Verdict::kTooDeep);
}

TEST(Scope, Traps) {
  const Scope scope = scope_of({});
  EXPECT_EQ(judge(scope, "http://a.example/x/x/x/x/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/x/x/x/x/x/"), Verdict::kTrap);
  EXPECT_EQ(judge(scope, "http://a.example/s/a/b/c/a/b/c/a/b/c/a/b/c/a/b/c/t"), Verdict::kTrap);
  EXPECT_EQ(judge(scope, "http://a.example/s/a/b/c/a/b/c/a/b/c/a/b/c/a/b/t"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/2024/01/01/2024/02/02/2024/03/03/"), Verdict::kInside);
  EXPECT_EQ(judge(scope, "http://a.example/" + std::string(4096, 'x')), Verdict::kTrap);
  ScopeOptions options;
  options.max_repetitions = 0;
  EXPECT_EQ(judge(scope_of(options), "http://a.example/x/x/x/x/x/x/x/x"), Verdict::kInside);
}

}  // namespace
