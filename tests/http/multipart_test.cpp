// SPDX-License-Identifier: Apache-2.0
// Multipart bodies taken apart, whole and in pieces; what is refused.

#include "http/multipart/multipart_parser.hpp"

#include <corolla/http/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {
namespace {

/// "[fields]content" for each part; the error's status and nothing else when it is refused.
std::string parts_of(std::string_view body, std::size_t cut, std::string_view boundary = "b",
                     const MultipartLimits& limits = {}) {
  std::string result;
  try {
    MultipartParser parser(boundary, limits);
    for (;;) {
      switch (parser.next()) {
        case MultipartEvent::kNeedMore:
          if (body.empty()) {
            parser.finish();
            return result + "unfinished";
          }
          parser.feed(std::string(body.substr(0, cut)));
          body.remove_prefix(std::min(cut, body.size()));
          break;
        case MultipartEvent::kPart:
          result += '[';
          for (const auto& [name, value] : parser.headers()) result.append(name).append("=").append(value).append(";");
          result += ']';
          break;
        case MultipartEvent::kBody: result += parser.body(); break;
        case MultipartEvent::kPartEnd: result += '|'; break;
        case MultipartEvent::kEnd: return result;
      }
    }
  } catch (const HttpProtocolError& error) {
    return std::to_string(error.suggested_status());
  }
}

struct Case {
  const char* body;
  const char* parts;
};

void expect_parts(const std::vector<Case>& cases) {
  for (const Case& c : cases)
    for (const std::size_t cut : {1, 2, 3, 5, 1000})
      EXPECT_EQ(parts_of(c.body, cut), c.parts) << c.body << " / " << cut;
}

TEST(MultipartParser, Parts) {
  expect_parts({
      {"--b\r\n\r\nhello\r\n--b--\r\n", "[]hello|"},
      {"\r\n--b\r\n\r\nhello\r\n--b--", "[]hello|"},
      {"preamble\r\n--b\r\nA: 1\r\nB:  2 \r\n\r\nx\r\n--b \t \r\n\r\ny\r\n--b--\r\nepilogue\r\n--b\r\n",
       "[A=1;B=2;]x|[]y|"},
      {"--b\r\n\r\n\r\n--b\r\n\r\n\r\n\r\n--b--", "[]|[]\r\n|"},  // nothing, and an empty line
      {"--b\r\nA: 1\r\n\r\n--b--", "[A=1;]|"},                    // the empty line's CR LF is the delimiter's
      {"--b\r\n\r\n--b--", "[]|"},
      {"--b--\r\n", ""},
      {"--b\r\n\r\n\r\n--\r\n-\r\n\r--b\n--b\r\r\n--b--",
       "[]\r\n--\r\n-\r\n\r--b\n--b\r|"},  // none of it is a delimiter
  });
}

TEST(MultipartParser, WhatIsMalformed) {
  expect_parts({
      {"", "400"},
      {"--b", "400"},
      {"--b\r\n\r\nhello", "400"},
      {"--b\r\n\r\nhello\r\n--b", "400"},
      {"--b\r\n\r\nhello\r\n--b-", "400"},
      {"--b\r\n\r\nhello\r\n--bc\r\n--b--", "400"},  // a delimiter to some, content to others
      {"--b\r\n\r\nhello\r\n--b-x\r\n--b--", "400"},
      {"--bb\r\n\r\nhello\r\n--b--", "400"},
      {"--b\n\nhello\n--b--\n", "400"},
      {"--b\r\nA: 1\r\n folded\r\n\r\nx\r\n--b--", "400"},
      {"--b\r\nA: 1\nB: 2\r\n\r\nx\r\n--b--", "400"},
      {"--b\r\nA: 1\rB: 2\r\n\r\nx\r\n--b--", "400"},
      {"--b\r\nno colon\r\n\r\nx\r\n--b--", "400"},
      {"--b\r\n: no name\r\n\r\nx\r\n--b--", "400"},
      {"--b\r\nA : 1\r\n\r\nx\r\n--b--", "400"},
  });
}

TEST(MultipartParser, Boundaries) {
  const std::string longest(70, 'x');
  EXPECT_EQ(parts_of("--" + longest + "\r\n\r\ny\r\n--" + longest + "--", 7, longest), "[]y|");
  EXPECT_EQ(parts_of("--a b'()+_,-./:=?\r\n\r\ny\r\n--a b'()+_,-./:=?--", 7, "a b'()+_,-./:=?"), "[]y|");
  for (const char* wrong : {"", "ends ", "\xC3\xA9", "a\"b", "a\r\nb", "a;b"})
    EXPECT_EQ(parts_of("", 1, wrong), "400") << wrong;
  EXPECT_EQ(parts_of("", 1, longest + "x"), "400");
}

TEST(MultipartParser, Limits) {
  MultipartLimits limits;
  limits.parts = 2;
  limits.header_bytes = 20;
  EXPECT_EQ(parts_of("--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--", 4, "b", limits), "[]1|[]2|");
  EXPECT_EQ(parts_of("--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b--", 4, "b", limits), "413");
  EXPECT_EQ(parts_of("--b\r\nA: 34567890123456\r\n\r\nx\r\n--b--", 4, "b", limits).substr(0, 3), "413");
  EXPECT_EQ(parts_of("--b\r\nA: 3456789012345\r\n\r\nx\r\n--b--", 4, "b", limits), "[A=3456789012345;]x|");
  EXPECT_EQ(parts_of(std::string(100'000, '-'), 1000), "413") << "before the first part";
  EXPECT_EQ(parts_of("--b" + std::string(100'000, ' '), 1000), "413");
}

}  // namespace
}  // namespace corolla::inline v0::http
