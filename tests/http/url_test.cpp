// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/url.hpp>

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "http/url_parser.hpp"

namespace corolla::inline v0::http {
namespace {

TEST(Url, ComponentsOfAFullUrl) {
  const Url url = Url::parse("HTTPS://us%65r:p:w@Example.COM:8443/a/./b/../c%20d?q=1 2#frag ment");
  EXPECT_EQ(url.href(), "https://us%65r:p%3Aw@example.com:8443/a/c%20d?q=1%202#frag%20ment");
  EXPECT_EQ(url.scheme(), "https");
  EXPECT_EQ(url.username(), "us%65r");
  EXPECT_EQ(url.password(), "p%3Aw");
  EXPECT_EQ(url.host(), "example.com");
  EXPECT_EQ(url.host_and_port(), "example.com:8443");
  EXPECT_EQ(url.port(), 8443);
  EXPECT_EQ(url.path(), "/a/c%20d");
  EXPECT_EQ(url.query(), "q=1%202");
  EXPECT_EQ(url.fragment(), "frag%20ment");
  EXPECT_EQ(url.request_target(), "/a/c%20d?q=1%202");
  EXPECT_EQ(url.origin(), "https://example.com:8443");
  EXPECT_EQ(url.without_fragment().href(), "https://us%65r:p%3Aw@example.com:8443/a/c%20d?q=1%202");
  const Url bare = url.without_credentials();
  EXPECT_EQ(bare.href(), "https://example.com:8443/a/c%20d?q=1%202#frag%20ment");
  EXPECT_EQ(bare.request_target(), url.request_target());
  EXPECT_FALSE(bare.has_credentials());
}

TEST(Url, PortsAndOrigins) {
  EXPECT_EQ(Url::parse("http://a:80/").href(), "http://a/");
  EXPECT_EQ(Url::parse("http://a:080/").href(), "http://a/");
  EXPECT_EQ(Url::parse("http://a:443/").port(), 443);
  EXPECT_EQ(Url::parse("https://a/").effective_port(), 443);
  EXPECT_EQ(Url::parse("redis://a/").effective_port(), 0);
  EXPECT_EQ(Url::parse("redis://a:6379/").effective_port(), 6379);
  EXPECT_TRUE(Url::parse("http://a/x").same_origin(Url::parse("http://A:80/y")));
  EXPECT_FALSE(Url::parse("http://a/").same_origin(Url::parse("https://a/")));
  EXPECT_FALSE(Url::parse("http://a/").same_origin(Url::parse("http://a:81/")));
  EXPECT_FALSE(Url::parse("file:///x").same_origin(Url::parse("file:///x")));
  EXPECT_EQ(Url::parse("mailto:x@y").origin(), "null");
}

TEST(Url, AddressesInEverySpelling) {
  for (const char* text : {"http://127.1/", "http://0x7F.1/", "http://0177.0.0.1/", "http://2130706433/",
                           "http://127.0.0.1./", "http://%31%32%37.0.0.1/", "http://１２７.0.0.1/"})
    EXPECT_EQ(Url::parse(text).host(), "127.0.0.1") << text;
  EXPECT_EQ(Url::parse("http://[0:0:0:0:0:ffff:127.0.0.1]:81/").host(), "[::ffff:7f00:1]");
  EXPECT_EQ(Url::parse("http://[2001:DB8:0:0:1:0:0:1]/").hostname(), "2001:db8::1:0:0:1");
  for (const char* text :
       {"http://256.0.0.1/", "http://1.2.3.4.5/", "http://1.2.3.x4.09/", "http://[::1/", "http://[1:2]/",
        "http://[::1::]/", "http://[::1]x/", "http://[1:2:3:4:5:6:7:8:9]/", "http://[::1.2.3]/"})
    EXPECT_FALSE(Url::try_parse(text).has_value()) << text;
}

TEST(Url, InternationalDomains) {
  EXPECT_EQ(Url::parse("http://Bücher.example/ü?ü#ü").href(), "http://xn--bcher-kva.example/%C3%BC?%C3%BC#%C3%BC");
  EXPECT_EQ(Url::parse("http://faß.de/").host(), "xn--fa-hia.de") << "non-transitional";
  EXPECT_EQ(Url::parse("http://日本語。jp/").host(), "xn--wgv71a119e.jp");
  EXPECT_EQ(Url::parse("http://☃.net/").host(), "xn--n3h.net");
  EXPECT_EQ(Url::parse("http://xn--ls8h.la/").host(), "xn--ls8h.la");
  EXPECT_EQ(Url::parse("http://💩.la/").host(), "xn--ls8h.la");
  EXPECT_EQ(Url::parse("http://r3---sn-4g5.example/").host(), "r3---sn-4g5.example") << "hyphens are not checked";
  EXPECT_FALSE(Url::try_parse("http://xn--a/").has_value()) << "no Punycode";
  EXPECT_FALSE(Url::try_parse("http://a\xFF.example/").has_value()) << "no UTF-8";
}

TEST(Url, ErrorsAreOneClearLine) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      static_cast<void>(Url::parse(text));
    } catch (const InvalidUrl& error) {
      return error.what();
    }
    return "parsed";
  };
  EXPECT_EQ(message("/relative"), "invalid URL '/relative': relative URL without a base");
  EXPECT_EQ(message("http://a:99999/"), "invalid URL 'http://a:99999/': port above 65535");
  EXPECT_EQ(message("http://a b/"), "invalid URL 'http://a b/': forbidden character in host");
  EXPECT_EQ(message("http://a\x01/"), "invalid URL 'http://a?/': forbidden character in host");
  EXPECT_EQ(message(std::string(Url::kMaxLength + 1, 'a')).size(),
            std::string("invalid URL '").size() + 200 + 3 + 3 + 8);
  EXPECT_THROW(static_cast<void>(Url::parse("http:///")), ValueError);
}

