// SPDX-License-Identifier: Apache-2.0
#include "http/server/session_cookie.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

// RFC 6265bis, section 4.1.1: cookie-octets.
bool is_octet(char c) { return c > ' ' && c < '\x7f' && c != '"' && c != ',' && c != ';' && c != '\\'; }

bool is_attribute(std::string_view text) {
  return text.size() <= kMaxCookieAttributeSize &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f' && c != ';'; });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool has_prefix(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && iequals(name.substr(0, prefix.size()), prefix);
}

[[noreturn]] void refuse(const SessionCookie& cookie, const char* why) {
  throw ValueError("the cookie \"" + cookie.name + "\" of sessions " + why);
}

}  // namespace

void require_session_cookie(const SessionCookie& cookie) {
  if (!is_token(cookie.name)) refuse(cookie, "has no valid name");
  if (!cookie.path.starts_with('/') || !is_attribute(cookie.path)) refuse(cookie, "has no valid path");
  const bool spaces = cookie.domain.find_first_of(" ,") != std::string::npos;
  if (spaces || !is_attribute(cookie.domain)) refuse(cookie, "has no valid domain");
  const bool for_host = has_prefix(cookie.name, "__Host-");
  if ((for_host || has_prefix(cookie.name, "__Secure-")) && cookie.secure != true)
    refuse(cookie, "has to be secure: its name says so");
  if (for_host && (cookie.path != "/" || !cookie.domain.empty()))
    refuse(cookie, "has to have the path \"/\" and no domain: its name says so");
  if (cookie.same_site == Cookie::SameSite::kNone && cookie.secure == false)
    refuse(cookie, "has to be secure: SameSite=None is refused without that");
  if (cookie.max_age && cookie.max_age->count() <= 0) refuse(cookie, "has an age that is not positive");
}

std::vector<std::string> session_cookie_values(const Headers& headers, std::string_view name) {
  std::vector<std::string> values;
  for (std::string_view rest : headers.get_all("Cookie")) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (pair.size() <= name.size() || pair[name.size()] != '=' || !pair.starts_with(name)) continue;
      values.emplace_back(pair.substr(name.size() + 1));
      if (values.size() == kMostSessionCookies) return values;
    }
  }
  return values;
}

std::string set_session_cookie(const SessionCookie& cookie, std::string_view value,
                               std::optional<std::chrono::seconds> max_age, bool https) {
  if (!std::all_of(value.begin(), value.end(), is_octet)) refuse(cookie, "has no valid value");
  std::string text = cookie.name;
  text.append("=").append(value).append("; Path=").append(cookie.path);
  if (!cookie.domain.empty()) text.append("; Domain=").append(cookie.domain);
  if (max_age) text.append("; Max-Age=").append(std::to_string(max_age->count()));
  if (cookie.secure.value_or(https)) text += "; Secure";
  if (cookie.http_only) text += "; HttpOnly";
  switch (cookie.same_site) {
    case Cookie::SameSite::kNone: text += "; SameSite=None"; break;
    case Cookie::SameSite::kLax: text += "; SameSite=Lax"; break;
    case Cookie::SameSite::kStrict: text += "; SameSite=Strict"; break;
    case Cookie::SameSite::kDefault: break;
  }
  return text;
}

}  // namespace corolla::inline v0::http
