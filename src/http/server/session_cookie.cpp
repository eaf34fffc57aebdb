// SPDX-License-Identifier: Apache-2.0
#include "http/server/session_cookie.hpp"

#include <corolla/runtime/error.hpp>

#include "http/server/cookie_fields.hpp"

namespace corolla::inline v0::http {

namespace {

CookieAttributes attributes_of(const SessionCookie& cookie, bool secure) {
  CookieAttributes attributes;
  attributes.path = cookie.path;
  attributes.domain = cookie.domain;
  attributes.secure = secure;
  attributes.http_only = cookie.http_only;
  attributes.same_site = cookie.same_site;
  return attributes;
}

}  // namespace

// Where https decides, a prefix promises too much, and SameSite=None does not: over http that cookie is lost, as it has to be.
void require_session_cookie(const SessionCookie& cookie) {
  const bool promised = cookie.name.starts_with("__");
  require_cookie_name(cookie.name, attributes_of(cookie, cookie.secure.value_or(!promised)));
  if (cookie.max_age && cookie.max_age->count() <= 0)
    throw ValueError("the cookie \"" + cookie.name + "\" of sessions has an age that is not positive");
}

std::vector<std::string> session_cookie_values(const Headers& headers, std::string_view name) {
  std::vector<std::string> values;
  CookiePairs pairs(headers);
  while (const auto pair = pairs.next()) {
    if (pair->first != name) continue;
    values.emplace_back(pair->second);
    if (values.size() == kMostSessionCookies) break;
  }
  return values;
}

std::string set_session_cookie(const SessionCookie& cookie, std::string_view value,
                               std::optional<std::chrono::seconds> max_age, bool https) {
  require_cookie_value(cookie.name, value);
  CookieAttributes attributes = attributes_of(cookie, cookie.secure.value_or(https));
  attributes.max_age = max_age;
  return set_cookie_field(cookie.name, value, attributes);
}

}  // namespace corolla::inline v0::http
