// SPDX-License-Identifier: Apache-2.0
/// \file
/// Cookies on a server's side of the wire: read from Cookie, written as Set-Cookie. Pure functions.
#pragma once

#include <corolla/http/cookie_attributes.hpp>
#include <corolla/http/headers.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

/// The pairs of a request's Cookie fields, in order; borrowed. What has no name, or no '=', is passed over.
class CookiePairs {
 public:
  explicit CookiePairs(const Headers& headers) noexcept : field_(headers.begin()), end_(headers.end()) {}
  /// The next one; nothing behind the last.
  [[nodiscard]] std::optional<std::pair<std::string_view, std::string_view>> next();

 private:
  Headers::const_iterator field_;
  Headers::const_iterator end_;
  std::string_view rest_;  // of the field before
};

/// ValueError for what is no cookie, or one that browsers would refuse.
void require_cookie_name(std::string_view name, const CookieAttributes& attributes);
void require_cookie_value(std::string_view name, std::string_view value);

/// A Set-Cookie field's value.
[[nodiscard]] std::string set_cookie_field(std::string_view name, std::string_view value,
                                           const CookieAttributes& attributes);

}  // namespace corolla::inline v0::http
