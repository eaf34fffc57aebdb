// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cookie.hpp>
#include <corolla/http/headers.hpp>

#include <corolla/net/address.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace corolla::inline v0::http {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return result;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  });
}

// "name=value", of which the name may be missing with its '='.
std::pair<std::string_view, std::string_view> split_pair(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string_view(), trimmed(text)};
  return {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
}

std::string default_path(std::string_view path) {
  const std::size_t last = path.starts_with('/') ? path.rfind('/') : 0;
  return last == 0 ? "/" : std::string(path.substr(0, last));
}

bool is_secure(const Url& url) { return url.scheme() == "https" || url.scheme() == "wss"; }

// The attributes of one field; of each kind the last one counts.
class Attributes {
 public:
  explicit Attributes(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(';'), text.size());
      const std::string_view attribute = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const std::size_t equals = attribute.find('=');
      const std::string_view name = trimmed(attribute.substr(0, std::min(equals, attribute.size())));
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view() : trimmed(attribute.substr(equals + 1));
      if (value.size() <= kMaxCookieAttributeSize) note(name, value);
    }
  }

  /// When the cookie ends: Max-Age goes before Expires, and nothing lives for ever.
  [[nodiscard]] std::optional<Cookie::time_point> expires(Cookie::time_point now) const {
    const Cookie::time_point latest = now + kMaxCookieAge;
    if (max_age_) {
      if (*max_age_ <= 0) return Cookie::time_point::min();
      return *max_age_ >= std::chrono::seconds(kMaxCookieAge).count() ? latest : now + std::chrono::seconds(*max_age_);
    }
    if (expires_) return std::min(*expires_, latest);
    return std::nullopt;
  }

  std::string domain;
  std::string_view path;
  bool has_path = false;
  bool secure = false;
  bool http_only = false;
  Cookie::SameSite same_site = Cookie::SameSite::kDefault;

 private:
  void note(std::string_view name, std::string_view value) {
    if (iequals(name, "Expires")) {
      if (const auto date = parse_cookie_date(value)) expires_ = date;
    } else if (iequals(name, "Max-Age")) {
      note_max_age(value);
    } else if (iequals(name, "Domain")) {
      domain = lower(value.starts_with('.') ? value.substr(1) : value);
    } else if (iequals(name, "Path")) {
      path = value;
      has_path = value.starts_with('/');
    } else if (iequals(name, "Secure")) {
      secure = true;
    } else if (iequals(name, "HttpOnly")) {
      http_only = true;
    } else if (iequals(name, "SameSite")) {
      same_site = iequals(value, "None")     ? Cookie::SameSite::kNone
                  : iequals(value, "Strict") ? Cookie::SameSite::kStrict
                  : iequals(value, "Lax")    ? Cookie::SameSite::kLax
                                             : Cookie::SameSite::kDefault;
    }
  }

  // Digits, with a '-' in front perhaps; more than fit are as many as there are.
  void note_max_age(std::string_view value) {
    const bool negative = value.starts_with('-');
    const std::string_view digits = value.substr(negative ? 1 : 0);
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return;
    std::int64_t seconds = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), seconds).ec != std::errc())
      seconds = std::numeric_limits<std::int64_t>::max();
    max_age_ = negative ? -seconds : seconds;
  }

  std::optional<Cookie::time_point> expires_;
  std::optional<std::int64_t> max_age_;
};

// A name that begins with these promises how the cookie came about.
bool keeps_promise_of_its_name(const Cookie& cookie, const Attributes& attributes) {
  if (cookie.name.empty())
    return !starts_with_ignoring_case(cookie.value, "__Secure-") && !starts_with_ignoring_case(cookie.value, "__Host-");
  if (starts_with_ignoring_case(cookie.name, "__Secure-")) return cookie.secure;
  if (starts_with_ignoring_case(cookie.name, "__Host-"))
    return cookie.secure && cookie.host_only && attributes.has_path && cookie.path == "/";
  return true;
}

}  // namespace

std::string cookie_header(const std::vector<Cookie>& cookies) {
  std::string text;
  for (const Cookie& cookie : cookies) {
    if (!text.empty()) text += "; ";
    if (!cookie.name.empty()) text.append(cookie.name).append("=");
    text += cookie.value;
  }
  return text;
}

bool domain_matches(std::string_view host, std::string_view domain) noexcept {
  if (host == domain) return true;
  if (domain.empty() || !host.ends_with(domain) || host[host.size() - domain.size() - 1] != '.') return false;
  SocketAddress address;
  return !host.starts_with('[') && !SocketAddress::parse_ip(std::string(host), 0, address);
}

bool path_matches(std::string_view path, std::string_view cookie_path) noexcept {
  if (!path.starts_with(cookie_path)) return false;
  return path.size() == cookie_path.size() || cookie_path.ends_with('/') || path[cookie_path.size()] == '/';
}

std::optional<Cookie> parse_set_cookie(std::string_view field, const Url& origin, Cookie::time_point now) {
  if (has_control_character(field)) return std::nullopt;
  const std::size_t end = std::min(field.find(';'), field.size());
  const auto [name, value] = split_pair(field.substr(0, end));
  if (name.size() + value.size() > kMaxCookieSize || (name.empty() && value.empty())) return std::nullopt;
  Attributes attributes(field.substr(std::min(end + 1, field.size())));

  Cookie cookie;
  cookie.name = name;
  cookie.value = value;
  cookie.secure = attributes.secure;
  cookie.http_only = attributes.http_only;
  cookie.same_site = attributes.same_site;
  cookie.path = attributes.has_path ? std::string(attributes.path) : default_path(origin.path());
  cookie.expires = attributes.expires(now);

  const std::string_view host = origin.host();
  if (!attributes.domain.empty() && is_public_suffix(attributes.domain)) {
    if (attributes.domain != host) return std::nullopt;
    attributes.domain.clear();
  }
  cookie.host_only = attributes.domain.empty();
  if (!cookie.host_only && !domain_matches(host, attributes.domain)) return std::nullopt;
  cookie.domain = cookie.host_only ? std::string(host) : std::move(attributes.domain);

  if (cookie.secure && !is_secure(origin)) return std::nullopt;
  if (cookie.same_site == Cookie::SameSite::kNone && !cookie.secure) return std::nullopt;
  if (!keeps_promise_of_its_name(cookie, attributes)) return std::nullopt;
  return cookie;
}

}  // namespace corolla::inline v0::http
