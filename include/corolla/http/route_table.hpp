// SPDX-License-Identifier: Apache-2.0
/// \file
/// RouteTableDef: routes that are written down apart from the application that gets them.
///
///     const http::RouteTableDef& users() {
///       static const auto routes = http::RouteTableDef()
///           .get("/users/{id:int}", show, "user")
///           .post("/users", create)
///           .static_files("/avatars", "/srv/avatars");
///       return routes;
///     }
///     app.add_routes(users());
///     app.add_routes({{"GET", "/", index}, {"POST", "/login", login, "login"}});
///
/// Source: aiohttp's web.RouteTableDef, RouteDef and StaticDef. Nothing is checked before Application::add_routes. A table may be added to
/// several applications. Not thread safe while it is filled.
#pragma once

#include <corolla/http/static_files.hpp>
#include <corolla/http/web_server.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace corolla::inline v0::http {

/// What Application::add_route is told: aiohttp's web.route.
struct RouteDef {
  RouteDef(std::string_view route_method, std::string_view route_path, RequestHandler route_handler,
           std::string_view route_name = {})
      : method(route_method), path(route_path), handler(std::move(route_handler)), name(route_name) {}
  std::string method;
  std::string path;
  RequestHandler handler;
  std::string name;
};

/// What Application::add_static is told: aiohttp's web.static.
struct StaticDef {
  StaticDef(std::string_view files_prefix, std::string files_directory, StaticFilesOptions files_options,
            std::string_view files_name)
      : prefix(files_prefix),
        directory(std::move(files_directory)),
        options(std::move(files_options)),
        name(files_name) {}
  std::string prefix;
  std::string directory;
  StaticFilesOptions options;
  std::string name;
};

/// See the file's comment.
class RouteTableDef {
 public:
  using Entry = std::variant<RouteDef, StaticDef>;

  RouteTableDef() = default;
  RouteTableDef(std::initializer_list<RouteDef> routes) : entries_(routes.begin(), routes.end()) {}

  /// As Application::add_route, and so are those below.
  RouteTableDef& route(std::string_view method, std::string_view path, RequestHandler handler,
                       std::string_view name = {}) {
    entries_.emplace_back(RouteDef(method, path, std::move(handler), name));
    return *this;
  }
  RouteTableDef& get(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return route("GET", path, std::move(handler), name);
  }
  RouteTableDef& head(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return route("HEAD", path, std::move(handler), name);
  }
  RouteTableDef& post(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return route("POST", path, std::move(handler), name);
  }
  RouteTableDef& put(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return route("PUT", path, std::move(handler), name);
  }
  RouteTableDef& patch(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return route("PATCH", path, std::move(handler), name);
  }
  RouteTableDef& delete_(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return route("DELETE", path, std::move(handler), name);
  }
  RouteTableDef& options(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return route("OPTIONS", path, std::move(handler), name);
  }
  /// A route for each method of a class; view.hpp is for the caller to include.
  template <class V>
  RouteTableDef& view(std::string_view path, std::string_view name = {});
  /// As Application::add_static: the directory is opened by add_routes.
  RouteTableDef& static_files(std::string_view prefix, std::string directory,
                              StaticFilesOptions options = StaticFilesOptions(), std::string_view name = {}) {
    entries_.emplace_back(StaticDef(prefix, std::move(directory), std::move(options), name));
    return *this;
  }

  /// In the order of adding.
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace corolla::inline v0::http
