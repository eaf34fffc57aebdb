// SPDX-License-Identifier: Apache-2.0
// What requests are made of: queries, forms, JSON, credentials, cookies.
#include "tests/http/client/session_test.hpp"

#include <nlohmann/json.hpp>

namespace corolla::test {
namespace {

class SessionRequestsTest : public SessionTest {};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string found(const std::string& where) {
  return "HTTP/1.1 302 Found\r\nLocation: " + where + "\r\nContent-Length: 0\r\n";
}

TEST_F(SessionRequestsTest, QueriesAreAddedAndEncoded) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    Session session;
    auto response = co_await session.get(server.url("/a?x=1#part")).query("q", "a b&c=d/é+").query("n", -5);
    EXPECT_TRUE(server.requests().at(0).starts_with("GET /a?x=1&q=a%20b%26c%3Dd%2F%C3%A9%2B&n=-5 HTTP/1.1\r\n"));
    EXPECT_EQ(response.url().fragment(), "part");
    co_await session.get(server.url()).query("", "");
    EXPECT_TRUE(server.requests().at(1).starts_with("GET /?= HTTP/1.1\r\n"));
  });
}

TEST_F(SessionRequestsTest, BodiesOfFormsAndJson) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    Session session;
    co_await session.post(server.url()).form("a b", "1&2").form("c", "");
    EXPECT_TRUE(server.requests().at(0).ends_with("Content-Length: 14\r\n\r\na%20b=1%262&c="));
    EXPECT_TRUE(contains(server.requests().at(0), "Content-Type: application/x-www-form-urlencoded\r\n"));
    const nlohmann::json document = {{"name", "é"}, {"list", {1, 2.5, nullptr}}};
    co_await session.put(server.url()).json(document);
    EXPECT_TRUE(server.requests().at(1).ends_with("\r\n\r\n" + document.dump()));
    EXPECT_TRUE(contains(server.requests().at(1), "Content-Type: application/json\r\n"));
    co_await session.patch(server.url()).header("Content-Type", "application/merge-patch+json").json(document);
    EXPECT_TRUE(contains(server.requests().at(2), "Content-Type: application/merge-patch+json\r\n"));
    EXPECT_TRUE(server.requests().at(2).starts_with("PATCH / "));
  });
}

TEST_F(SessionRequestsTest, JsonAnswers) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      if (contains(request, "GET /html")) return ok("{}", "Content-Type: text/html\r\n");
      if (contains(request, "GET /bad")) return ok("{\"a\":", "Content-Type: application/problem+json\r\n");
      return ok("{\"a\": [1, \"\xc3\xa9\"]}", "Content-Type: Application/JSON; charset=utf-8\r\n");
    });
    co_await server.start();
    Session session;
    auto good = co_await session.get(server.url());
    const nlohmann::json document = co_await good.json();
    EXPECT_EQ(document, (nlohmann::json{{"a", {1, "é"}}}));
    auto html = co_await session.get(server.url("/html"));
    const auto refused = co_await error_of<http::ContentTypeError>(html.json());
    EXPECT_EQ(refused, server.url("/html") + " is not JSON but \"text/html\"");
    const nlohmann::json empty = co_await html.json(true);
    EXPECT_TRUE(empty.empty());
    auto bad = co_await session.get(server.url("/bad"));
    const auto cut = co_await error_of<ValueError>(bad.json());
    EXPECT_TRUE(contains(cut, "/bad: ")) << cut;
  });
}

TEST_F(SessionRequestsTest, StatusesMayBeErrors) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      return contains(request, "GET /fine") ? ok("fine") : "HTTP/1.1 404 Nowhere\r\nContent-Length: 4\r\n\r\ngone";
    });
    co_await server.start();
    Session lenient;
    auto response = co_await lenient.get(server.url("/x"));
    EXPECT_FALSE(response.ok());
    EXPECT_THROW(response.raise_for_status(), http::ClientResponseError);
    const auto body = co_await response.text();
    EXPECT_EQ(body, "gone");
    const auto one =
        co_await error_of<http::ClientResponseError>(lenient.get(server.url("/x")).raise_for_status().send());
    EXPECT_EQ(one, "404 Nowhere: " + server.url("/x"));
    SessionOptions options;
    options.raise_for_status = true;
    Session strict(options);
    const auto each = co_await error_of<http::ClientResponseError>(strict.get(server.url("/x")).send());
    EXPECT_EQ(each, one);
    auto allowed = co_await strict.get(server.url("/x")).raise_for_status(false);
    EXPECT_EQ(allowed.status(), 404);
    const auto fine = co_await fetch(strict, server.url("/fine"));
    EXPECT_EQ(fine, "fine");
  });
}

// As an API does that says 200 and writes the error into its document.
TEST_F(SessionRequestsTest, AFunctionMaySayWhatCountsAsAnError) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) -> Reply {
      if (contains(request, "GET /away"))
        return Reply("HTTP/1.1 302 Found\r\nLocation: /bad\r\nContent-Length: 3\r\n\r\nbad");
      return ok(contains(request, "GET /bad") ? "bad: no such user" : "fine");
    });
    co_await server.start();
    SessionOptions options;
    options.check_response = [](Response& response) -> Coro<void> {
      const std::string text = co_await response.text();
      if (text.starts_with("bad")) throw ValueError(std::string(response.url().path()) + " " + text);
    };
    Session session(options);
    const auto fine = co_await fetch(session, server.url("/fine"));
    EXPECT_EQ(fine, "fine") << "what the function read can be read again";
    const auto failed = co_await error_of<ValueError>(session.get(server.url("/away")).send());
    EXPECT_EQ(failed, "/bad bad: no such user") << "redirects are not asked";
    EXPECT_EQ(session.connections_in_use(), 0U);
    auto unchecked = co_await session.get(server.url("/bad")).check_response(nullptr);
    EXPECT_EQ(unchecked.status(), 200);
    const auto strict = [](Response& response) -> Coro<void> {
      throw ValueError("never " + std::to_string(response.status()));
      co_return;
    };
    Session lenient;
    const auto own = co_await error_of<ValueError>(lenient.get(server.url("/fine")).check_response(strict).send());
    EXPECT_EQ(own, "never 200");
  });
}

