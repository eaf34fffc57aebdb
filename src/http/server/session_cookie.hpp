// SPDX-License-Identifier: Apache-2.0
/// \file
/// The cookie of sessions on the wire: read from Cookie, written as Set-Cookie. Pure functions.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/session_storage.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// ValueError for a cookie that browsers would refuse or that is none.
void require_session_cookie(const SessionCookie& cookie);

/// The values of the cookies of this name that a client sent, in order: browsers send one for each path and domain that has one. Those
/// beyond the first few are not looked at, so that nobody makes a storage look up hundreds.
inline constexpr std::size_t kMostSessionCookies = 4;
[[nodiscard]] std::vector<std::string> session_cookie_values(const Headers& headers, std::string_view name);

/// A Set-Cookie field's value; Max-Age=0 removes the cookie. ValueError when `value` holds what ends one.
[[nodiscard]] std::string set_session_cookie(const SessionCookie& cookie, std::string_view value,
                                             std::optional<std::chrono::seconds> max_age, bool https);

}  // namespace corolla::inline v0::http
