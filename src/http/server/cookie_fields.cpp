// SPDX-License-Identifier: Apache-2.0
#include "http/server/cookie_fields.hpp"

#include <corolla/http/date.hpp>
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

[[noreturn]] void refuse(std::string_view name, const char* why) {
  throw ValueError("the cookie \"" + std::string(name) + "\" " + why);
}

}  // namespace

std::optional<std::pair<std::string_view, std::string_view>> CookiePairs::next() {
  for (;;) {
    while (rest_.empty()) {
      if (field_ == end_) return std::nullopt;
      const auto [name, value] = *field_;
      if (iequals(name, "Cookie")) rest_ = value;
      ++field_;
    }
    const std::size_t end = std::min(rest_.find(';'), rest_.size());
    const std::string_view pair = trim(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && equals > 0)
      return std::pair(trim(pair.substr(0, equals)), trim(pair.substr(equals + 1)));
  }
}

void require_cookie_name(std::string_view name, const CookieAttributes& attributes) {
  if (!is_token(name)) refuse(name, "has no valid name");
  if (!attributes.path.starts_with('/') || !is_attribute(attributes.path)) refuse(name, "has no valid path");
  const bool spaces = attributes.domain.find_first_of(" ,") != std::string::npos;
  if (spaces || !is_attribute(attributes.domain)) refuse(name, "has no valid domain");
  const bool for_host = has_prefix(name, "__Host-");
  if ((for_host || has_prefix(name, "__Secure-")) && !attributes.secure)
    refuse(name, "has to be secure: its name says so");
  if (for_host && (attributes.path != "/" || !attributes.domain.empty()))
    refuse(name, "has to have the path \"/\" and no domain: its name says so");
  if (attributes.same_site == Cookie::SameSite::kNone && !attributes.secure)
    refuse(name, "has to be secure: SameSite=None is refused without that");
}

void require_cookie_value(std::string_view name, std::string_view value) {
  if (!std::all_of(value.begin(), value.end(), is_octet)) refuse(name, "has no valid value");
  if (name.size() + value.size() > kMaxCookieSize) refuse(name, "is too large: browsers ignore it");
}

std::string set_cookie_field(std::string_view name, std::string_view value, const CookieAttributes& attributes) {
  std::string text(name);
  text.append("=").append(value).append("; Path=").append(attributes.path);
  if (!attributes.domain.empty()) text.append("; Domain=").append(attributes.domain);
  if (attributes.max_age) text.append("; Max-Age=").append(std::to_string(attributes.max_age->count()));
  if (attributes.expires) text.append("; Expires=").append(format_http_date(*attributes.expires));
  if (attributes.secure) text += "; Secure";
  if (attributes.http_only) text += "; HttpOnly";
  switch (attributes.same_site) {
    case Cookie::SameSite::kNone: text += "; SameSite=None"; break;
    case Cookie::SameSite::kLax: text += "; SameSite=Lax"; break;
    case Cookie::SameSite::kStrict: text += "; SameSite=Strict"; break;
    case Cookie::SameSite::kDefault: break;
  }
  return text;
}

}  // namespace corolla::inline v0::http
