// SPDX-License-Identifier: Apache-2.0
/// \file
/// CookieAttributes: what a server says of a cookie beside its name and value.
///
///     http::CookieAttributes attributes;
///     attributes.max_age = std::chrono::hours(24);
///     attributes.http_only = true;
///     response.set_cookie("theme", "dark", attributes);
///
/// Source: the parameters of aiohttp's set_cookie; RFC 6265bis, section 4.1.
#pragma once

#include <corolla/http/cookie.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace corolla::inline v0::http {

/// See the file's comment.
struct CookieAttributes {
  CookieAttributes() {}
  /// The paths below it carry the cookie, too.
  std::string path = "/";
  /// Hosts below it as well; empty: the host that was asked alone.
  std::string domain;
  /// How long it lives; zero: it goes at once. Nothing: until `expires`, or the browser's end.
  std::optional<std::chrono::seconds> max_age;
  std::optional<Cookie::time_point> expires;
  /// For https alone. "__Secure-" and "__Host-" in front of a name want that, SameSite=None does.
  bool secure = false;
  /// Scripts of the page do not see it.
  bool http_only = false;
  /// Which requests that other sites cause carry it.
  Cookie::SameSite same_site = Cookie::SameSite::kDefault;
};

}  // namespace corolla::inline v0::http
