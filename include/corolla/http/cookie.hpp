// SPDX-License-Identifier: Apache-2.0
/// \file
/// Cookie: one cookie, as a Set-Cookie field describes it.
///
/// Source: RFC 6265bis (draft 22), section 5. Pure functions, safe from any thread.
#pragma once

#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment. The jar decides which requests carry it.
struct Cookie {
  using time_point = std::chrono::sys_seconds;
  /// SameSite: which requests of a browser carry it. A client has no other site, so it is kept and not acted upon.
  enum class SameSite : std::uint8_t { kDefault, kNone, kLax, kStrict };

  Cookie() {}
  std::string name;
  std::string value;
  /// In lower case, without a leading dot.
  std::string domain;
  std::string path = "/";
  /// Nothing: until the end of the session.
  std::optional<time_point> expires;
  /// For `domain` alone, not the hosts below it.
  bool host_only = true;
  /// For https and wss alone.
  bool secure = false;
  bool http_only = false;
  SameSite same_site = SameSite::kDefault;

  friend bool operator==(const Cookie&, const Cookie&) = default;
};

/// Longer ones (name and value together) are ignored, longer attributes too; and nobody lives beyond the last.
inline constexpr std::size_t kMaxCookieSize = 4096;
inline constexpr std::size_t kMaxCookieAttributeSize = 1024;
inline constexpr std::chrono::days kMaxCookieAge{400};

/// The cookie that the value of a Set-Cookie field from `origin` describes; nothing where a user agent has to ignore it:
/// a control character, another's domain or a public suffix, Secure from plain http, a name whose prefix promises more.
/// `expires` lies in the past when the server removes it.
[[nodiscard]] COROLLA_API std::optional<Cookie> parse_set_cookie(std::string_view field, const Url& origin,
                                                                 Cookie::time_point now);

/// A date as user agents read it in cookies: any order, any separators.
[[nodiscard]] COROLLA_API std::optional<Cookie::time_point> parse_cookie_date(std::string_view text);

/// What a Cookie field says: "a=1; b=2".
[[nodiscard]] COROLLA_API std::string cookie_header(const std::vector<Cookie>& cookies);

/// `host` is `domain` or below it; an address is below nothing.
[[nodiscard]] COROLLA_API bool domain_matches(std::string_view host, std::string_view domain) noexcept;
/// `path` is `cookie_path` or below it.
[[nodiscard]] COROLLA_API bool path_matches(std::string_view path, std::string_view cookie_path) noexcept;
/// Nobody may have cookies for all of it: "com", "co.uk", "github.io". The list is libpsl's.
[[nodiscard]] COROLLA_API bool is_public_suffix(std::string_view domain);

}  // namespace corolla::inline v0::http
