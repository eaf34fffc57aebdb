// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/date.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/etag.hpp>
#include <corolla/http/media_type.hpp>
#include <corolla/http/percent.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/http/range.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace corolla::inline v0::http {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

const sys_seconds kNow{seconds(1'800'000'000)};  // in 2027

TEST(HttpDate, TheThreeForms) {
  const sys_seconds wanted{seconds(784'111'777)};
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), wanted);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), wanted);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", kNow), wanted);
  EXPECT_EQ(parse_http_date(" Sun, 06 Nov 1994 08:49:37 GMT ", kNow), wanted);
  EXPECT_EQ(format_http_date(wanted), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(sys_seconds{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(sys_seconds{seconds(951'782'399)}), "Mon, 28 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(format_http_date(sys_seconds{seconds(INT64_MAX / 2)}), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(HttpDate, TwoDigitYears) {
  EXPECT_EQ(parse_http_date("Friday, 01-Jan-77 00:00:00 GMT", kNow),
            parse_http_date("Fri, 01 Jan 2077 00:00:00 GMT", kNow));
  EXPECT_EQ(parse_http_date("Sunday, 01-Jan-78 00:00:00 GMT", kNow),
            parse_http_date("Sun, 01 Jan 1978 00:00:00 GMT", kNow));
}

TEST(HttpDate, Refused) {
  for (const char* text :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET", "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT x",
        "784111777", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, -1 Nov 1994 08:49:37 GMT", "0"})
    EXPECT_EQ(parse_http_date(text, kNow), std::nullopt) << text;
}

TEST(HttpDate, RoundTrip) {
  for (std::int64_t second = -62'000'000'000; second < 250'000'000'000; second += 86'400LL * 37 + 3'607) {
    const sys_seconds time{seconds(second)};
    ASSERT_EQ(parse_http_date(format_http_date(time), kNow), time);
  }
}

using RangeList = std::vector<ByteRange>;

TEST(Range, OneAndSeveral) {
  EXPECT_EQ(parse_range("bytes=0-499", 1000).ranges, (RangeList{{0, 499}}));
  EXPECT_EQ(parse_range("Bytes = 500-", 1000).ranges, (RangeList{{500, 999}}));
  EXPECT_EQ(parse_range("bytes=-1", 1000).ranges, (RangeList{{999, 999}}));
  EXPECT_EQ(parse_range("bytes=-5000", 1000).ranges, (RangeList{{0, 999}}));
  EXPECT_EQ(parse_range("bytes=900-99999999999999999999", 1000).ranges, (RangeList{{900, 999}}));
  EXPECT_EQ(parse_range("bytes=0-0 , ,-1", 1000).ranges, (RangeList{{0, 0}, {999, 999}}));
  EXPECT_EQ(parse_range("bytes=0-0,5000-", 1000).ranges, (RangeList{{0, 0}}));
  EXPECT_EQ(format_content_range({0, 499}, 1234), "bytes 0-499/1234");
}

TEST(Range, UnsatisfiableAndIgnored) {
  for (const char* value : {"bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=5000-,-0"})
    EXPECT_EQ(parse_range(value, 1000).result, RangeResult::kUnsatisfiable) << value;
  EXPECT_EQ(parse_range("bytes=0-", 0).result, RangeResult::kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=-1", 0).result, RangeResult::kUnsatisfiable);
  for (const char* value : {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=0-1;2",
                            "bytes=+1-2", "items=0-1", "bytes=0x1-2", "bytes=1--2", "bytes=0-1,x", "bytes 0-1"})
    EXPECT_EQ(parse_range(value, 1000).result, RangeResult::kIgnore) << value;
}

TEST(Range, Abuse) {
  std::string many = "bytes=0-0";
  for (int i = 1; i < 16; ++i) many += "," + std::to_string(i * 2) + "-" + std::to_string(i * 2);
  EXPECT_EQ(parse_range(many, 1000).ranges.size(), 16U);
  EXPECT_EQ(parse_range(many + ",100-100", 1000).result, RangeResult::kIgnore);
  EXPECT_EQ(parse_range("bytes=0-,0-", 1000).result, RangeResult::kPartial);
  EXPECT_EQ(parse_range("bytes=0-,0-,0-", 1000).result, RangeResult::kIgnore);
}

TEST(ETag, Comparison) {
  const ETag strong("a-1");
  const ETag weak("a-1", true);
  EXPECT_TRUE(strong.strong_equals(ETag("a-1")));
  EXPECT_FALSE(strong.strong_equals(weak));
  EXPECT_TRUE(strong.weak_equals(weak));
  EXPECT_FALSE(strong.weak_equals(ETag("a-2")));
  EXPECT_EQ(weak.to_string(), "W/\"a-1\"");
  EXPECT_TRUE(ETag::parse("W/\"a-1\"")->weak());
  for (const char* text : {"", "a", "\"a", "w/\"a\"", "\"a\"x", "\"a b\"", "W/ \"a\""})
    EXPECT_EQ(ETag::parse(text).has_value(), false) << text;
  EXPECT_THROW(ETag("a\"b"), ValueError);
  EXPECT_NE(ETag::of_file(1, 2).to_string(), ETag::of_file(2, 2).to_string());
  EXPECT_NE(ETag::of_file(1, 2).to_string(), ETag::of_file(1, 3).to_string());
}

TEST(ETag, Lists) {
  const ETag tag("b,c");
  EXPECT_TRUE(if_none_match_lists("\"a\", W/\"b,c\"", tag));
  EXPECT_FALSE(if_match_lists("\"a\", W/\"b,c\"", tag));
  EXPECT_TRUE(if_match_lists(" , \"a\" ,\"b,c\"", tag));
  EXPECT_TRUE(if_none_match_lists(" * ", tag));
  EXPECT_FALSE(if_none_match_lists("*, \"b,c\"", tag));
  EXPECT_FALSE(if_none_match_lists("a, \"b,c\"", tag));
  EXPECT_FALSE(if_none_match_lists("\"a\" \"b,c\"", tag));
  EXPECT_FALSE(if_none_match_lists("", tag));
}

TEST(MediaType, Parse) {
  const auto html = MediaType::parse(" Text/HTML ; Charset=\"UTF-8\"; a=1;a=2; broken; =x; q=\"a\\\"b;c\" junk; z=");
  ASSERT_TRUE(html.has_value());
  EXPECT_EQ(html->essence(), "text/html");
  EXPECT_EQ(html->type(), "text");
  EXPECT_EQ(html->subtype(), "html");
  EXPECT_TRUE(html->is_html());
  EXPECT_EQ(html->charset(), "utf-8");
  EXPECT_EQ(html->parameter("a"), "1");
  EXPECT_EQ(html->parameter("q"), "a\"b;c");
  EXPECT_EQ(html->parameters().size(), 3U);
  EXPECT_EQ(MediaType::parse("text/html;charset=windows-1252 ")->charset(), "windows-1252");
  EXPECT_EQ(MediaType::parse("text/html;charset=\"unclosed")->charset(), "unclosed");
  EXPECT_EQ(MediaType::parse("text/html")->charset(), "");
  EXPECT_EQ(MediaType::parse("text/html;charset")->charset(), "");
  for (const char* text : {"", "text", "text/", "/html", "te xt/html", "text/ht ml", "text/html,x", ";charset=utf-8"})
    EXPECT_FALSE(MediaType::parse(text).has_value()) << text;
}

TEST(MediaType, OfFiles) {
  EXPECT_EQ(media_type_of_file("/a/index.HTML"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_of_file("a.tar.gz"), "application/gzip");
  EXPECT_EQ(media_type_of_file("dir.png/readme"), "application/octet-stream");
  EXPECT_EQ(media_type_of_file(".html"), "application/octet-stream");
  EXPECT_EQ(media_type_of_file("x.unheard-of"), "application/octet-stream");
  EXPECT_EQ(media_type_of_file("x.js"), "text/javascript; charset=utf-8");
}

TEST(Percent, DecodeEncodeEscape) {
  EXPECT_EQ(percent_decode("a%20b%zz%4"), "a b%zz%4");
  EXPECT_EQ(percent_decode("%00%ff"), std::string("\0\xff", 2));
  EXPECT_EQ(percent_decode("%%41"), "%A");
  EXPECT_EQ(percent_encode("a b/\xC3\xBC~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(html_escape("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST(Protocol, Names) {
  EXPECT_EQ(to_string(HttpVersion::kHttp10), "HTTP/1.0");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace corolla::inline v0::http
