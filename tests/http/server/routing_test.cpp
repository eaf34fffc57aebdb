// SPDX-License-Identifier: Apache-2.0
// From a method and a path to a handler, and back to a path. Both backends.
#include "tests/http/server/application_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <filesystem>
#include <limits>

namespace corolla_tests {
namespace {

using RoutingTest = ApplicationTest;

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const ValueError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST_F(RoutingTest, LiteralsComeBeforeParametersAndNarrowOnesBeforeWideOnes) {
  run_test([]() -> Coro<void> {
    Application app;
    // In the opposite order of what is tried.
    app.add_get("/u/{rest*}", tell("rest"));
    app.add_get("/u/{text}", tell("text"));
    app.add_get("/u/{letters:[a-c]+}", tell("letters"));
    app.add_get("/u/{letters:[a-z]+}", tell("letters"));
    app.add_get("/u/{key:uuid}", tell("key"));
    app.add_get("/u/{id:int}", tell("id"));
    app.add_get("/u/me", say("me"));
    app.add_get("/u/me/{deep}/end", tell("deep"));
    static constexpr Exchange kExchanges[] = {
        {"GET", "/u/me", "200 me"},
        {"GET", "/u/%6De", "200 me"},
        {"GET", "/u/12", "200 /u/{id:int} 12"},
        {"GET", "/u/9223372036854775807", "200 /u/{id:int} 9223372036854775807"},
        {"GET", "/u/9223372036854775808", "200 /u/{text} 9223372036854775808"},
        {"GET", "/u/-1", "200 /u/{text} -1"},
        {"GET", "/u/12a", "200 /u/{text} 12a"},
        {"GET", "/u/01234567-89ab-cdef-0123-456789ABCDEF", "200 /u/{key:uuid} 01234567-89ab-cdef-0123-456789ABCDEF"},
        {"GET", "/u/01234567-89ab-cdef-0123-456789ABCDEG", "200 /u/{text} 01234567-89ab-cdef-0123-456789ABCDEG"},
        {"GET", "/u/abc", "200 /u/{letters:[a-c]+} abc"},
        {"GET", "/u/xyz", "200 /u/{letters:[a-z]+} xyz"},
        {"GET", "/u/xyz/", "200 /u/{rest*} xyz/"},
        {"GET", "/u/me/x/end", "200 /u/me/{deep}/end x"},
        {"GET", "/u/me/x/other", "200 /u/{rest*} me/x/other"},  // back up from a branch that leads nowhere
        {"GET", "/u/", "200 /u/{rest*} "},
        {"GET", "/u", "404"},
        {"GET", "/", "404"},
        {"GET", "/u2/me", "404"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(RoutingTest, OfRoutesWhoseExpressionsOverlapTheFirstOneIsTaken) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_get("/a/{wide:[a-z]+}/one", tell("wide"));
    app.add_get("/a/{narrow:[a-c]+}/{rest*}", tell("rest"));
    app.add_get("/a/{wide:[a-z]+}/{rest*}", tell("rest"));
    app.add_get("/a/{narrow:[a-c]+}/one", tell("narrow"));
    app.add_post("/a/{wide:[a-z]+}/two", tell("wide"));
    app.add_put("/a/{narrow:[a-c]+}/two", tell("narrow"));
    static constexpr Exchange kExchanges[] = {
        {"GET", "/a/abc/one", "200 /a/{wide:[a-z]+}/one abc"},
        {"GET", "/a/abc/x/y", "200 /a/{narrow:[a-c]+}/{rest*} x/y"},
        {"GET", "/a/xyz/x/y", "200 /a/{wide:[a-z]+}/{rest*} x/y"},
        {"GET", "/a/xyz/one", "200 /a/{wide:[a-z]+}/one xyz"},
        {"POST", "/a/abc/two", "200 /a/{wide:[a-z]+}/two abc"},
        {"PUT", "/a/abc/two", "200 /a/{narrow:[a-c]+}/two abc"},
        {"DELETE", "/a/abc/two", "405 GET, HEAD, OPTIONS, POST, PUT"},
        {"GET", "/a/1/two", "404"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(RoutingTest, APathIsSplitBeforeItIsDecoded) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_get("/one/{name}", tell("name"));
    app.add_get("/files/{path*}", tell("path"));
    app.add_get("/caf\xc3\xa9/{name}.{extension}", tell("name"));
    app.add_get("/ext/{name}.{extension:[a-z]+}", tell("extension"));
    static constexpr Exchange kExchanges[] = {
        {"GET", "/one/a%2Fb", "200 /one/{name} a/b"},
        {"GET", "/one/a/b", "404"},
        {"GET", "/one/a%20b%", "200 /one/{name} a b%"},
        {"GET", "/one/", "404"},
        {"GET", "/one/..", "404"},
        {"GET", "/one/%2e%2E", "404"},
        {"GET", "/one/.", "404"},
        {"GET", "/one/...", "200 /one/{name} ..."},
        {"GET", "/files/a/b%20c//d", "200 /files/{path*} a/b c//d"},
        {"GET", "/files/..%2f..%2Fetc", "200 /files/{path*} ..%2f..%2Fetc"},
        {"GET", "/files/a/../b", "404"},
        {"GET", "/files/a/%2e%2e/b", "404"},
        {"GET", "/files/%252F%2F", "200 /files/{path*} %2F%2F"},
        {"GET", "/caf%C3%A9/a.b.c", "200 /caf\xc3\xa9/{name}.{extension} a.b"},
        {"GET", "/ext/a.b.c", "200 /ext/{name}.{extension:[a-z]+} c"},
        {"GET", "/ext/a.b.C", "404"},
        {"GET", "/ext/.c", "404"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(RoutingTest, MethodsOfAPath) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_get("/a", say("get"));
    app.add_post("/a", say("post"));
    app.add_get("/users/me", say("me"));
    app.add_delete("/users/{id}", tell("id"));
    app.add_post("/form", say("post"));
    app.add_route("head", "/form", say("head"));
    app.add_route("*", "/any", say("any"));
    app.add_put("/any", say("put"));
    app.add_route("OPTIONS", "/own", say("own"));
    static constexpr Exchange kExchanges[] = {
        {"GET", "/a", "200 get"},
        {"HEAD", "/a", "200"},
        {"POST", "/a", "200 post"},
        {"PUT", "/a", "405 GET, HEAD, OPTIONS, POST"},
        {"OPTIONS", "/a", "204  GET, HEAD, OPTIONS, POST"},
        {"DELETE", "/users/me", "200 /users/{id} me"},  // the literal has no such method
        {"PUT", "/users/me", "405 DELETE, GET, HEAD, OPTIONS"},
        {"GET", "/users/you", "405 DELETE, OPTIONS"},
        {"GET", "/form", "405 HEAD, OPTIONS, POST"},
        {"HEAD", "/form", "200"},
        {"PUT", "/any", "200 put"},
        {"PATCH", "/any", "200 any"},
        {"OPTIONS", "/any", "200 any"},
        {"OPTIONS", "/own", "200 own"},
        {"OPTIONS", "/none", "404"},
        {"OPTIONS", "*", "204 "},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(RoutingTest, WhatCannotBeMeantIsRefused) {
  Application app;
  app.add_get("/users/{id}", say(""), "user");
  app.add_static("/static", "/");
  struct Refused {
    const char* path;
    const char* why;
  };
  constexpr Refused kRefused[] = {
      {"users", "does not begin with '/'"},
      {"", "does not begin with '/'"},
      {"/users/{name}", "GET /users/{name} is taken by /users/{id}"},
      {"/users/{name:str}", "is taken by /users/{id}"},
      {"/static/{rest:path}", "is taken by /static/{path*}"},
      {"/{a}/{a}", "two parameters \"a\""},
      {"/{a:itn}", "\"itn\" is no type"},
      {"/{a:}", "is no type"},
      {"/{a:[}", "missing ]"},
      {"/{a:(}", "missing )"},
      {"/{1a}", "\"1a\" is no name"},
      {"/{}", "\"\" is no name"},
      {"/{a", "not closed"},
      {"/a}", "closes nothing"},
      {"/{a*}/b", "not its whole last segment"},
      {"/x{a*}", "not its whole last segment"},
      {"/a?b=c", "a query"},
      {"/a/../b", "dots"},
  };
  for (const Refused& refused : kRefused) {
    const std::string why = refusal([&] { app.add_get(refused.path, say("")); });
    EXPECT_NE(why.find(refused.why), std::string::npos) << refused.path << ": " << why;
  }
  EXPECT_NE(refusal([&] { app.add_get("/b", say(""), "user"); }).find("taken by /users/{id}"), std::string::npos);
  EXPECT_NE(refusal([&] { app.add_get("/b", nullptr); }).find("empty"), std::string::npos);
  EXPECT_NE(refusal([&] { app.add_route("G T", "/b", say("")); }).find("no method"), std::string::npos);
  app.add_post("/users/{name}", say(""));          // another method may call its parameter otherwise
  app.add_delete("/users/{id}", say(""), "user");  // and the same path may have the same name
  app.add_get("/{year:\\d{4}}/{month:[0-9]{2}}", say(""));
}

TEST_F(RoutingTest, PathsAreMadeFromNames) {
  Application admin;
  admin.add_get("/{section}/", say(""), "section");
  Application app;
  app.add_get("/users/{id:int}", say(""), "user");
  app.add_get("/files/{path*}", say(""), "file");
  app.add_get("/@{name}.{ext:[a-z]+}/caf%C3%A9", say(""), "mixed");
  app.add_subapp("/ad min/", admin);
  EXPECT_EQ(app.url_for("user", {{"id", "5"}}), "/users/5");
  EXPECT_EQ(app.url_for("file", {{"path", "a b/c%/?#"}}), "/files/a%20b/c%25/%3F%23");
  EXPECT_EQ(app.url_for("mixed", {{"ext", "txt"}, {"name", "a/b'c"}}), "/@a%2Fb%27c.txt/caf%C3%A9");
  EXPECT_EQ(admin.url_for("section", {{"section", "caf\xc3\xa9"}}), "/ad%20min/caf%C3%A9/");
  EXPECT_NE(refusal([&] { (void)app.url_for("user", {{"id", "x"}}); }).find("does not match"), std::string::npos);
  EXPECT_NE(refusal([&] { (void)app.url_for("user", {{"id", "5"}, {"x", ""}}); }).find("no parameter \"x\""),
            std::string::npos);
  EXPECT_NE(refusal([&] { (void)app.url_for("user"); }).find("no value for \"id\""), std::string::npos);
  EXPECT_NE(refusal([&] { (void)app.url_for("file", {{"path", "a/../b"}}); }).find("dots"), std::string::npos);
  EXPECT_NE(refusal([&] { (void)admin.url_for("section", {{"section", ".."}}); }).find("dots"), std::string::npos);
  EXPECT_THROW((void)app.url_for("section"), LookupError);
}

TEST_F(RoutingTest, ParametersHaveTypes) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_get("/{value}", [](ServerRequest& request) -> Coro<ServerResponse> {
      const auto small = request.match<signed char>("value");
      EXPECT_EQ(request.match<std::string>("value"), std::to_string(small));
      EXPECT_THROW((void)request.match_info("other"), LookupError);
      co_return ServerResponse(200,
                               std::to_string(request.match<std::uint64_t>("value")) + " " + std::to_string(small));
    });
    static constexpr Exchange kExchanges[] = {
        {"GET", "/127", "200 127 127"}, {"GET", "/128", "404"}, {"GET", "/-1", "404"},
        {"GET", "/x", "404"},           {"GET", "/1x", "404"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(RoutingTest, StaticFilesHaveAPlaceAmongTheRoutes) {
  run_test([]() -> Coro<void> {
    TemporaryDirectory directory;
    std::filesystem::create_directories(directory / "sub");
    write_whole_file(directory / "sub/a b.txt", "file");
    write_whole_file(directory / "index.html", "index");
    Application app;
    app.add_static("/s t/", directory / ".", {}, "static");
    app.add_get("/s t/version", say("1"));
    EXPECT_EQ(app.url_for("static", {{"path", "sub/a b.txt"}}), "/s%20t/sub/a%20b.txt");
    Application outer;
    outer.add_subapp("/in", app);
    static constexpr Exchange kExchanges[] = {
        {"GET", "/in/s%20t/sub/a%20b.txt", "200 file"},
        {"GET", "/in/%73%20t/sub/a%20b.txt", "200 file"},
        {"GET", "/in/s%20t/", "200 index"},
        {"GET", "/in/s%20t/version", "200 1"},
        {"GET", "/in/s%20t/sub", "301 /in/s%20t/sub/"},
        {"GET", "/in/s%20t/sub%2Fa%20b.txt", "404"},
        {"GET", "/in/s%20t/none", "404"},
        {"POST", "/in/s%20t/sub/a%20b.txt", "405 GET, HEAD, OPTIONS"},
    };
    co_await expect_answers(outer, kExchanges);
  });
}

TEST_F(RoutingTest, ManyRoutesAreFoundEach) {
  run_test([]() -> Coro<void> {
    Application app;
    for (int i = 0; i < 2000; ++i) app.add_get("/r" + std::to_string(i) + "/{id:int}", tell("id"));
    static constexpr Exchange kExchanges[] = {{"GET", "/r0/1", "200 /r0/{id:int} 1"},
                                              {"GET", "/r1999/2", "200 /r1999/{id:int} 2"},
                                              {"GET", "/r2000/3", "404"}};
    co_await expect_answers(app, kExchanges);
  });
}

}  // namespace
}  // namespace corolla_tests
