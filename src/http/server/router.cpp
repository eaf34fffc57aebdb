// SPDX-License-Identifier: Apache-2.0
#include "http/server/router.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <iterator>
#include <span>

namespace corolla::inline v0::http {

namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

}  // namespace

struct Router::Node {
  struct Branch {
    Branch(PatternSegment taken, std::unique_ptr<Node> to) : segment(std::move(taken)), node(std::move(to)) {}
    PatternSegment segment;
    std::unique_ptr<Node> node;
  };
  [[nodiscard]] const Route* with_method(std::string_view method) const noexcept {
    for (const Route* route : routes)
      if (route->method == method) return route;
    return nullptr;
  }
  [[nodiscard]] bool empty() const noexcept { return literals.empty() && branches.empty() && routes.empty(); }

  std::unordered_map<std::string, std::unique_ptr<Node>, TextHash, std::equal_to<>> literals;
  std::vector<Branch> branches;  // sorted by kind; within one, in the order of adding
  std::vector<const Route*> routes;
  ApplicationState* mounted = nullptr;
};

void RouteMatch::clear() noexcept {
  route = nullptr;
  mounted = nullptr;
  mounted_at = tail_at = 0;
  values.clear();
  if (custom != nullptr) custom_match = ResourceMatch();
  custom = nullptr;
  allowed.clear();
}

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

// -- adding ---------------------------------------------------------------------------------------------------------

Router::Node* Router::child_of(const Node& node, const PatternSegment& segment) noexcept {
  if (segment.kind == SegmentKind::kLiteral) {
    const auto found = node.literals.find(segment.text);
    return found == node.literals.end() ? nullptr : found->second.get();
  }
  for (const Node::Branch& branch : node.branches)
    if (branch.segment.kind == segment.kind && branch.segment.text == segment.text) return branch.node.get();
  return nullptr;
}

Router::Node* Router::find(const PathPattern& pattern) const {
  Node* node = root_.get();
  for (const PatternSegment& segment : pattern.segments()) {
    node = child_of(*node, segment);
    if (node == nullptr) return nullptr;
    if (node->mounted != nullptr) throw ValueError(pattern.text() + " lies in a sub-application");
  }
  return node;
}

Router::Node& Router::descend(Node& node, const PatternSegment& segment) {
  if (Node* child = child_of(node, segment)) return *child;
  if (segment.kind == SegmentKind::kLiteral)
    return *node.literals.emplace(segment.text, std::make_unique<Node>()).first->second;
  const auto place = std::upper_bound(node.branches.begin(), node.branches.end(), segment.kind,
                                      [](SegmentKind kind, const Node::Branch& b) { return kind < b.segment.kind; });
  return *node.branches.emplace(place, segment, std::make_unique<Node>())->node;
}

void Router::add(std::unique_ptr<Route> route) {
  const std::string& text = route->pattern.text();
  if (!is_token(route->method)) throw ValueError("\"" + route->method + "\" is no method");
  if (!route->handler) throw ValueError(route->method + " " + text + ": the handler is empty");
  if (!route->name.empty()) {
    const Route* namesake = named(route->name);
    if (namesake != nullptr && namesake->pattern.text() != text)
      throw ValueError("the name \"" + route->name + "\" of " + text + " is taken by " + namesake->pattern.text());
  }
  // All that may be wrong is found before anything changes: a route that is refused leaves no trace.
  const Node* place = find(route->pattern);
  const Route* other = place == nullptr ? nullptr : place->with_method(route->method);
  if (other != nullptr) throw ValueError(route->method + " " + text + " is taken by " + other->pattern.text());
  Node* node = root_.get();
  for (const PatternSegment& segment : route->pattern.segments()) node = &descend(*node, segment);
  routes_.reserve(routes_.size() + 1);
  route->order = routes_.size();
  node->routes.push_back(route.get());
  if (!route->name.empty()) names_.emplace(route->name, route.get());
  routes_.push_back(std::move(route));
}

