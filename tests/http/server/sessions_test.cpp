// SPDX-License-Identifier: Apache-2.0
// Sessions of a server's visitors: what is kept, when, and which cookie says so. Both backends.
#include "tests/http/server/sessions_test.hpp"
#include "tests/support/certificates.hpp"

#include <corolla/http/forwarded.hpp>
#include <corolla/net/tls_context.hpp>

namespace corolla_tests {
namespace {

TEST_F(SessionsTest, VisitorsHaveOneEach) {
  run_test([]() -> Coro<void> {
    for (const auto& storage : both_storages()) {
      auto client = co_await http::test_client(application_with_sessions(storage));
      http::SessionOptions other_options;
      other_options.base_url = http::Url::parse(client.runner().url());
      {
        http::Session other(other_options);
        const auto nobody = co_await text_of(client.session(), "/read");
        EXPECT_EQ(nobody, "new {}");
        co_await client.get("/set?name=Ann");
        co_await other.get("/set?name=Bob");
        for (int i = 0; i < 2; ++i) {
          const auto ann = co_await text_of(client.session(), "/read");
          EXPECT_EQ(ann, R"(kept {"name":"Ann"})");
          const auto bob = co_await text_of(other, "/read");
          EXPECT_EQ(bob, R"(kept {"name":"Bob"})");
        }
        co_await client.get("/set?name=Anna");
        const auto changed = co_await text_of(client.session(), "/read");
        EXPECT_EQ(changed, R"(kept {"name":"Anna"})");
        const auto same = co_await text_of(other, "/read");
        EXPECT_EQ(same, R"(kept {"name":"Bob"})");
      }
      co_await client.close();
    }
  });
}

Coro<void> note_the_first(ServerRequest& request) {
  ServerSession session = co_await get_session(request);
  session.set("by", "the first");
}

TEST_F(SessionsTest, OnlyWhatIsAskedForIsLoadedAndOnlyWhatChangedIsKept) {
  run_test([]() -> Coro<void> {
    const auto storage = std::make_shared<SlowStorage>();
    Application app = application_with_sessions(storage);
    app.add_get("/two", [](ServerRequest& request) -> Coro<ServerResponse> {
      auto noting = create_task(note_the_first(request));
      auto second = create_task(get_session(request));
      co_await noting;
      const ServerSession session = co_await second;
      co_return ServerResponse(200, describe_session(session));
    });
    app.add_get("/anything", [](ServerRequest& request) -> Coro<ServerResponse> {
      static_cast<void>(co_await get_session(request));
      ServerResponse response(200, "anything");
      response.headers().set("Vary", "*");
      co_return response;
    });
    auto client = co_await http::test_client(app);
    const Reply begun = co_await visit(client.port(), "/set?name=x");
    const std::string cookie = cookie_of(begun);
    EXPECT_EQ(cookie, "COROLLA_SESSION=" + begun.body) << "a storage of the server's hands out the identity";
    EXPECT_EQ(begun.body.size(), 32U);
    EXPECT_EQ(std::exchange(storage->log, {}), "save ") << "nobody is looked for without a cookie";

    const Reply unasked = co_await visit(client.port(), "/none", cookie);
    EXPECT_EQ(storage->log, "");
    EXPECT_FALSE(unasked.has("Vary: Cookie"));
    const Reply read = co_await visit(client.port(), "/read", cookie);
    EXPECT_EQ(std::exchange(storage->log, {}), "load ");
    EXPECT_TRUE(read.has("Vary: Cookie"));
    const Reply nobody = co_await visit(client.port(), "/read");
    const Reply anything = co_await visit(client.port(), "/anything", cookie);
    EXPECT_FALSE(anything.has("Vary: Cookie"));
    for (const Reply* reply : {&unasked, &read, &nobody, &anything}) EXPECT_EQ(cookie_of(*reply), "");

    // Two tasks of one request have one session, though both look for it.
    const Reply two = co_await visit(client.port(), "/two", cookie);
    EXPECT_EQ(two.body, R"(kept {"by":"the first","name":"x"})");
    EXPECT_EQ(storage->log, "load load load save ") << "one by anything, two by the tasks";
    const Reply kept = co_await visit(client.port(), "/read", cookie);
    EXPECT_EQ(kept.body, two.body);
    co_await client.close();
  });
}

TEST_F(SessionsTest, TheCookieSaysWhatTheOptionsSay) {
  run_test([]() -> Coro<void> {
    SessionCookie plain;
    SessionCookie strict;
    strict.name = "__Host-id";
    strict.secure = true;
    strict.same_site = http::Cookie::SameSite::kStrict;
    strict.max_age = 1h;
    SessionCookie loose;
    loose.name = "id";
    loose.path = "/set";
    loose.domain = "site.example";
    loose.http_only = false;
    loose.secure = false;
    loose.same_site = http::Cookie::SameSite::kDefault;
    SessionCookie foreign;
    foreign.same_site = http::Cookie::SameSite::kNone;
    const std::vector<std::pair<SessionCookie, std::string>> cases = {
        {plain, "; Path=/; HttpOnly; SameSite=Lax"},
        {strict, "; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"},
        {loose, "; Path=/set; Domain=site.example"},
        {foreign, "; Path=/; HttpOnly; SameSite=None"},
    };
    for (const auto& [cookie, attributes] : cases) {
      auto client = co_await http::test_client(application_with_sessions(std::make_shared<MemoryStorage>(), cookie));
      const Reply set = co_await visit(client.port(), "/set");
      EXPECT_EQ(set.field("Set-Cookie"), cookie.name + "=" + set.body + attributes);
      const Reply removed = co_await visit(client.port(), "/logout", cookie_of(set));
      std::string expected = attributes;
      if (const auto age = expected.find("; Max-Age=3600"); age != std::string::npos) expected.erase(age, 14);
      const auto at = expected.find_first_of(';', expected.find("Domain=") == std::string::npos ? 1 : 12);
      expected.insert(std::min(at, expected.size()), "; Max-Age=0");
      EXPECT_EQ(removed.field("Set-Cookie"), cookie.name + "=" + expected) << "as it was set, or it stays";
      co_await client.close();
    }
  });
}

TEST_F(SessionsTest, CookiesThatBrowsersRefuseAreErrors) {
  const auto storage = std::make_shared<MemoryStorage>();
  const auto refused = [&](auto change) {
    SessionCookie cookie;
    change(cookie);
    EXPECT_THROW(static_cast<void>(http::sessions(storage, cookie)), ValueError);
  };
  for (const char* name : {"", "a b", "a=b", "a;b", "\xc3\xa9", "a\r\nb"})
    refused([&](SessionCookie& cookie) { cookie.name = name; });
  for (const char* path : {"", "a", "/;Secure", "/\r\nX: y"})
    refused([&](SessionCookie& cookie) { cookie.path = path; });
  for (const char* domain : {"a;b", "a b", "a\nb"}) refused([&](SessionCookie& cookie) { cookie.domain = domain; });
  for (const char* name : {"__Host-a", "__host-a", "__Secure-a"})
    refused([&](SessionCookie& cookie) { cookie.name = name; });
  for (const char* path : {"/a", "/"})
    refused([&](SessionCookie& cookie) {
      cookie.name = "__Host-a";
      cookie.secure = true;
      cookie.path = path;
      if (cookie.path == "/") cookie.domain = "site.example";
    });
  refused([](SessionCookie& cookie) {
    cookie.same_site = http::Cookie::SameSite::kNone;
    cookie.secure = false;
  });
  for (const auto age : {0s, -1s}) refused([&](SessionCookie& cookie) { cookie.max_age = age; });
  EXPECT_THROW(static_cast<void>(http::sessions(nullptr)), ValueError);
  EXPECT_NO_THROW(static_cast<void>(http::sessions(storage)));
}

TEST_F(SessionsTest, TheCookieIsSecureWithHttpsAlone) {
  static_cast<void>(authorities());
  run_test([]() -> Coro<void> {
    http::ForwardedOptions proxies;
    proxies.trusted = {"127.0.0.1"};
    Application app;
    app.add_middleware(http::forwarded(proxies));
    app.add_subapp("/app", application_with_sessions(std::make_shared<MemoryStorage>()));
    http::AppRunner runner(app);
    co_await runner.start("127.0.0.1", 0);
    WebServerOptions secure;
    secure.ssl = TlsContext::server();
    secure.ssl.use_cert_chain(authorities().chain(), authorities().host.key_pem());
    co_await runner.start("127.0.0.1", 0, secure);

    const Reply plain = co_await ask_once(runner.port(), get("/app/set"));
    EXPECT_EQ(plain.field("Set-Cookie").find("Secure"), std::string::npos);
    const Reply proxied = co_await ask_once(runner.port(), get("/app/set", "X-Forwarded-Proto: https\r\n"));
    EXPECT_NE(proxied.field("Set-Cookie").find("; Secure; "), std::string::npos);
    http::SessionOptions options;
    options.ssl = TlsContext::client();
    options.ssl.load_verify_locations("", "", authorities().root.pem());
    for (const auto use : {http::Http2Use::kOff, http::Http2Use::kNegotiate}) {
      options.http2 = use;
      http::Session browser(options);
      auto set = co_await browser.get(runner.sites()[1].url() + "app/set?name=x");
      EXPECT_EQ(set.version() == http::HttpVersion::kHttp2, use == http::Http2Use::kNegotiate);
      EXPECT_NE(set.headers().get("Set-Cookie", "").find("; Secure; "), std::string_view::npos);
      const auto read = co_await text_of(browser, runner.sites()[1].url() + "app/read");
      EXPECT_EQ(read, R"(kept {"name":"x"})");
      const auto unencrypted = co_await text_of(browser, runner.url() + "app/read");
      EXPECT_EQ(unencrypted, "new {}") << "the cookie stays with https";
    }
    co_await runner.cleanup();
  });
}

TEST_F(SessionsTest, OverHttp2) {
  run_test([]() -> Coro<void> {
    for (const auto& storage : both_storages()) {
      WebServerOptions server;
      server.h2c = true;
      http::SessionOptions options;
      options.http2 = http::Http2Use::kPriorKnowledge;
      auto client = co_await http::test_client(application_with_sessions(storage), options, server);
      auto set = co_await client.get("/set?name=x").cookie("a", "1").cookie("b", "2");
      EXPECT_EQ(set.version(), http::HttpVersion::kHttp2);
      auto read = co_await client.get("/read").cookie("a", "1").cookie("b", "2");
      const auto text = co_await read.text();
      EXPECT_EQ(text, R"(kept {"name":"x"})") << "among cookies of others";
      co_await client.get("/logout");
      EXPECT_EQ(client.session().cookie_jar().size(), 0U);
      co_await client.close();
    }
  });
}

TEST_F(SessionsTest, WhatIsKeptWhenAHandlerFails) {
  run_test([this]() -> Coro<void> {
    const auto storage = std::make_shared<SlowStorage>();
    Application app = application_with_sessions(storage);
    app.add_get("/refuses", [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      session.set("attempts", 1);
      throw http::HttpError(403, "no");
    });
    app.add_get("/breaks", [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      session.set("attempts", 2);
      throw std::runtime_error("broken");
    });
    auto client = co_await http::test_client(app);
    const Reply refused = co_await visit(client.port(), "/refuses");
    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(cookie_of(refused), "");
    const Reply broken = co_await visit(client.port(), "/breaks", cookie_of(refused));
    EXPECT_EQ(broken.status, 500);
    EXPECT_EQ(cookie_of(broken), "");
    EXPECT_EQ(reports.size(), 1U);
    const Reply read = co_await visit(client.port(), "/read", cookie_of(refused));
    EXPECT_EQ(read.body, R"(kept {"attempts":1})");

    // A storage that fails: no page that pretends otherwise.
    storage->fails = true;
    for (const char* target : {"/set", "/read"}) {
      const Reply failed = co_await visit(client.port(), target, cookie_of(refused));
      EXPECT_EQ(failed.status, 500) << target;
      EXPECT_EQ(cookie_of(failed), "");
    }
    const Reply fresh = co_await visit(client.port(), "/set");
    EXPECT_EQ(fresh.status, 500);
    EXPECT_EQ(reports.size(), 4U);
    const Reply unasked = co_await visit(client.port(), "/none", cookie_of(refused));
    EXPECT_EQ(unasked.status, 200);
    co_await client.close();
  });
}

TEST_F(SessionsTest, AreKeptBeforeTheHeadOfAStreamedResponse) {
  run_test([]() -> Coro<void> {
    const auto storage = std::make_shared<SlowStorage>();
    Application app = application_with_sessions(storage);
    app.add_get("/stream", [&storage](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      session.set("name", "streamed");
      ServerResponse response(200);
      response.set_producer([session, &storage](http::BodyWriter& writer) mutable -> Coro<void> {
        EXPECT_EQ(storage->records.count(session.identity()), 1U);
        EXPECT_THROW(session.set("late", true), RuntimeError);
        EXPECT_THROW(session.clear(), RuntimeError);
        EXPECT_THROW(session.invalidate(), RuntimeError);
        EXPECT_THROW(session.set_max_age(1h), RuntimeError);
        EXPECT_THROW(session.erase("name"), RuntimeError);
        const std::string text = describe_session(session);
        co_await writer.write(text);
      });
      co_return response;
    });
    app.on_response_prepare([](ServerRequest& request, ServerResponse& response) -> Coro<void> {
      const ServerSession session = co_await get_session(request);
      response.headers().set("X-Values", session.values().dump());
    });
    auto client = co_await http::test_client(app);
    auto response = co_await client.get("/stream");
    EXPECT_TRUE(response.headers().contains("Set-Cookie"));
    EXPECT_EQ(response.headers().get("X-Values", ""), R"({"name":"streamed"})");
    const auto body = co_await response.text();
    EXPECT_EQ(body, R"(new {"name":"streamed"})");
    const auto read = co_await text_of(client.session(), "/read");
    EXPECT_EQ(read, R"(kept {"name":"streamed"})");
    co_await client.close();
  });
}

TEST_F(SessionsTest, SubApplicationsSeeTheSameOne) {
  run_test([this]() -> Coro<void> {
    Application inner;
    inner.add_get("/set", [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      session.set("inner", true);
      co_return ServerResponse(200);
    });
    SessionCookie own_cookie;
    own_cookie.name = "OWN";
    const Application own = application_with_sessions(encrypted(), own_cookie);
    Application app;
    app.add_get("/outside", [](ServerRequest& request) -> Coro<ServerResponse> {
      static_cast<void>(co_await get_session(request));
      co_return ServerResponse(200);
    });
    Application outer = application_with_sessions(std::make_shared<MemoryStorage>());
    outer.add_middleware([](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
      ServerResponse response = co_await next(request);
      if (request.path() != "/outer/own/set") co_return response;
      ServerSession session = co_await get_session(request);  // the outer one again
      session.set("own", "was here");
      co_return response;
    });
    outer.add_subapp("/sub", inner);
    outer.add_subapp("/own", own);
    app.add_subapp("/outer", outer);
    auto client = co_await http::test_client(app);
    co_await client.get("/outer/set?name=outer");
    co_await client.get("/outer/sub/set");
    co_await client.get("/outer/own/set?name=own");
    EXPECT_EQ(client.session().cookie_jar().size(), 2U);
    const auto outside = co_await text_of(client.session(), "/outer/read");
    EXPECT_EQ(outside, R"(kept {"inner":true,"name":"outer","own":"was here"})");
    const auto inside = co_await text_of(client.session(), "/outer/own/read");
    EXPECT_EQ(inside, R"(kept {"name":"own"})");
    auto missing = co_await client.get("/outside");
    EXPECT_EQ(missing.status(), 500);
    EXPECT_EQ(reports.size(), 1U);
    const std::string report = reports.empty() ? "" : reports.front();
    EXPECT_NE(report.find("no middleware sessions()"), std::string::npos) << report;
    co_await client.close();
  });
}

TEST_F(SessionsTest, ValuesAreAJsonObject) {
  run_test([]() -> Coro<void> {
    Application app = application_with_sessions(encrypted());
    app.add_get("/values", [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      EXPECT_TRUE(session.empty());
      EXPECT_FALSE(session.erase("none"));
      EXPECT_FALSE(session.changed());
      EXPECT_THROW(static_cast<void>(session.get("none")), LookupError);
      EXPECT_EQ(session.find("none"), nullptr);
      EXPECT_THROW(session.set("text", "\xff"), ValueError);
      EXPECT_THROW(session.set("\xff", 1), ValueError);
      EXPECT_THROW(session.set("list", std::vector<std::string>{"\xc3"}), ValueError);
      EXPECT_FALSE(session.changed());
      session.set("list", std::vector<int>{1, 2});
      session.set("text", "Café \"\\\n");
      session.set("text2", "gone");
      EXPECT_TRUE(session.erase("text2"));
      EXPECT_TRUE(session.changed());
      EXPECT_TRUE(session.contains("list"));
      EXPECT_EQ(session.get("list").size(), 2U);
      EXPECT_EQ(session.created(), sessions_now());
      co_return ServerResponse(200);
    });
    auto client = co_await http::test_client(app);
    co_await client.get("/values");
    const auto read = co_await text_of(client.session(), "/read");
    EXPECT_EQ(read, R"(kept {"list":[1,2],"text":"Café \"\\\n"})");
    co_await client.close();
  });
}

}  // namespace
}  // namespace corolla_tests
