// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/json.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

using corolla::crawl::append_json_number;
using corolla::crawl::append_json_string;
using corolla::crawl::json_array;
using corolla::crawl::JsonObject;

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(Json, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(quoted("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(quoted("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(quoted("é😀\xE2\x80\xA8"), "\"é😀\xE2\x80\xA8\"");
}

TEST(Json, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(quoted("\xC3"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(quoted("\xED\xA0\x80\""), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\\\"\"") << "an encoded surrogate";
}

TEST(Json, AnyBytesMakeALineThatParses) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (std::uint64_t n = random() % 24; n > 0; --n)
      text += static_cast<char>(random() % 3 == 0 ? random() % 256 : random() % 40);
    const std::string line = JsonObject().add("k", text).finish();
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto parsed = nlohmann::json::parse(line);
    bool ascii = true;
    for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    if (ascii) {
      EXPECT_EQ(parsed["k"].get<std::string>(), text);
    }
  }
}

TEST(Json, NumbersReadBackEqual) {
  for (const double value :
       {0.0, -0.0, 0.1, 1e300, -2.5e-9, 123456789.125, std::numeric_limits<double>::denorm_min()}) {
    std::string text;
    append_json_number(text, value);
    EXPECT_EQ(nlohmann::json::parse(text).get<double>(), value) << text;
  }
  std::string text;
  append_json_number(text, std::nan(""));
  append_json_number(text, INFINITY);
  EXPECT_EQ(text, "nullnull");
}

TEST(Json, ObjectKeepsOrderAndTypes) {
  JsonObject object;
  object.add("z", "text").add("a", 7).add("big", std::numeric_limits<std::uint64_t>::max()).add("flag", true);
  object.add("half", 0.5).add_null("none").add("list", std::vector<std::string>{"x", "\""}).add_raw("raw", "{}");
  EXPECT_EQ(object.finish(),
            R"({"z": "text", "a": 7, "big": 18446744073709551615, "flag": true, "half": 0.5, "none": null, )"
            R"("list": ["x", "\""], "raw": {}})");
  EXPECT_EQ(object.finish(), "{}") << "the builder is empty again";
  EXPECT_EQ(json_array({}), "[]");
}

}  // namespace