void Router::mount(std::string_view prefix, ApplicationState& application) {
  const PathPattern pattern(prefix);
  for (const PatternSegment& segment : pattern.segments())
    if (segment.kind != SegmentKind::kLiteral || segment.text.empty())
      throw ValueError("the prefix \"" + pattern.text() + "\" has a parameter, or a segment without a text");
  const Node* place = find(pattern);
  if (place != nullptr && !place->empty())
    throw ValueError("there are routes at or below \"" + pattern.text() + "\" already");
  Node* node = root_.get();
  for (const PatternSegment& segment : pattern.segments()) node = &descend(*node, segment);
  node->mounted = &application;
}

const Route* Router::named(std::string_view name) const noexcept {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

// -- looking up -----------------------------------------------------------------------------------------------------

struct Router::Search {
  std::string_view method;
  RequestPath& path;
  RouteMatch& match;

  /// True when the search is over.
  bool visit(const Node& node, std::size_t index) {
    if (node.mounted != nullptr) {
      match.mounted = node.mounted;
      match.mounted_at = index;
      return true;
    }
    if (index == path.size()) return choose(node);
    const std::string_view segment = path[index];
    const auto literal = node.literals.find(segment);
    if (literal != node.literals.end() && visit(*literal->second, index + 1)) return true;
    const std::size_t values = match.values.size();
    for (auto at = node.branches.begin(); at != node.branches.end(); ++at) {
      const Node::Branch& branch = *at;
      if (branch.segment.kind == SegmentKind::kExpression) {
        const auto end = std::find_if(at, node.branches.end(), [](const Node::Branch& other) {
          return other.segment.kind != SegmentKind::kExpression;
        });
        if (visit_expressions(std::span(at, end), segment, index + 1)) return true;
        at = std::prev(end);
      } else if (branch.segment.kind == SegmentKind::kTail) {
        match.values.push_back(path.tail(index));
        match.tail_at = index;
        if (choose(*branch.node)) return true;
      } else if (branch.segment.match(segment, match.values) && visit(*branch.node, index + 1)) {
        return true;
      }
      match.values.resize(values);
    }
    return false;
  }

  // Of the routes that the expressions lead to, the one that was added first.
  bool visit_expressions(std::span<const Node::Branch> expressions, std::string_view segment, std::size_t next) {
    const std::size_t values = match.values.size();
    const Route* first = nullptr;
    std::vector<std::string_view> values_of_first;
    std::size_t tail_of_first = 0;
    for (const Node::Branch& branch : expressions) {
      if (branch.segment.match(segment, match.values) && visit(*branch.node, next) &&
          (first == nullptr || match.route->order < first->order)) {
        first = match.route;
        tail_of_first = match.tail_at;
        if (expressions.size() == 1) return true;
        values_of_first = match.values;
      }
      match.values.resize(values);
    }
    match.route = first;
    if (first == nullptr) return false;
    match.tail_at = tail_of_first;
    match.values = std::move(values_of_first);
    return true;
  }

  bool choose(const Node& node) {
    match.route = node.with_method(method);
    if (match.route == nullptr && method == "HEAD") match.route = node.with_method("GET");
    if (match.route == nullptr) match.route = node.with_method("*");
    if (match.route != nullptr) return true;
    for (const Route* route : node.routes) match.allowed.push_back(route->method);
    return false;
  }
};

void Router::resolve(std::string_view method, RequestPath& path, std::size_t from, RouteMatch& match) const {
  Search search{method, path, match};
  search.visit(*root_, from);
}

std::string allow_field(std::vector<std::string> methods) {
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) methods.emplace_back("HEAD");
  methods.emplace_back("OPTIONS");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string field;
  for (const std::string& method : methods) field.append(field.empty() ? "" : ", ").append(method);
  return field;
}

}  // namespace corolla::inline v0::http
