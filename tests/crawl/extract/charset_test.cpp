// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/charset.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {
namespace {

using namespace std::string_view_literals;

std::string decoded(std::string_view bytes, std::string_view charset) {
  return std::string(to_utf8(bytes, charset).view());
}

TEST(Charset, Labels) {
  EXPECT_EQ(charset_of_label("utf8"), "UTF-8");
  EXPECT_EQ(charset_of_label(" Latin1\n"), "windows-1252");
  EXPECT_EQ(charset_of_label("ISO-8859-1"), "windows-1252");
  EXPECT_EQ(charset_of_label("gb2312"), "GBK");
  EXPECT_EQ(charset_of_label("ks_c_5601-1987"), "EUC-KR");
  EXPECT_EQ(charset_of_label("shift-jis"), "Shift_JIS");
  EXPECT_EQ(charset_of_label("utf-16"), "UTF-16LE");
  EXPECT_EQ(charset_of_label("utf-7"), std::nullopt);
  EXPECT_EQ(charset_of_label(""), std::nullopt);
  EXPECT_EQ(charset_of_label("utf-8 utf8"), std::nullopt);
}

TEST(Charset, ParameterOfContentType) {
  EXPECT_EQ(charset_parameter("text/html; charset=utf-8"), "utf-8");
  EXPECT_EQ(charset_parameter("text/html;level=1; Charset = \"x y\" ; a=b"), "x y");
  EXPECT_EQ(charset_parameter("text/html; charsets=x"), "");
  EXPECT_EQ(charset_parameter("text/html; x=charset=y"), "");
  EXPECT_EQ(charset_parameter("charset=utf-8"), "");
  EXPECT_EQ(charset_parameter("text/html; charset"), "");
}

TEST(Charset, OrderOfSources) {
  const auto source = [](std::string_view bytes, std::string_view header) { return detect_charset(bytes, header); };
  EXPECT_EQ(source("\xEF\xBB\xBFx", "latin1").name, "UTF-8");
  EXPECT_EQ(source("\xFE\xFF\0x"sv, "latin1").name, "UTF-16BE");
  EXPECT_EQ(source("<meta charset=koi8-r>\xC1", "latin1").source, CharsetSource::kHttpHeader);
  EXPECT_EQ(source("<meta charset=koi8-r>\xC1", "nonsense").name, "KOI8-R");
  EXPECT_EQ(source("<meta charset=koi8-r>\xC1", "").source, CharsetSource::kMeta);
  EXPECT_EQ(source("\xC3\xA9t\xC3\xA9", "").source, CharsetSource::kUtf8Validity);
  EXPECT_EQ(source("", "").name, "UTF-8");
}

TEST(Charset, MetaElement) {
  const auto name = [](std::string_view html) { return detect_charset(std::string(html) + "\xFF").name; };
  EXPECT_EQ(name("<!-- <meta charset=koi8-r> --><META CHARSET='windows-1251'>"), "windows-1251");
  EXPECT_EQ(name("<meta http-equiv=Content-Type content='text/html; charset=gbk'>"), "GBK");
  EXPECT_EQ(name("<meta content='text/html; charset = \"gbk\"' http-equiv=content-type>"), "GBK");
  EXPECT_NE(name("<meta content='text/html; charset=gbk'>"), "GBK");
  EXPECT_EQ(name("<meta charset=nonsense><meta charset=euc-jp>"), "EUC-JP");
  EXPECT_EQ(name("<meta charset=utf-16>"), "UTF-8");
  EXPECT_EQ(name("<meta charset=x-user-defined>"), "windows-1252");
  EXPECT_NE(name(std::string(1100, ' ') + "<meta charset=gbk>"), "GBK");
}

TEST(ToUtf8, BorrowsWhatIsUtf8Already) {
  const std::string page = "\xEF\xBB\xBF<p>\xE2\x82\xAC</p>";
  const Utf8Text text = to_utf8(page, "utf-8");
  EXPECT_TRUE(text.is_borrowed());
  EXPECT_EQ(text.view().data(), page.data() + 3);
  EXPECT_FALSE(to_utf8("\xE9", "latin1").is_borrowed());
}

TEST(ToUtf8, AMovedTextKeepsItsView) {
  Utf8Text text = to_utf8("\xE9", "latin1");
  const Utf8Text moved = std::move(text);
  EXPECT_EQ(moved.view(), "\xC3\xA9");
}

TEST(ToUtf8, ReplacesMaximalIllFormedParts) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(decoded("a\x80z", "utf-8"), "a" + r + "z");
  EXPECT_EQ(decoded("\xC0\xAF", "utf-8"), r + r);          // overlong
  EXPECT_EQ(decoded("\xE0\x80\xAF", "utf-8"), r + r + r);  // overlong
  EXPECT_EQ(decoded("\xED\xA0\x80", "utf-8"), r + r + r);  // surrogate
  EXPECT_EQ(decoded("\xF4\x90\x80\x80", "utf-8"), r + r + r + r);
  EXPECT_EQ(decoded("\xE2\x82", "utf-8"), r);  // cut short: one part
  EXPECT_EQ(decoded("\xF0\x9F\x98z", "utf-8"), r + "z");
  EXPECT_EQ(decoded("\xF0\x9F\x98\x80", "utf-8"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(decoded(std::string(40, 'a') + "\xFF" + std::string(40, 'b'), "utf-8"),
            std::string(40, 'a') + r + std::string(40, 'b'));
}

TEST(ToUtf8, OldEncodings) {
  EXPECT_EQ(decoded("\x80\x81\xE9", "iso-8859-1"), "\xE2\x82\xAC\xC2\x81\xC3\xA9");
  EXPECT_EQ(decoded("\xCF\xF0\xE8", "windows-1251"), "При");
  EXPECT_EQ(decoded("\xF0\xD2\xC9", "koi8-r"), "При");
  EXPECT_EQ(decoded("\x8F\xE0\xA8", "cp866"), "При");
  EXPECT_EQ(decoded("\xC4\xE3\xBA\xC3", "gb2312"), "你好");
  EXPECT_EQ(decoded("\xA7\x41\xA6\x6E", "big5"), "你好");
  EXPECT_EQ(decoded("\x93\xFA\x96\x7B", "shift_jis"), "日本");
  EXPECT_EQ(decoded("\xC6\xFC\xCB\xDC", "euc-jp"), "日本");
  EXPECT_EQ(decoded("\x1B$BF|K\\\x1B(B!", "iso-2022-jp"), "日本!");
  EXPECT_EQ(decoded("\xC7\xD1\xB1\xDB", "euc-kr"), "한글");
  EXPECT_EQ(decoded("\xA1", "x-mac-cyrillic"), "°");
  EXPECT_EQ(decoded("h\0i\0"sv, "utf-16le"), "hi");
  EXPECT_EQ(decoded("\xFF\xFEh\0=\xD8\0\xDE"sv, ""), "h😀");
  EXPECT_EQ(decoded("\x3D\xD8h\0x"sv, "utf-16le"), "\xEF\xBF\xBDh\xEF\xBF\xBD");
  EXPECT_EQ(decoded("a\x80", "x-user-defined"), "a\xEF\x9E\x80");
  EXPECT_EQ(decoded("abc", "iso-2022-kr"), "\xEF\xBF\xBD");
  EXPECT_EQ(decoded("", "iso-2022-kr"), "");
}

TEST(ToUtf8, ABadPairKeepsAnAsciiSecondByte) {
  EXPECT_EQ(decoded("\xB0<a>", "euc-jp"), "\xEF\xBF\xBD<a>");
  EXPECT_EQ(decoded("x\xFF", "shift_jis"), "x\xEF\xBF\xBD");
}

TEST(ToUtf8, GuessesAsALastResort) {
  const std::string text =  // "Hello, world! This is a text in Russian language", in windows-1251
      "\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0! \xDD\xF2\xEE \xF2\xE5\xEA\xF1\xF2 \xED\xE0 \xF0\xF3\xF1\xF1\xEA\xEE\xEC "
      "\xFF\xE7\xFB\xEA\xE5.";
  const Utf8Text result = to_utf8(text + " " + text);
  EXPECT_EQ(result.charset().name, "windows-1251");
  EXPECT_EQ(result.charset().source, CharsetSource::kDetector);
  EXPECT_EQ(result.view().substr(0, 12), "Привет");
}

}  // namespace
}  // namespace corolla::inline v0::crawl