TEST(Url, LongestInputs) {
  std::string dots = "http://a/";
  while (dots.size() + 3 < Url::kMaxLength) dots += "../";
  EXPECT_EQ(Url::parse(dots).href(), "http://a/");
  const std::string host = "http://" + std::string(100'000, 'a') + "/";
  EXPECT_EQ(Url::parse(host).href(), host);
  EXPECT_FALSE(Url::try_parse("http://" + std::string(100'000, '\xC3')).has_value());
  // Three bytes become eight: what is too long to be read again is not written.
  const auto labels = [](int count) {
    std::string text = "http://";
    for (int i = 0; i < count; ++i) text += "\u00FC.";
    return text + "/";
  };
  const auto long_one = Url::parse(labels(500));
  EXPECT_EQ(Url::parse(long_one.href()), long_one);
  EXPECT_FALSE(Url::try_parse(labels(600)).has_value());
}

// The fast paths and the full parser must be one function. The full parser is forced by a tab, which it strips.
TEST(Url, FastPathsGiveWhatTheFullParserGives) {
  const std::vector<std::string> bases{"http://a.example",    "https://user:pw@b.example:8080/x/y/z.html?q=1#f",
                                       "http://1.2.3.4/d/",   "http://a/b//c/d;p?q",
                                       "https://[::1]:9/a/b", "ftp://f.example/x/y"};
  const std::vector<std::string> texts{"",
                                       "#",
                                       "#x",
                                       "?",
                                       "?y=1#z",
                                       "/",
                                       "//h.example/p",
                                       "/p",
                                       "/p/q?r#s",
                                       "p",
                                       "p/q",
                                       "./p",
                                       "../p",
                                       "../../p",
                                       "../../../p",
                                       ".././p",
                                       "..",
                                       ".",
                                       "../",
                                       "./",
                                       "../..",
                                       "p/../q",
                                       "p/..",
                                       "p/.",
                                       ".p",
                                       "..p",
                                       "...",
                                       "p//q",
                                       "/p//q",
                                       "..//p",
                                       ".//p",
                                       "%2e%2e/p",
                                       "p/%2E./q",
                                       "a:b",
                                       "a/b:c",
                                       "1:2",
                                       "./a:b",
                                       "?a:b",
                                       "p q",
                                       "p\"q",
                                       "p'q",
                                       "p?'",
                                       "p^q",
                                       "p|q",
                                       "p{q",
                                       "p`q",
                                       "p#`",
                                       "\\p",
                                       "p\\q",
                                       "p%20q",
                                       "p%zz",
                                       "é",
                                       "http:p",
                                       "https:p",
                                       "http://H.example",
                                       "http://h.example",
                                       "http://h.example?x",
                                       "http://h.example#x",
                                       "http://h.example:80/",
                                       "http://h.example:8080",
                                       "http://h.example:08/",
                                       "http://h.example:65536/",
                                       "http://h.example:/",
                                       "http://h/../x",
                                       "http://h/x/./y",
                                       "http://h_1.example/",
                                       "http://h.1/",
                                       "http://h.1x/",
                                       "http://h./",
                                       "http://h..e/",
                                       "http://.h/",
                                       "http://-h-/",
                                       "http://xn--n3h.net/",
                                       "http://xn--/",
                                       "http://a@h/",
                                       "http://h/@:",
                                       "http://h/p?q?r#s#t",
                                       "http://h/p?q'",
                                       "http://h/?#",
                                       "mailto:x",
                                       "HTTP://h/x",
                                       " http://h/x ",
                                       "http://1.2/",
                                       "http://0x1/"};
  const auto show = [](const std::optional<Url>& url) {
    if (!url) return std::string("invalid");
    std::string out = url->href();
    for (const auto part : {url->scheme(), url->username(), url->password(), url->host(), url->host_and_port(),
                            url->path(), url->query(), url->fragment(), url->request_target()})
      out += " | " + std::string(part);
    return out + (url->has_query() ? " ?" : "") + (url->has_fragment() ? " #" : "") +
           std::to_string(url->effective_port());
  };
  for (const auto& text : texts) {
    EXPECT_EQ(show(Url::try_parse(text)), show(Url::try_parse("\t" + text))) << text;
    for (const auto& base : bases) {
      const auto parsed = Url::try_parse(base);
      ASSERT_TRUE(parsed.has_value());
      EXPECT_EQ(show(Url::try_parse(text, *parsed)), show(Url::try_parse("\t" + text, *parsed)))
          << text << " on " << base;
    }
  }
}

TEST(Url, IsAValueAndAKey) {
  const std::unordered_set<Url> seen{Url::parse("http://a"), Url::parse("http://A/"), Url::parse("http://a/b/..")};
  EXPECT_EQ(seen.size(), 1U);
  EXPECT_LT(Url::parse("http://a/1"), Url::parse("http://a/2"));
  EXPECT_LE(sizeof(Url), 72U) << "a crawler holds millions";
}

}  // namespace
}  // namespace corolla::inline v0::http
