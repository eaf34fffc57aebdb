// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <corolla/http/cookie_jar.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "fuzz/require.hpp"
#include "http/base64.hpp"
#include "http/server/session_cookie.hpp"

namespace corolla::inline v0::http {

namespace {

using corolla_fuzz::require;

const Cookie::time_point kNow{std::chrono::seconds(1'800'000'000)};
Cookie::time_point now() { return kNow; }

const std::array<Url, 6>& origins() {
  static const std::array<Url, 6> urls = {Url::parse("https://www.example.com/a/b/c"),
                                          Url::parse("http://www.example.com/"),
                                          Url::parse("http://localhost/x/"),
                                          Url::parse("https://127.0.0.1/a"),
                                          Url::parse("http://[::1]:8080/"),
                                          Url::parse("https://github.io/")};
  return urls;
}

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 ? c != 0x7F : c == '\t'; }

// The same line as a client sends it to a server that has sessions.
void read_session_cookies(std::string_view line) {
  if (!std::all_of(line.begin(), line.end(), is_plain)) return;
  Headers headers;
  headers.add("Cookie", line);
  const auto values = session_cookie_values(headers, "a");
  require(values.size() <= kMostSessionCookies, "a few are looked at");
  for (const std::string& value : values) {
    require(line.find(value) != std::string_view::npos, "a value was sent");
    require(value.find(';') == std::string::npos, "a value ends with its pair");
    const auto bytes = base64url_decode(value);
    require(!bytes || base64url_encode(*bytes) == value, "bytes have one spelling");
  }
}

}  // namespace

// The first byte chooses who sends the Set-Cookie fields, one a line.
void fuzz_cookie(std::string_view bytes) {
  if (bytes.empty()) return;
  const Url& origin = origins()[static_cast<unsigned char>(bytes.front()) % origins().size()];
  bytes.remove_prefix(1);
  static_cast<void>(parse_cookie_date(bytes));
  CookieJar jar(now);
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const auto cookie = parse_set_cookie(bytes.substr(0, end), origin, kNow);
    read_session_cookies(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (!cookie) continue;
    require(cookie->name.size() + cookie->value.size() <= kMaxCookieSize, "a cookie is not too large");
    require(cookie->path.starts_with('/'), "a path begins with a slash");
    require(domain_matches(origin.host(), cookie->domain), "the domain is the sender's or above it");
    require(cookie->host_only == (cookie->domain == origin.host()) || !cookie->host_only,
            "a host's cookie is the host's");
    require(cookie->host_only || !is_public_suffix(cookie->domain), "nobody has a cookie for a public suffix");
    require(!cookie->expires || *cookie->expires <= kNow + kMaxCookieAge, "nothing lives for ever");
    const bool live = !cookie->expires || *cookie->expires > kNow;
    require(jar.set(*cookie, origin) == live || !cookie->secure, "what is live and secure is taken");
  }
  const std::string header = jar.header(origin);
  require(std::all_of(header.begin(), header.end(), is_plain), "a field of cookies stays one line");
  for (const Cookie& cookie : jar.filter(origin)) {
    require(path_matches(origin.path(), cookie.path), "paths match");
    require(!cookie.secure || origin.scheme() == "https", "secure ones need TLS");
  }
  require(jar.filter(Url::parse("https://elsewhere.test/")).empty(), "nobody else gets any");
}

}  // namespace corolla::inline v0::http
