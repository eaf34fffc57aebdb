// SPDX-License-Identifier: Apache-2.0
#include "http/server/request_context.hpp"

#include <corolla/http/server_response.hpp>
#include <corolla/runtime/error.hpp>

#include "http/server/application_state.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace corolla::inline v0::http {

RequestContext& RequestContext::begin(ServerRequest& request) {
  if (!request.context_) request.context_ = std::make_unique<RequestContext>();
  if (request.context_->application != nullptr) throw RuntimeError("the request is with an application already");
  return *request.context_;
}

RequestContext& RequestContext::of(const ServerRequest& request) {
  if (!request.context_ || request.context_->application == nullptr)
    throw RuntimeError("the request is with no application");
  return *request.context_;
}

void RequestContext::end(ServerRequest& request) noexcept {
  if (!request.context_) return;
  request.context_->application = nullptr;
  request.context_->match.clear();
  request.context_->keyed.clear();
  request.context_->origin = RequestOrigin();
}

const RequestOrigin* RequestContext::origin_of(const ServerRequest& request) noexcept {
  return request.context_ ? &request.context_->origin : nullptr;
}

std::string_view RequestContext::value(std::string_view name) const {
  if (match.route != nullptr) {
    const std::vector<std::string>& names = match.route->pattern.names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return match.values[static_cast<std::size_t>(found - names.begin())];
  }
  for (const auto& [key, value] : match.custom_match.match_info)
    if (key == name) return value;
  throw LookupError("the route has no parameter \"" + std::string(name) + "\"");
}

namespace {

template <class Integer>
Integer integer_of(std::string_view name, std::string_view text, Integer least, Integer most) {
  Integer number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    throw HttpError(404, "\"" + std::string(name) + "\" is not an integer in its range");
  return number;
}

}  // namespace

// -- of ServerRequest -----------------------------------------------------------------------------------------------

std::string_view ServerRequest::match_info(std::string_view name) const {
  return RequestContext::of(*this).value(name);
}

std::int64_t ServerRequest::match_signed(std::string_view name, std::int64_t least, std::int64_t most) const {
  return integer_of(name, match_info(name), least, most);
}

std::uint64_t ServerRequest::match_unsigned(std::string_view name, std::uint64_t most) const {
  return integer_of(name, match_info(name), std::uint64_t{0}, most);
}

std::string_view ServerRequest::route_pattern() const {
  const RouteMatch& match = RequestContext::of(*this).match;
  if (match.custom != nullptr) return match.custom->full_pattern;
  return match.route == nullptr ? std::string_view() : match.route->full_pattern;
}

std::string_view ServerRequest::route_name() const {
  const RouteMatch& match = RequestContext::of(*this).match;
  if (match.custom != nullptr) return match.custom->resource->name();
  return match.route == nullptr ? std::string_view() : match.route->name;
}

Application ServerRequest::app() const {
  return Application(RequestContext::of(*this).application->shared_from_this());
}

KeyedState& ServerRequest::state() const { return RequestContext::of(*this).keyed; }

KeyedState& ServerRequest::config_state(const void* key) const {
  ApplicationState* innermost = RequestContext::of(*this).application;
  for (ApplicationState* application = innermost; application != nullptr; application = application->parent)
    if (application->keyed.contains(key)) return application->keyed;
  return innermost->keyed;
}

}  // namespace corolla::inline v0::http
