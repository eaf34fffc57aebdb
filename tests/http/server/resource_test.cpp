// SPDX-License-Identifier: Apache-2.0
// Resources that decide by themselves which requests are theirs. Both backends.
#include "tests/http/server/application_test.hpp"

#include <memory>

namespace corolla_tests {
namespace {

using ResourceTest = ApplicationTest;

/// Takes the paths that end in ".ext", for one method, and tells what is before that.
class Extension : public http::AbstractResource {
 public:
  Extension(std::string method, std::string extension, std::string name = {})
      : AbstractResource(std::move(name)), method_(std::move(method)), extension_("." + std::move(extension)) {}

  http::ResourceMatch resolve(const ServerRequest& request, std::string_view path) override {
    if (path == "/broken") throw http::HttpError(503);
    if (!path.ends_with(extension_)) return {};
    if (request.method() != method_) return http::ResourceMatch::not_allowed({method_});
    path.remove_suffix(extension_.size());
    return http::ResourceMatch(answer, {{"stem", std::string(path)}, {"size", std::to_string(path.size())}});
  }
  [[nodiscard]] std::string url_for(std::span<const http::UrlParameter> parameters) const override {
    if (parameters.size() != 1) throw ValueError("a stem is needed");
    return "/" + std::string(parameters.front().second) + extension_;
  }
  [[nodiscard]] std::string canonical() const override { return "/*" + extension_; }

 private:
  static Coro<ServerResponse> answer(ServerRequest& request) {
    EXPECT_THROW(static_cast<void>(request.match_info("other")), LookupError);
    co_return ServerResponse(200, std::string(request.match_info("stem")) + " " +
                                      std::to_string(request.match<int>("size")) + " " +
                                      std::string(request.route_pattern()) + " " + std::string(request.route_name()));
  }
  std::string method_;
  std::string extension_;
};

TEST_F(ResourceTest, AreAskedInTheirOrderForWhatHasNoRoute) {
  run_test([]() -> Coro<void> {
    Application inner;
    inner.add_resource(std::make_shared<Extension>("GET", "md", "text"));
    Application app;
    app.add_resource(std::make_shared<Extension>("GET", "a.txt", "narrow"));
    app.add_resource(std::make_shared<Extension>("GET", "txt", "wide"));
    app.add_resource(std::make_shared<Extension>("POST", "txt"));
    app.add_get("/route.txt", say("route"));
    app.add_put("/other.txt", say("put"));
    app.add_subapp("/in", inner);
    static constexpr Exchange kExchanges[] = {
        {"GET", "/route.txt", "200 route"},
        {"GET", "/b/a.txt", "200 /b/a 4 /*.txt wide"},
        {"GET", "/b.a.txt", "200 /b 2 /*.a.txt narrow"},
        {"GET", "/other.txt", "200 /other 6 /*.txt wide"},  // the route has another method
        {"PUT", "/other.txt", "200 put"},
        {"POST", "/b.a.txt", "200 /b.a 4 /*.txt "},
        {"DELETE", "/other.txt", "405 GET, HEAD, OPTIONS, POST, PUT"},
        {"OPTIONS", "/b.txt", "204  GET, HEAD, OPTIONS, POST"},
        {"GET", "/b.md", "404"},
        {"GET", "/b/../c.txt", "404"},
        {"GET", "/in/b%20c.md", "200 /b%20c 6 /in/*.md text"},  // below the prefix, and encoded
        {"POST", "/in/b.md", "405 GET, HEAD, OPTIONS"},
        {"GET", "/in/b.txt", "404"},  // the prefix is the inner application's
        {"GET", "/in", "404"},
        {"GET", "/broken", "503"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(ResourceTest, AreAmongWhatNormalizePathTries) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_middleware(http::normalize_path({.append_slash = false, .remove_slash = true}));
    app.add_resource(std::make_shared<Extension>("GET", "txt"));
    static constexpr Exchange kExchanges[] = {
        {"GET", "//b.txt/?c", "308 /b.txt?c"}, {"GET", "/b.txt", "200 /b 2 /*.txt "}, {"GET", "/b/", "404"}};
    co_await expect_answers(app, kExchanges);
  });
}

TEST_F(ResourceTest, HaveNamesAmongThoseOfTheRoutes) {
  class Silent : public http::AbstractResource {
   public:
    using AbstractResource::AbstractResource;
    http::ResourceMatch resolve(const ServerRequest&, std::string_view) override { return {}; }
  };
  Application inner;
  inner.add_resource(std::make_shared<Extension>("GET", "txt", "text"));
  Application app;
  app.add_get("/a", say(""), "a").add_subapp("/in", inner);
  app.add_resource(std::make_shared<Silent>("silent")).add_resource(std::make_shared<Silent>());
  app.add_resource(std::make_shared<Silent>());  // any number without a name
  EXPECT_EQ(inner.url_for("text", {{"stem", "b"}}), "/in/b.txt");
  EXPECT_THROW(static_cast<void>(inner.url_for("text")), ValueError);
  EXPECT_THROW(static_cast<void>(app.url_for("silent")), LookupError);
  EXPECT_THROW(static_cast<void>(app.url_for("")), LookupError);
  EXPECT_THROW(app.add_resource(std::make_shared<Silent>("a")), ValueError);
  EXPECT_THROW(app.add_resource(std::make_shared<Silent>("silent")), ValueError);
  EXPECT_THROW(app.add_get("/b", say(""), "silent"), ValueError);
  EXPECT_THROW(app.add_resource(nullptr), ValueError);
  EXPECT_THROW(inner.add_resource(std::make_shared<Silent>()), RuntimeError);
}

}  // namespace
}  // namespace corolla_tests
