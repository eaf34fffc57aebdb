// SPDX-License-Identifier: Apache-2.0
// Cookies on the server's side: read from requests, given with responses.
#include "tests/http/server/server_test.hpp"

#include <corolla/http/cookie.hpp>

namespace corolla_tests {
namespace {

using http::Cookie;
using http::CookieAttributes;

TEST_F(ServerTest, CookiesOfARequest) {
  run_test([]() -> Coro<void> {
    auto tell = [](ServerRequest& request) -> Coro<ServerResponse> {
      std::string text = "a is " + request.cookie("a").value_or("none") + ";";
      for (const auto& [name, value] : request.cookies()) text.append(" ").append(name).append("=").append(value);
      co_return ServerResponse(200, text);
    };
    auto server = co_await start(tell);
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"", "a is none;"},
        {"Cookie: a=1; b=2; a=3\r\n", "a is 1; a=1 b=2 a=3"},
        {"cookie: b=x=y==;a=\r\nCookie:  c = \"d\" \r\n", "a is ; b=x=y== a= c=\"d\""},
        {"Cookie: A=1; aa=2; ; a; =3; ;a=4;\r\n", "a is 4; A=1 aa=2 a=4"},
        {"Set-Cookie: a=1\r\nX-Cookie: a=2\r\n", "a is none;"}};
    for (const auto& [fields, words] : cases) {
      const Reply reply = co_await ask_once(server.port(), get("/", fields));
      EXPECT_EQ(reply.body, words) << fields;
    }
  });
}

TEST_F(ServerTest, CookiesOfAResponse) {
  ServerResponse response;
  const auto fields = [&response] {
    std::string all;
    for (const std::string_view field : response.headers().get_all("Set-Cookie")) all.append(field).append("|");
    return all;
  };
  response.set_cookie("a", "1");
  EXPECT_EQ(fields(), "a=1; Path=/|");
  CookieAttributes attributes;
  attributes.path = "/b";
  attributes.domain = "example.org";
  attributes.max_age = std::chrono::hours(1);
  attributes.expires = Cookie::time_point(std::chrono::seconds(784111777));
  attributes.secure = attributes.http_only = true;
  attributes.same_site = Cookie::SameSite::kNone;
  response.set_cookie("aa", "x=y", attributes);
  response.set_cookie("a", "2");
  EXPECT_EQ(
      fields(),
      "aa=x=y; Path=/b; Domain=example.org; Max-Age=3600; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; "
      "SameSite=None|a=2; Path=/|");
  response.del_cookie("aa", attributes);
  response.del_cookie("a");
  EXPECT_EQ(fields(),
            "aa=; Path=/b; Domain=example.org; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; "
            "SameSite=None|a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT|");
}

TEST_F(ServerTest, CookiesThatBrowsersRefuseAreErrors) {
  ServerResponse response;
  for (const char* name : {"", "a b", "a=b", "a;b", "\"a\"", "a\r\nb", "\xc3\xa9"})
    EXPECT_THROW(response.set_cookie(name, "1"), ValueError) << name;
  for (const std::string& value :
       {std::string("a b"), std::string("a;b"), std::string("a,b"), std::string("\"a\""), std::string("a\\b"),
        std::string("a\r\nX: b"), std::string("a\0b", 3), std::string("\xc3\xa9"), std::string(4096, 'x')})
    EXPECT_THROW(response.set_cookie("n", value), ValueError) << value;
  EXPECT_NO_THROW(response.set_cookie("n", std::string(4095, 'x')));
  const auto with = [](auto change) {
    CookieAttributes attributes;
    change(attributes);
    return attributes;
  };
  const std::vector<std::pair<const char*, CookieAttributes>> refused = {
      {"n", with([](auto& a) { a.path = "b"; })},
      {"n", with([](auto& a) { a.path = "/b; Domain=c"; })},
      {"n", with([](auto& a) { a.domain = "a.example; Path=/"; })},
      {"n", with([](auto& a) { a.domain = "a.example, b"; })},
      {"n", with([](auto& a) { a.same_site = Cookie::SameSite::kNone; })},
      {"__Secure-n", CookieAttributes()},
      {"__host-n", with([](auto& a) { a.secure = true, a.path = "/b"; })},
      {"__Host-n", with([](auto& a) { a.secure = true, a.domain = "a.example"; })}};
  for (const auto& [name, attributes] : refused)
    EXPECT_THROW(response.set_cookie(name, "1", attributes), ValueError)
        << name << attributes.path << attributes.domain;
  EXPECT_NO_THROW(response.set_cookie("__Host-n", "1", with([](auto& a) { a.secure = true; })));
  EXPECT_EQ(response.headers().get_all("Set-Cookie").size(), 2U);
}

// What a server writes is what the client's jar reads.
TEST_F(ServerTest, CookiesGoRoundWithAJar) {
  const auto origin = http::Url::parse("https://www.example.org/b/c");
  ServerResponse response;
  CookieAttributes attributes;
  attributes.path = "/b";
  attributes.domain = "example.org";
  attributes.max_age = std::chrono::seconds(60);
  attributes.secure = attributes.http_only = true;
  attributes.same_site = Cookie::SameSite::kStrict;
  response.set_cookie("n", "v", attributes);
  const Cookie::time_point now(std::chrono::seconds(1000));
  const auto read = http::parse_set_cookie(response.headers().get("Set-Cookie", ""), origin, now);
  ASSERT_TRUE(read);
  Cookie expected;
  expected.name = "n";
  expected.value = "v";
  expected.domain = "example.org";
  expected.path = "/b";
  expected.expires = now + std::chrono::seconds(60);
  expected.host_only = false;
  expected.secure = expected.http_only = true;
  expected.same_site = Cookie::SameSite::kStrict;
  EXPECT_TRUE(*read == expected);
}

}  // namespace
}  // namespace corolla_tests
