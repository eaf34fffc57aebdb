// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/headers.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {
namespace {

std::string wire(const Headers& headers) {
  std::string out;
  headers.write_to(out);
  return out;
}

TEST(Headers, KeepsOrderAndCaseAndFindsWithoutCase) {
  Headers headers{{"Accept", "a"}, {"accept", " b\t"}, {"X-One", ""}};
  EXPECT_EQ(wire(headers), "Accept: a\r\naccept: b\r\nX-One: \r\n");
  EXPECT_EQ(headers.get("ACCEPT"), "a");
  EXPECT_EQ(headers.get_all("Accept"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(headers.count("accept"), 2U);
  EXPECT_EQ(headers.get("X-One"), "");
  EXPECT_EQ(headers.get("X-Two"), std::nullopt);
  EXPECT_EQ(headers.get("X-Two", "none"), "none");
  EXPECT_TRUE(headers.contains("x-one"));
  EXPECT_FALSE(headers.contains("x-on"));
}

TEST(Headers, SetReplacesAllInThePlaceOfTheFirst) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}};
  headers.set("a", "a much longer value than before");
  EXPECT_EQ(wire(headers), "A: a much longer value than before\r\nB: 2\r\nC: 4\r\n");
  headers.set("A", "short");
  headers.set("D", "new");
  EXPECT_EQ(wire(headers), "A: short\r\nB: 2\r\nC: 4\r\nD: new\r\n");
  EXPECT_EQ(headers.remove("b"), 1U);
  EXPECT_EQ(headers.remove("b"), 0U);
  EXPECT_EQ(wire(headers), "A: short\r\nC: 4\r\nD: new\r\n");
}

TEST(Headers, RefusesInjection) {
  Headers headers{{"A", "1"}};
  for (const std::string& value :
       {std::string("x\r\nB: 2"), std::string("x\n"), std::string("\r"), std::string("x\0y", 3)}) {
    EXPECT_THROW(headers.add("X", value), HeaderInjection);
    EXPECT_THROW(headers.set("A", value), HeaderInjection);
  }
  for (const char* name : {"", "A B", "A:", "A\r\n", "\xC3\xBC", "A\t"}) {
    EXPECT_THROW(headers.add(name, "x"), HeaderInjection) << name;
    EXPECT_THROW(headers.set(name, "x"), ValueError) << name;
  }
  EXPECT_EQ(wire(headers), "A: 1\r\n");
}

TEST(Headers, TokensInLists) {
  const Headers headers{{"Connection", "keep-alive ,  Upgrade"}, {"Connection", "close"}, {"Vary", "closed"}};
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("connection", "CLOSE"));
  EXPECT_FALSE(headers.has_token("connection", "keep"));
  EXPECT_FALSE(headers.has_token("vary", "close"));
}

TEST(Headers, TakesViewsIntoItself) {
  Headers headers{{"Name", "a value that does not fit into a small string"}};
  for (int i = 0; i < 20; ++i) {
    const auto field = *headers.begin();
    headers.add(field.name, field.value);
  }
  EXPECT_EQ(headers.count("name"), 21U);
  headers.set("name", headers.get("name", ""));
  EXPECT_EQ(wire(headers), "Name: a value that does not fit into a small string\r\n");
}

TEST(Headers, SettingAgainAndAgainDoesNotGrow) {
  Headers headers{{"A", "x"}, {"B", "kept"}};
  for (int i = 0; i < 100'000; ++i) headers.set("A", std::string(static_cast<std::size_t>(i % 500), 'y'));
  EXPECT_EQ(headers.get("B"), "kept");
  EXPECT_EQ(headers.get("A"), std::string(499, 'y'));
  headers.clear();
  EXPECT_TRUE(headers.empty());
  headers.add("C", "1");
  EXPECT_EQ(wire(headers), "C: 1\r\n");
}

}  // namespace
}  // namespace corolla::inline v0::http
