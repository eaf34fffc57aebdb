// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cookie.hpp>

#include <gtest/gtest.h>

#include <string>

namespace corolla::inline v0::http {
namespace {

const Cookie::time_point kNow{std::chrono::seconds(1'800'000'000)};

std::optional<Cookie> parse(std::string_view field, std::string_view origin = "https://www.example.com/a/b/c?q") {
  return parse_set_cookie(field, Url::parse(origin), kNow);
}

TEST(SetCookie, AttributesAndDefaults) {
  const auto bare = parse("name=value");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->name, "name");
  EXPECT_EQ(bare->value, "value");
  EXPECT_EQ(bare->domain, "www.example.com");
  EXPECT_TRUE(bare->host_only);
  EXPECT_EQ(bare->path, "/a/b");
  EXPECT_FALSE(bare->expires || bare->secure || bare->http_only);

  const auto all =
      parse(" a = b c ; domain = .Example.COM; PATH=/x ;secure; HttpOnly; SameSite=lax; Max-Age=60; foo=bar");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->name, "a");
  EXPECT_EQ(all->value, "b c");
  EXPECT_EQ(all->domain, "example.com");
  EXPECT_FALSE(all->host_only);
  EXPECT_EQ(all->path, "/x");
  EXPECT_TRUE(all->secure && all->http_only);
  EXPECT_EQ(all->same_site, Cookie::SameSite::kLax);
  EXPECT_EQ(all->expires, kNow + std::chrono::seconds(60));
}

TEST(SetCookie, NamesAndValues) {
  EXPECT_EQ(parse("=v")->value, "v");
  EXPECT_EQ(parse("v")->value, "v");
  EXPECT_EQ(parse("v")->name, "");
  EXPECT_EQ(parse("a=b=c")->value, "b=c");
  EXPECT_EQ(parse("a=\"b\"")->value, "\"b\"");
  EXPECT_EQ(parse("a=")->value, "");
  EXPECT_EQ(parse("a=b\tc")->value, "b\tc");
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse("="));
  EXPECT_FALSE(parse("; Secure"));
  EXPECT_FALSE(parse(std::string_view("a=b\0c", 5)));
  EXPECT_FALSE(parse("a=b\x7f"));
  EXPECT_FALSE(parse("a=b; path=/\x01"));
  EXPECT_TRUE(parse("a=" + std::string(kMaxCookieSize - 1, 'x')));
  EXPECT_FALSE(parse("a=" + std::string(kMaxCookieSize, 'x')));
}

TEST(SetCookie, TheLastAttributeOfAKindCounts) {
  EXPECT_EQ(parse("a=b; path=/x; path=/y")->path, "/y");
  EXPECT_EQ(parse("a=b; path=/x; path=y")->path, "/a/b") << "one that is no path stands for the default";
  EXPECT_EQ(parse("a=b; domain=other.org; domain=example.com")->domain, "example.com");
  EXPECT_EQ(parse("a=b; path=/x; path=/" + std::string(kMaxCookieAttributeSize, 'y'))->path, "/x");
}

TEST(SetCookie, DefaultPath) {
  EXPECT_EQ(parse("a=b", "http://h/")->path, "/");
  EXPECT_EQ(parse("a=b", "http://h/x")->path, "/");
  EXPECT_EQ(parse("a=b", "http://h/x/")->path, "/x");
  EXPECT_EQ(parse("a=b; path=", "http://h/x/y")->path, "/x");
}

TEST(SetCookie, Domains) {
  EXPECT_FALSE(parse("a=b; domain=other.com"));
  EXPECT_FALSE(parse("a=b; domain=www2.www.example.com")) << "below the host";
  EXPECT_FALSE(parse("a=b; domain=ample.com"));
  EXPECT_TRUE(parse("a=b; domain=")->host_only);
  EXPECT_TRUE(parse("a=b; domain=.")->host_only);
  EXPECT_FALSE(parse("a=b; domain=com")) << "a public suffix";
  EXPECT_FALSE(parse("a=b; domain=co.uk", "https://shop.co.uk/"));
  const auto itself = parse("a=b; domain=github.io", "https://github.io/");
  ASSERT_TRUE(itself);
  EXPECT_TRUE(itself->host_only) << "a suffix that is the host itself";
  EXPECT_TRUE(parse("a=b; domain=localhost", "http://localhost/"));
  const auto address = parse("a=b; domain=127.0.0.1", "http://127.0.0.1/");
  ASSERT_TRUE(address);
  EXPECT_FALSE(parse("a=b; domain=0.0.1", "http://127.0.0.1/"));
  EXPECT_EQ(parse("a=b", "http://[::1]:8080/")->domain, "[::1]");
}

TEST(SetCookie, Ends) {
  EXPECT_EQ(parse("a=b; Max-Age=60; Expires=Wed, 01 Jan 2031 00:00:00 GMT")->expires, kNow + std::chrono::seconds(60));
  EXPECT_EQ(parse("a=b; Max-Age=99999999999999999999")->expires, kNow + kMaxCookieAge);
  EXPECT_EQ(parse("a=b; Expires=Wed, 01 Jan 2099 00:00:00 GMT")->expires, kNow + kMaxCookieAge);
  EXPECT_LT(*parse("a=b; Max-Age=0")->expires, kNow);
  EXPECT_LT(*parse("a=b; Max-Age=-99999999999999999999")->expires, kNow);
  EXPECT_LT(*parse("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT")->expires, kNow);
  for (const char* nonsense : {"Max-Age=", "Max-Age=x", "Max-Age=1x", "Max-Age=-", "Max-Age=+1", "Expires=soon"})
    EXPECT_FALSE(parse(std::string("a=b; ") + nonsense)->expires) << nonsense;
}

TEST(SetCookie, WhatPlainHttpMayNot) {
  EXPECT_FALSE(parse("a=b; secure", "http://example.com/"));
  EXPECT_TRUE(parse("a=b; secure", "wss://example.com/"));
  EXPECT_FALSE(parse("a=b; SameSite=None"));
  EXPECT_TRUE(parse("a=b; SameSite=None; Secure"));
  EXPECT_EQ(parse("a=b; SameSite=whatever")->same_site, Cookie::SameSite::kDefault);
}

TEST(SetCookie, PrefixesArePromises) {
  EXPECT_FALSE(parse("__Secure-a=b"));
  EXPECT_TRUE(parse("__Secure-a=b; Secure"));
  EXPECT_FALSE(parse("__SECURE-a=b")) << "in any case";
  EXPECT_TRUE(parse("__Host-a=b; Secure; Path=/"));
  EXPECT_FALSE(parse("__Host-a=b; Secure"));
  EXPECT_FALSE(parse("__Host-a=b; Secure; Path=/a"));
  EXPECT_FALSE(parse("__Host-a=b; Path=/"));
  EXPECT_FALSE(parse("__Host-a=b; Secure; Path=/; Domain=example.com"));
  EXPECT_FALSE(parse("__Host-a=b; Secure", "https://example.com/")) << "the path has to be said";
  EXPECT_FALSE(parse("=__Host-a=b; Secure; Path=/")) << "by a name that is none";
}

TEST(CookieDate, AnyOrderAndSeparators) {
  const Cookie::time_point wanted{std::chrono::seconds(784'111'777)};
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "6 november 1994 8:49:37", "8:49:37 1994 6 Nov", "06-Nov-1994 08:49:37x UTC", "nov,6,94,08:49:37"})
    EXPECT_EQ(parse_cookie_date(text), wanted) << text;
  EXPECT_EQ(parse_cookie_date("1 jan 69 0:0:0"),
            Cookie::time_point(std::chrono::sys_days(std::chrono::year(2069) / 1 / 1)));
  EXPECT_EQ(parse_cookie_date("1 jan 70 0:0:0"), Cookie::time_point());
}

