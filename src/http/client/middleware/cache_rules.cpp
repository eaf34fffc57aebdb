// SPDX-License-Identifier: Apache-2.0
#include "http/client/middleware/cache_rules.hpp"

#include <corolla/http/date.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace corolla::inline v0::http {

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::int64_t kLongest = std::int64_t{1} << 31U;  // section 1.2.2

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(" \t") + 1));
  return text;
}

std::optional<seconds> parse_seconds(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, value);
  if (text.empty() || number.ptr != end || number.ec == std::errc::invalid_argument) return std::nullopt;
  if (number.ec == std::errc::result_out_of_range) return seconds(kLongest);
  return seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(value, kLongest)));
}

// Calls f(name, value) for each directive; values without their quotes. Commas within quotes part nothing.
template <class F>
void each_directive(const Headers& headers, std::string_view field_name, F f) {
  for (std::string_view rest : headers.get_all(field_name)) {
    while (!rest.empty()) {
      bool quoted = false;
      std::size_t end = 0;
      for (; end < rest.size() && (quoted || rest[end] != ','); ++end) {
        if (rest[end] == '"') quoted = !quoted;
        else if (quoted && rest[end] == '\\' && end + 1 < rest.size()) ++end;
      }
      const std::string_view directive = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t equals = std::min(directive.find('='), directive.size());
      std::string_view value = equals < directive.size() ? trimmed(directive.substr(equals + 1)) : "";
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      f(trimmed(directive.substr(0, equals)), value);
    }
  }
}

bool is_understood(int status) {
  static constexpr std::array<int, 30> kKnown{200, 203, 204, 300, 301, 302, 303, 307, 308, 400,
                                              401, 402, 403, 404, 405, 406, 408, 409, 410, 411,
                                              412, 413, 414, 415, 416, 417, 500, 501, 502, 503};
  return std::find(kKnown.begin(), kKnown.end(), status) != kKnown.end();
}

// RFC 9110, section 15.1; 206 apart.
bool is_heuristic(int status) {
  static constexpr std::array<int, 11> kKnown{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
  return std::find(kKnown.begin(), kKnown.end(), status) != kKnown.end();
}

std::optional<seconds> heuristic(const Headers& headers, sys_seconds date, seconds most) {
  const auto modified = parse_http_date(headers.get("Last-Modified", ""));
  if (most <= seconds(0) || !modified || *modified >= date) return std::nullopt;
  return std::min<seconds>((date - *modified) / 10, most);
}

bool is_of_connection(std::string_view name) {
  for (const char* known :
       {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authentication-Info",
        "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade"})
    if (iequals(name, known)) return true;
  return false;
}

}  // namespace

CacheControl::CacheControl(const Headers& headers) {
  each_directive(headers, "Cache-Control", [this](std::string_view name, std::string_view value) {
    const auto is = [name](const char* known) { return iequals(name, known); };
    const auto set = [value](std::optional<seconds>& time) {
      if (!time) time = parse_seconds(value).value_or(seconds(0));
    };
    if (is("no-store")) no_store = true;
    else if (is("no-cache")) no_cache = true;
    else if (is("must-revalidate")) must_revalidate = true;
    else if (is("must-understand")) must_understand = true;
    else if (is("public")) is_public = true;
    else if (is("only-if-cached")) only_if_cached = true;
    else if (is("max-age")) set(max_age);
    else if (is("min-fresh")) set(min_fresh);
    else if (is("max-stale") && value.empty()) any_stale = true;
    else if (is("max-stale")) set(max_stale);
    else if (is("stale-if-error")) set(stale_if_error);
    else if (is("stale-while-revalidate")) set(stale_while_revalidate);
  });
}

CacheControl request_cache_control(const Headers& headers) {
  CacheControl control(headers);
  if (!headers.contains("Cache-Control") && headers.has_token("Pragma", "no-cache")) control.no_cache = true;
  return control;
}

bool may_store(int status, const Headers& response) {
  const CacheControl control(response);
  if (status < 200 || status == 206 || status == 304) return false;
  if (control.must_understand ? !is_understood(status) : control.no_store) return false;
  for (const std::string_view field : response.get_all("Vary"))
    if (field.find('*') != std::string_view::npos) return false;
  if (control.max_age || response.contains("Expires") || control.is_public) return true;
  // Without a time of its own it is of use only if it can be confirmed.
  return is_heuristic(status) && (response.contains("ETag") || response.contains("Last-Modified"));
}

seconds freshness_lifetime(const CachedResponse& response, seconds max_heuristic) {
  const CacheControl control(response.headers);
  if (control.max_age) return *control.max_age;
  const sys_seconds date =
      parse_http_date(response.headers.get("Date", ""), response.received).value_or(response.received);
  if (const auto expires = response.headers.get("Expires")) {
    // What is no date, "0" above all, has passed.
    const auto time = parse_http_date(*expires, response.received);
    return time ? std::max<seconds>(*time - date, seconds(0)) : seconds(0);
  }
  if (!is_heuristic(response.status) && !control.is_public) return seconds(0);
  return heuristic(response.headers, date, max_heuristic).value_or(seconds(0));
}

seconds current_age(const CachedResponse& response, sys_seconds now) {
  const sys_seconds date =
      parse_http_date(response.headers.get("Date", ""), response.received).value_or(response.received);
  const seconds apparent = std::max<seconds>(response.received - date, seconds(0));
  const seconds told = parse_seconds(trimmed(response.headers.get("Age", "0"))).value_or(seconds(0));
  const seconds delay = std::max<seconds>(response.received - response.requested, seconds(0));
  return std::max(apparent, told + delay) + std::max<seconds>(now - response.received, seconds(0));
}

std::optional<Headers> selecting_fields(const Headers& response, const Headers& request) {
  Headers selected;
  bool any = false;
  const auto select = [&](std::string_view name) {
    if (selected.contains(name)) return;
    for (const std::string_view value : request.get_all(name)) selected.add(name, value);
  };
  select("Authorization");
  each_directive(response, "Vary", [&](std::string_view name, std::string_view) {
    if (name == "*") any = true;
    else if (is_token(name)) select(name);
  });
  if (any) return std::nullopt;
  return selected;
}

bool selects(const CachedResponse& response, const Headers& request) {
  const auto fields = selecting_fields(response.headers, request);
  return fields && *fields == response.request_fields;
}

Headers storable_fields(const Headers& response) {
  Headers kept;
  for (const auto& [name, value] : response)
    if (!is_of_connection(name) && !response.has_token("Connection", name)) kept.add(name, value);
  return kept;
}

bool head_confirms(const Headers& kept, const Headers& head) {
  for (const char* name : {"ETag", "Last-Modified", "Content-Length"})
    if (head.contains(name) && head.get(name) != kept.get(name)) return false;
  return true;
}

void update_fields(Headers& kept, const Headers& fresh) {
  const Headers fields = storable_fields(fresh);
  // What describes the body as it is kept stays.
  const auto stays = [](std::string_view name) {
    return iequals(name, "Content-Length") || iequals(name, "Content-Encoding") || iequals(name, "Content-Range") ||
           iequals(name, "Content-Type");
  };
  for (const auto& [name, value] : fields)
    if (!stays(name)) kept.remove(name);
  for (const auto& [name, value] : fields)
    if (!stays(name)) kept.add(name, value);
}

}  // namespace corolla::inline v0::http
