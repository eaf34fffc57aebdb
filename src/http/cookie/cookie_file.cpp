// SPDX-License-Identifier: Apache-2.0
//
// Netscape's cookies.txt: a cookie a line, seven fields with tabs between: domain, whether the hosts below it have it too,
// path, whether it is secure, its end in seconds since 1970 (0: the session's), name, value. A line that begins with
// #HttpOnly_ is one that scripts do not see; other lines that begin with # are comments.
#include <corolla/http/cookie_jar.hpp>
#include <corolla/runtime/error.hpp>

#include "http/lines_of_file.hpp"
#include "http/replacement_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace corolla::inline v0::http {

namespace {

constexpr std::string_view kHttpOnly = "#HttpOnly_";

std::string line_of(const Cookie& cookie) {
  std::string line;
  if (cookie.http_only) line += kHttpOnly;
  if (!cookie.host_only) line += '.';
  line += cookie.domain;
  line += cookie.host_only ? "\tFALSE\t" : "\tTRUE\t";
  line += cookie.path;
  line += cookie.secure ? "\tTRUE\t" : "\tFALSE\t";
  line += std::to_string(cookie.expires ? cookie.expires->time_since_epoch().count() : 0);
  line.append("\t").append(cookie.name).append("\t").append(cookie.value).append("\n");
  return line;
}

// True when there were seven fields and they make sense.
bool read_line(std::string_view line, Cookie& cookie) {
  std::array<std::string_view, 7> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t tab = i + 1 < fields.size() ? line.find('\t') : line.size();
    if (tab == std::string_view::npos) {
      // Some leave the last tab out when there is no value.
      if (i + 2 < fields.size()) return false;
      fields[i] = line;
      break;
    }
    fields[i] = line.substr(0, tab);
    line.remove_prefix(std::min(tab + 1, line.size()));
  }
  const auto is_flag = [](std::string_view text) { return text == "TRUE" || text == "FALSE"; };
  std::int64_t seconds = 0;
  const char* const end = fields[4].data() + fields[4].size();
  const auto number = std::from_chars(fields[4].data(), end, seconds);
  if (fields[0].empty() || !is_flag(fields[1]) || !fields[2].starts_with('/') || !is_flag(fields[3]) ||
      number.ec != std::errc() || number.ptr != end)
    return false;
  cookie.host_only = fields[1] == "FALSE";
  cookie.domain = fields[0].starts_with('.') ? fields[0].substr(1) : fields[0];
  cookie.path = fields[2];
  cookie.secure = fields[3] == "TRUE";
  if (seconds != 0) cookie.expires = Cookie::time_point(std::chrono::seconds(seconds));
  cookie.name = fields[5];
  cookie.value = fields[6];
  return true;
}

}  // namespace

void CookieJar::save(const std::string& path) const {
  std::string text = "# Netscape HTTP Cookie File\n";
  for (const Cookie& cookie : cookies()) text += line_of(cookie);
  ReplacementFile file(path);
  file.write(text);
  file.commit();
}

void CookieJar::load(const std::string& path) {
  read_lines(path, "no cookie of a cookies.txt", [this](std::string_view line) {
    Cookie cookie;
    if (line.starts_with(kHttpOnly)) {
      line.remove_prefix(kHttpOnly.size());
      cookie.http_only = true;
    } else if (line.empty() || line.starts_with('#')) {
      return true;
    }
    if (!read_line(line, cookie)) return false;
    set(std::move(cookie));
    return true;
  });
}

}  // namespace corolla::inline v0::http
