// SPDX-License-Identifier: Apache-2.0
// Middlewares, sub-applications, domains, what is kept with applications and requests. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/runtime/gather.hpp>

#include <memory>

#include <nlohmann/json.hpp>

namespace corolla_tests {
namespace {

http::Middleware mark(std::string name, std::string& trace) {
  return [name = std::move(name), &trace](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
    trace += name + "(";
    ServerResponse response = co_await next(request);
    trace += std::to_string(response.status()) + ")" + name + " ";
    co_return response;
  };
}

TEST_F(ApplicationTest, MiddlewaresAreAroundEachOtherAndSeeEveryError) {
  run_test([this]() -> Coro<void> {
    std::string trace;
    Application inner;
    inner.add_middleware(mark("c", trace));
    inner.add_get("/", say("inner"));
    Application app;
    app.add_middleware(mark("a", trace)).add_middleware(mark("b", trace));
    app.add_get("/", say("hello"));
    app.add_get("/refused", [](ServerRequest&) -> Coro<ServerResponse> { throw http::HttpError(418, "no"); });
    app.add_get("/broken", [](ServerRequest&) -> Coro<ServerResponse> { throw std::runtime_error("broken"); });
    app.add_subapp("/in", inner);
    auto client = co_await http::test_client(app);
    const auto traced = [&](std::string method, std::string target) -> Coro<std::string> {
      trace.clear();
      auto asking = ask_for(client, std::move(method), std::move(target));
      static_cast<void>(co_await std::move(asking));
      co_return trace;
    };
    const auto hello = co_await traced("GET", "/");
    EXPECT_EQ(hello, "a(b(200)b 200)a ");
    const auto missing = co_await traced("GET", "/none");
    EXPECT_EQ(missing, "a(b(404)b 404)a ");
    const auto method = co_await traced("POST", "/");
    EXPECT_EQ(method, "a(b(405)b 405)a ");
    const auto refused = co_await traced("GET", "/refused");
    EXPECT_EQ(refused, "a(b(418)b 418)a ");
    const auto inside = co_await traced("GET", "/in/");
    EXPECT_EQ(inside, "a(b(c(200)c 200)b 200)a ");
    const auto missing_inside = co_await traced("GET", "/in/none");
    EXPECT_EQ(missing_inside, "a(b(c(404)c 404)b 404)a ");
    EXPECT_TRUE(reports.empty());
    const auto broken = co_await traced("GET", "/broken");
    EXPECT_EQ(broken, "a(b(");  // passes through them
    EXPECT_EQ(reports.size(), 1U);
    co_await client.close();
  });
}

TEST_F(ApplicationTest, MiddlewaresAnswerThemselvesReplaceAndTryAgain) {
  run_test([]() -> Coro<void> {
    int calls = 0;
    Application app;
    app.add_middleware([](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
      if (request.path() == "/locked") throw http::HttpError(401, "who are you");
      ServerResponse response = co_await next(request);
      response.headers().set("X-Seen", std::to_string(response.status()));
      co_return response;
    });
    // No coroutine itself: the one it was given has to outlive the call.
    app.add_middleware([](ServerRequest& request, NextHandler next) { return next(request); });
    app.add_middleware([](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
      ServerResponse response = co_await next(request);
      if (response.status() == 503) co_return co_await next(request);
      co_return response;
    });
    auto handler = [&calls](ServerRequest&) -> Coro<ServerResponse> {
      if (++calls == 1) throw http::HttpError(503);
      co_return ServerResponse(200, "second");
    };
    app.add_get("/flaky", handler);
    app.add_get("/locked", handler);
    app.on_response_prepare([](ServerRequest& request, ServerResponse& response) -> Coro<void> {
      response.headers().set("X-Path", request.path());
      co_return;
    });
    auto client = co_await http::test_client(app);
    auto flaky = co_await client.get("/flaky");
    const auto text = co_await flaky.text();
    EXPECT_EQ(text, "second");
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(flaky.headers().get("X-Seen", ""), "200");
    EXPECT_EQ(flaky.headers().get("X-Path", ""), "/flaky");
    auto locked = co_await client.get("/locked");
    EXPECT_EQ(locked.status(), 401);
    EXPECT_FALSE(locked.headers().contains("X-Seen"));
    EXPECT_EQ(locked.headers().get("X-Path", ""), "/locked");
    EXPECT_EQ(calls, 2);
    co_await client.close();
  });
}

TEST_F(ApplicationTest, SubApplicationsOwnTheirPrefix) {
  run_test([]() -> Coro<void> {
    Application deepest;
    deepest.add_get("/{x}", tell("x"));
    Application admin;
    admin.add_get("/", say("admin"));
    admin.add_subapp("/deep/er", deepest);
    Application app;
    app.add_get("/{any}/users", say("any"));
    app.add_get("/administrator", say("other"));
    app.add_subapp("/admin/", admin);
    static constexpr Exchange kExchanges[] = {
        {"GET", "/admin/", "200 admin"},
        {"GET", "/%61dmin/", "200 admin"},
        {"GET", "/admin", "404"},
        {"GET", "/administrator", "200 other"},
        {"GET", "/admin/users", "404"},  // the prefix is the sub-application's, whatever else would fit
        {"GET", "/other/users", "200 any"},
        {"GET", "/admin/deep/er/1%2F2", "200 /admin/deep/er/{x} 1/2"},
        {"POST", "/admin/", "405 GET, HEAD, OPTIONS"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(ApplicationTest, SubApplicationsThatCannotBeAreRefused) {
  Application app;
  app.add_get("/admin/users", say(""));
  EXPECT_THROW(app.add_subapp("/admin", Application()), ValueError);
  EXPECT_THROW(app.add_subapp("/", Application()), ValueError);
  EXPECT_THROW(app.add_subapp("/{x}", Application()), ValueError);
  EXPECT_THROW(app.add_subapp("x", Application()), ValueError);
  EXPECT_THROW(app.add_subapp("/blog/{x}", Application()), ValueError);
  app.add_subapp("/blog", Application());  // what was refused left nothing below it
  EXPECT_THROW(app.add_get("/blog/archive", say("")), ValueError);
  Application part;
  app.add_subapp("/part", part);
  EXPECT_THROW(app.add_subapp("/part/deep", Application()), ValueError);
  EXPECT_THROW(app.add_get("/part", say("")), ValueError);
  EXPECT_THROW(app.add_get("/part/x/y", say("")), ValueError);
  EXPECT_THROW(app.add_subapp("/again", part), RuntimeError);
  EXPECT_THROW(app.add_subapp("/self", app), RuntimeError);
  EXPECT_THROW(part.add_subapp("/round", app), RuntimeError);
  EXPECT_THROW(part.add_get("/late", say("")), RuntimeError);
  EXPECT_THROW(app.add_domain("*", Application()), ValueError);
  EXPECT_THROW(app.add_domain("a.*.example", Application()), ValueError);
  EXPECT_THROW(app.add_domain("a.example:80", Application()), ValueError);
  EXPECT_THROW(app.add_domain("", Application()), ValueError);
  app.add_domain("a.example", Application());
  EXPECT_THROW(app.add_domain("A.Example", Application()), ValueError);
}

TEST_F(ApplicationTest, DomainsChooseTheApplication) {
  run_test([]() -> Coro<void> {
    const auto site = [](std::string name) {
      Application app;
      app.add_get("/", say(std::move(name)));
      return app;
    };
    Application app = site("default");
    app.add_domain("Example.com", site("exact"));
    app.add_domain("*.example.com", site("below"));
    app.add_domain("*.api.example.com", site("api"));
    app.add_domain("[::1]", site("six"));
    auto client = co_await http::test_client(app);
    struct Host {
      const char* host;
      const char* answer;
    };
    static constexpr Host kHosts[] = {
        {"example.com", "200 exact"},
        {"EXAMPLE.com:8080", "200 exact"},
        {"example.com.", "200 exact"},
        {"a.example.com", "200 below"},
        {"a.b.example.com", "200 below"},
        {"api.example.com", "200 below"},
        {"v1.api.example.com", "200 api"},
        {"notexample.com", "200 default"},
        {"example.com.evil", "200 default"},
        {"[::1]:8080", "200 six"},
        {"", "200 default"},
    };
    for (const Host& host : kHosts) {
      const auto answer = co_await ask_for(client, "GET", "/", host.host);
      EXPECT_EQ(answer, host.answer) << host.host;
    }
    const auto other = co_await ask_for(client, "GET", "/none", "example.com");
    EXPECT_EQ(other, "404");
    co_await client.close();
  });
}

const http::AppKey<std::string> kDatabase("database");
const http::AppKey<std::string> kOther("database");
const http::RequestKey<std::shared_ptr<int>> kUser("user");

TEST_F(ApplicationTest, ValuesAreKeptByTypedKeys) {
  run_test([]() -> Coro<void> {
    std::weak_ptr<int> user;
    Application inner;
    inner.add_get("/", [](ServerRequest& request) -> Coro<ServerResponse> {
      EXPECT_EQ(request.app().find(kDatabase), nullptr);
      EXPECT_THROW((void)request.config(kOther), LookupError);
      co_return ServerResponse(200, request.config(kDatabase) + " " + std::to_string(*request.get(kUser)));
    });
    inner.add_get("/none", [](ServerRequest& request) -> Coro<ServerResponse> {
      co_return ServerResponse(200, request.find(kUser) == nullptr ? "none" : "left over");
    });
    Application app;
    app.set(kDatabase, std::string("old"));
    app.set(kDatabase, std::string("main"));
    app.add_middleware([&user](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
      if (request.path() == "/in/") user = request.set(kUser, std::make_shared<int>(7));
      co_return co_await next(request);
    });
    app.add_subapp("/in", inner);
    auto client = co_await http::test_client(app);
    auto first = co_await client.get("/in/");
    const auto text = co_await first.text();
    EXPECT_EQ(text, "main 7");
    auto second = co_await client.get("/in/none");
    const auto nothing = co_await second.text();
    EXPECT_EQ(nothing, "none");  // on the same connection
    EXPECT_EQ(client.runner().sites().front().connections(), 1U);
    EXPECT_TRUE(user.expired());
    co_await client.close();
  });
}

TEST_F(ApplicationTest, ABodyWrittenLaterStillKnowsItsRoute) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_get("/{name}", [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response(200);
      response.set_producer([&request](http::BodyWriter& writer) -> Coro<void> {
        const std::string text = "name " + std::string(request.match_info("name"));
        co_await writer.write(text);
      });
      co_return response;
    });
    auto client = co_await http::test_client(app);
    auto response = co_await client.get("/a%2Fb");
    const auto text = co_await response.text();
    EXPECT_EQ(text, "name a/b");
    co_await client.close();
  });
}

TEST_F(ApplicationTest, JsonInAndOut) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_post("/", [](ServerRequest& request) -> Coro<ServerResponse> {
      const nlohmann::json document = co_await request.json();
      co_return ServerResponse::json({{"got", document}}, 201);
    });
    app.add_post("/any", [](ServerRequest& request) -> Coro<ServerResponse> {
      const nlohmann::json document = co_await request.json(true);
      co_return ServerResponse::json(document);
    });
    auto client = co_await http::test_client(app);
    const nlohmann::json sent = {{"a", {1, "\xc3\xa9"}}};
    auto created = co_await client.post("/").json(sent);
    EXPECT_EQ(created.status(), 201);
    const nlohmann::json got = co_await created.json();
    EXPECT_EQ(got.at("got"), sent);
    auto problem =
        co_await client.post("/").header("Content-Type", "application/problem+json; charset=utf-8").body("[1]");
    EXPECT_EQ(problem.status(), 201);
    auto broken = co_await client.post("/").header("Content-Type", "application/json").body("{\"a\":");
    EXPECT_EQ(broken.status(), 400);
    auto other = co_await client.post("/").header("Content-Type", "text/plain").body("[1]");
    EXPECT_EQ(other.status(), 415);
    auto untyped = co_await client.post("/").body("[1]");
    EXPECT_EQ(untyped.status(), 415);
    auto any = co_await client.post("/any").body("[1]");
    EXPECT_EQ(any.status(), 200);
    co_await client.close();
  });
}

TEST_F(ApplicationTest, PathsAreNormalizedWithinTheSite) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_middleware(http::normalize_path());
    app.add_get("/with/", say("with"));
    app.add_get("/a/b", say("plain"));
    app.add_get("/{host}/page/", say("host"));
    app.add_get("/host.example/", say("host"));
    static constexpr Exchange kExchanges[] = {
        {"GET", "/with/", "200 with"},
        {"GET", "/with?x=1&y", "308 /with/?x=1&y"},
        {"GET", "//with", "308 /with/"},
        {"GET", "/a//b", "308 /a/b"},
        {"GET", "///a///b?q", "308 /a/b?q"},
        {"GET", "//host.example", "308 /host.example/"},  // a target "//host.example/" would leave the site
        {"GET", "/\\host.example", "404"},
        {"GET", "//evil.example/page", "308 /evil.example/page/"},
        {"GET", "/none", "404"},
        {"POST", "/with", "404"},
    };
    co_await expect_answers(app, kExchanges);

    http::NormalizePathOptions options;
    options.append_slash = false;
    options.remove_slash = true;
    options.merge_slashes = false;
    options.status = 301;
    Application removing;
    removing.add_middleware(http::normalize_path(options));
    removing.add_get("/a", say("a"));
    static constexpr Exchange kRemoving[] = {
        {"GET", "/a/", "301 /a"}, {"GET", "//a/", "301 /a"}, {"GET", "/a//", "404"}, {"GET", "/", "404"}};
    co_await expect_answers(removing, kRemoving);
    options.append_slash = true;
    EXPECT_THROW((void)http::normalize_path(options), ValueError);
  });
}

}  // namespace
}  // namespace corolla_tests
