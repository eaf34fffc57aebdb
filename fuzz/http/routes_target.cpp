// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/require.hpp"
#include "http/server/router.hpp"

namespace corolla::inline v0::http {

namespace {

using corolla_fuzz::require;
using Values = std::vector<std::string>;

constexpr std::size_t kMostPatterns = 6;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::unique_ptr<Route> route_of(std::string_view pattern) {
  static const RequestHandler nobody = [](ServerRequest&) -> Coro<ServerResponse> { co_return ServerResponse(200); };
  return std::make_unique<Route>("GET", pattern, nobody, "");
}

/// The parameters of `encoded` in a router; nothing when no route takes it.
std::optional<Values> look_up(const Router& router, std::string_view encoded, const Route** found = nullptr) {
  RequestPath path;
  if (!path.assign(encoded)) return std::nullopt;
  RouteMatch match;
  router.resolve("GET", path, 0, match);
  if (match.route == nullptr) return std::nullopt;
  require(match.values.size() == match.route->pattern.names().size(), "each parameter has a value");
  if (found != nullptr) *found = match.route;
  return Values(match.values.begin(), match.values.end());
}

std::optional<std::string> build(const PathPattern& pattern, const Values& values) {
  std::vector<std::pair<std::string_view, std::string_view>> named;
  for (std::size_t i = 0; i < values.size(); ++i) named.emplace_back(pattern.names()[i], values[i]);
  try {
    return pattern.build(named);
  } catch (const ValueError&) {
    return std::nullopt;
  }
}

// What a URL made from values says is read back from it. Where a segment holds several parameters, it can be divided
// among them in more than one way.
void check_url(const Router& alone, const PathPattern& pattern, const Values& values, bool must_be_built) {
  const auto url = build(pattern, values);
  require(url || !must_be_built, "what was matched can be built again");
  if (!url) return;
  for (const char c : *url) require(c > 0x20 && c < 0x7F && c != '?' && c != '#', "a path needs no further encoding");
  const auto again = look_up(alone, *url);
  require(again.has_value(), "a pattern matches what was made from it");
  const auto& segments = pattern.segments();
  if (std::all_of(segments.begin(), segments.end(), [](const auto& s) { return s.pieces.size() <= 1; }))
    require(*again == values, "its parameters are the same");
}

}  // namespace

// The last line is a path, and those before it are patterns.
void fuzz_routes(std::string_view bytes) {
  std::vector<std::string_view> lines = split(bytes, '\n');
  const std::string_view path = lines.back();
  lines.pop_back();
  if (lines.size() > kMostPatterns) lines.resize(kMostPatterns);

  Router all;
  std::vector<std::pair<std::string, Values>> matches;
  for (const std::string_view line : lines) {
    std::unique_ptr<Route> route;
    try {
      route = route_of(line);
    } catch (const ValueError&) {
      continue;
    }
    Router alone;
    alone.add(route_of(line));
    const PathPattern& pattern = route->pattern;
    const auto& segments = pattern.segments();
    if (const auto values = look_up(alone, path)) {
      const bool plain = std::none_of(segments.begin(), segments.end(),
                                      [](const auto& s) { return s.kind == SegmentKind::kExpression; });
      check_url(alone, pattern, *values, plain);
      matches.emplace_back(line, *values);
    }
    const std::vector<std::string_view> words = split(path, '/');
    Values values;
    for (std::size_t i = 0; i < pattern.names().size(); ++i) values.emplace_back(words[i % words.size()]);
    check_url(alone, pattern, values, false);
    try {
      all.add(std::move(route));
    } catch (const ValueError&) {  // one like it is there
    }
  }

  const Route* found = nullptr;
  const auto values = look_up(all, path, &found);
  require(values.has_value() == !matches.empty(), "among others a route is found as it is alone");
  if (values)
    require(std::find(matches.begin(), matches.end(), std::pair(found->pattern.text(), *values)) != matches.end(),
            "and with the same parameters");
}

}  // namespace corolla::inline v0::http
