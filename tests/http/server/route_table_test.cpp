// SPDX-License-Identifier: Apache-2.0
// Routes that are written down before there is an application. Both backends.
#include "tests/http/server/application_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/view.hpp>

#include <cerrno>

namespace corolla_tests {
namespace {

using RouteTableTest = ApplicationTest;

struct ItemView : http::View {
  using View::View;
  Coro<ServerResponse> get() { co_return ServerResponse(200, "item " + std::string(request().match_info("id"))); }
  Coro<ServerResponse> delete_() { co_return ServerResponse(204); }
};

TEST_F(RouteTableTest, AreFilledBeforeTheyAreAdded) {
  run_test([]() -> Coro<void> {
    TemporaryDirectory directory;
    write_whole_file(directory / "a.txt", "file");
    http::RouteTableDef routes;
    routes.get("/a", say("get"), "a").head("/a", say("")).post("/a", say("post")).put("/a", say("put"));
    routes.patch("/a", say("patch")).delete_("/a", say("delete")).options("/a", say("options"));
    routes.route("purge", "/a", say("purge")).view<ItemView>("/items/{id}", "item");
    routes.static_files("/files", directory / ".", {}, "file");
    EXPECT_EQ(routes.entries().size(), 11U);
    Application admin;
    admin.add_routes(routes);
    Application app;
    app.add_routes(routes).add_subapp("/admin", admin);  // one table for both
    EXPECT_EQ(app.url_for("a"), "/a");
    EXPECT_EQ(admin.url_for("item", {{"id", "7"}}), "/admin/items/7");
    EXPECT_EQ(app.url_for("file", {{"path", "a.txt"}}), "/files/a.txt");
    static constexpr Exchange kExchanges[] = {
        {"GET", "/a", "200 get"},
        {"HEAD", "/a", "200"},
        {"POST", "/a", "200 post"},
        {"PUT", "/admin/a", "200 put"},
        {"PATCH", "/a", "200 patch"},
        {"DELETE", "/a", "200 delete"},
        {"OPTIONS", "/a", "200 options"},
        {"PURGE", "/a", "200 purge"},
        {"GET", "/admin/items/7", "200 item 7"},
        {"DELETE", "/items/7", "204 "},
        {"PUT", "/items/7", "405 DELETE, GET, HEAD, OPTIONS"},
        {"GET", "/files/a.txt", "200 file"},
        {"GET", "/b", "404"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(RouteTableTest, ListsOfRoutes) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_routes({{"GET", "/", say("index")}, {"post", "/users", say("create"), "users"}});
    app.add_routes({{"GET", "/one", say("one")}});
    EXPECT_EQ(app.url_for("users"), "/users");
    static constexpr Exchange kExchanges[] = {
        {"GET", "/", "200 index"}, {"POST", "/users", "200 create"}, {"GET", "/one", "200 one"}};
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(RouteTableTest, AreCheckedWhenTheyAreAdded) {
  http::RouteTableDef routes;
  routes.get("/a", say("")).get("/{", say("")).get("/b", say(""));
  Application app;
  EXPECT_THROW(app.add_routes(routes), ValueError);
  EXPECT_THROW(app.add_get("/a", say("")), ValueError) << "those before it are there";
  app.add_get("/b", say(""));  // those behind it are not
  routes = http::RouteTableDef();
  routes.static_files("/files", "/nonexistent");
  try {
    app.add_routes(routes);
    ADD_FAILURE() << "no directory";
  } catch (const OSError& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
  }
}

}  // namespace
}  // namespace corolla_tests