TEST(CookieDate, WhatIsNone) {
  for (const char* text :
       {"", "tomorrow", "6 nov 1994", "nov 1994 08:49:37", "6 1994 08:49:37", "6 nov 08:49:37", "31 feb 2020 0:0:0",
        "6 nov 1600 0:0:0", "6 nov 1994 24:0:0", "6 nov 1994 0:60:0", "6 nov 1994 0:0:60", "0 nov 1994 0:0:0",
        "6 nov 19940 0:0:0", "006 nov 1994 0:0:0", "6 nov 1994 0:0:000"})
    EXPECT_FALSE(parse_cookie_date(text)) << text;
}

TEST(CookieMatch, DomainsAndPaths) {
  EXPECT_TRUE(domain_matches("example.com", "example.com"));
  EXPECT_TRUE(domain_matches("a.b.example.com", "example.com"));
  EXPECT_FALSE(domain_matches("example.com", "www.example.com"));
  EXPECT_FALSE(domain_matches("badexample.com", "example.com"));
  EXPECT_FALSE(domain_matches("1.2.3.4", "3.4"));
  EXPECT_FALSE(domain_matches("a", ""));
  EXPECT_TRUE(path_matches("/a/b", "/a"));
  EXPECT_TRUE(path_matches("/a/b", "/a/"));
  EXPECT_TRUE(path_matches("/a", "/a"));
  EXPECT_FALSE(path_matches("/ab", "/a"));
  EXPECT_FALSE(path_matches("/a", "/a/"));
}

}  // namespace
}  // namespace corolla::inline v0::http