TEST_F(SessionRequestsTest, Credentials) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    Session session;
    co_await session.get(server.url()).basic_auth("Aladdin", "open sesame");
    EXPECT_TRUE(contains(server.requests().at(0), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    co_await session.get(server.url()).bearer_auth("abc.def");
    EXPECT_TRUE(contains(server.requests().at(1), "Authorization: Bearer abc.def\r\n"));
    EXPECT_THROW(static_cast<void>(session.get(server.url()).basic_auth("a:b", "c")), ValueError);
    EXPECT_THROW(static_cast<void>(session.get(server.url()).bearer_auth("a\r\nX: y")), http::HeaderInjection);
  });
}

TEST_F(SessionRequestsTest, ASessionsCredentialsStayWithTheOriginToo) {
  run_test([]() -> Coro<void> {
    ScriptedServer other([](const std::string&) { return ok(""); });
    co_await other.start();
    ScriptedServer server([&](const std::string& request) {
      return contains(request, "GET /away") ? found(other.url("/x")) + "\r\n" : found("/away") + "\r\n";
    });
    co_await server.start();
    SessionOptions options;
    options.headers.set("Authorization", "Bearer secret");
    options.headers.set("Cookie", "key=secret");
    options.headers.set("X-Other", "kept");
    Session session(options);
    co_await session.get(server.url());
    for (const std::string& request : server.requests()) {
      EXPECT_TRUE(contains(request, "Authorization: Bearer secret\r\n"));
      EXPECT_TRUE(contains(request, "Cookie: key=secret\r\n"));
    }
    EXPECT_EQ(server.requests().size(), 2U);
    EXPECT_FALSE(contains(other.requests().at(0), "secret")) << other.requests().at(0);
    EXPECT_TRUE(contains(other.requests().at(0), "X-Other: kept\r\n"));
  });
}

TEST_F(SessionRequestsTest, CookiesAreKeptAlsoOfRedirects) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      if (contains(request, "GET /login")) return found("/home") + "Set-Cookie: id=1; Path=/\r\n\r\n";
      return ok("", "Set-Cookie: seen=yes\r\nSet-Cookie: other=1; Domain=example.com\r\n");
    });
    co_await server.start();
    Session session;
    co_await session.get(server.url("/login"));
    EXPECT_FALSE(contains(server.requests().at(0), "Cookie:"));
    EXPECT_TRUE(contains(server.requests().at(1), "Cookie: id=1\r\n"));
    co_await session.get(server.url("/home")).cookie("own", "2").cookie("seen", "no").header("X-A", "b");
    EXPECT_TRUE(contains(server.requests().at(2), "Cookie: own=2; seen=no; id=1\r\n")) << server.requests().at(2);
    EXPECT_EQ(session.cookie_jar().size(), 2U);
    session.cookie_jar().clear();
    co_await session.get(server.url("/home"));
    EXPECT_FALSE(contains(server.requests().at(3), "Cookie:"));
    EXPECT_THROW(static_cast<void>(session.get(server.url()).cookie("a", "b; c=d")), http::HeaderInjection);
    EXPECT_THROW(static_cast<void>(session.get(server.url()).cookie("a", "b\r\n")), http::HeaderInjection);
  });
}

TEST_F(SessionRequestsTest, JarsMayBeSharedAndLeftOut) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("", "Set-Cookie: a=1\r\n"); });
    co_await server.start();
    SessionOptions options;
    options.cookie_jar = std::make_shared<http::CookieJar>();
    Session first(options);
    Session second(options);
    co_await first.get(server.url());
    co_await second.get(server.url());
    EXPECT_TRUE(contains(server.requests().at(1), "Cookie: a=1\r\n"));
    options.use_cookies = false;
    Session third(options);
    co_await third.get(server.url()).cookie("b", "2");
    EXPECT_TRUE(contains(server.requests().at(2), "Cookie: b=2\r\n"));
    EXPECT_EQ(options.cookie_jar->size(), 1U);
  });
}

TEST_F(SessionRequestsTest, RelativeToTheBase) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok(""); });
    co_await server.start();
    SessionOptions options;
    options.base_url = http::Url::parse(server.url("/api/v1/?key=1"));
    Session session(options);
    co_await session.get("users/5");
    EXPECT_TRUE(server.requests().at(0).starts_with("GET /api/v1/users/5 "));
    co_await session.get("/other");
    EXPECT_TRUE(server.requests().at(1).starts_with("GET /other "));
    co_await session.get(server.url("/whole"));
    EXPECT_TRUE(server.requests().at(2).starts_with("GET /whole "));
    Session bare;
    EXPECT_THROW(static_cast<void>(bare.get("users/5")), http::InvalidUrl);
  });
}

}  // namespace
}  // namespace corolla::test
