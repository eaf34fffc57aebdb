// SPDX-License-Identifier: Apache-2.0
/// \file
/// Router: from a method and a path to a route, through a tree of segments.
///
/// Each node of the tree stands for a pattern's beginning; its children are literals, found by hashing, then parameters in the
/// order of SegmentKind. Looking up goes down one branch, and back up where that leads nowhere: "/a/{x}/c" is found beside
/// "/a/b/d". Only where several expressions fit the same segment are all of them followed: of what they lead to, the route that was
/// added first is taken, not the one below the expression that was. A node is visited at most once in a look-up, and as a rule only
/// those of the way are, however many routes there are. Where a path fits but not the method, the search goes on, and remembers
/// which methods would have done.
#pragma once

#include <corolla/http/abstract_resource.hpp>
#include <corolla/http/web_server.hpp>

#include "http/server/path_pattern.hpp"
#include "http/server/request_path.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace corolla::inline v0::http {

class ApplicationState;

struct Route {
  Route(std::string_view route_method, std::string_view path, RequestHandler route_handler, std::string_view route_name)
      : method(route_method), pattern(path), handler(std::move(route_handler)), name(route_name) {}
  std::string method;  // "*" for any
  PathPattern pattern;
  RequestHandler handler;
  std::string name;
  std::size_t order = 0;  // among the routes of its router
  /// The pattern with the prefixes of the applications around it; since they are frozen.
  std::string full_pattern;
};

/// A resource that the router does not know, and its pattern as Route's; see resource_table.hpp.
struct CustomResource {
  explicit CustomResource(std::shared_ptr<AbstractResource> added) : resource(std::move(added)) {}
  std::shared_ptr<AbstractResource> resource;
  std::string full_pattern;
};

/// What a look-up found: a route and its parameters, a resource, a sub-application for what is left of the path, or none of them.
struct RouteMatch {
  const Route* route = nullptr;
  ApplicationState* mounted = nullptr;
  std::size_t mounted_at = 0;            // the segment it begins with
  std::vector<std::string_view> values;  // in the order of the pattern's names
  std::size_t tail_at = 0;               // the segment with which the tail begins
  const CustomResource* custom = nullptr;
  ResourceMatch custom_match;
  std::vector<std::string> allowed;  // without a handler: the methods that the path has one for

  /// Null when there is none.
  [[nodiscard]] const RequestHandler* handler() const noexcept {
    if (route != nullptr) return &route->handler;
    return custom != nullptr ? &custom_match.handler : nullptr;
  }
  void clear() noexcept;
};

class Router {
 public:
  Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router();

  /// ValueError for what is malformed, or would never be reached, or takes another's name.
  void add(std::unique_ptr<Route> route);
  /// Everything at and below a path of literals goes to `application`. ValueError.
  void mount(std::string_view prefix, ApplicationState& application);
  /// From the segment `from` of the path on.
  void resolve(std::string_view method, RequestPath& path, std::size_t from, RouteMatch& match) const;
  /// The route of this name, or null.
  [[nodiscard]] const Route* named(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const noexcept { return routes_; }

 private:
  struct Node;
  struct Search;
  /// Null when there is none.
  [[nodiscard]] static Node* child_of(const Node& node, const PatternSegment& segment) noexcept;
  /// The pattern's place, null when nothing was added there. ValueError when it lies in a sub-application.
  [[nodiscard]] Node* find(const PathPattern& pattern) const;
  [[nodiscard]] Node& descend(Node& node, const PatternSegment& segment);

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::unordered_map<std::string_view, const Route*> names_;
};

/// "GET, HEAD, OPTIONS": what Allow says, of the methods that have a route.
[[nodiscard]] std::string allow_field(std::vector<std::string> methods);

}  // namespace corolla::inline v0::http
