// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/robots.hpp>

#include "crawl/percent_normal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <utility>

namespace corolla::inline v0::crawl {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t\v\f";
constexpr double kLongestDelaySeconds = 86'400;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

/// Takes one line off `rest`; lines end with CR, LF or both.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
  const std::string_view line = rest.substr(0, end);
  const bool both = rest.substr(end, 2) == "\r\n";
  rest.remove_prefix(std::min(rest.size(), end + (both ? 2 : 1)));
  return line;
}

/// The part of a User-agent value that is a product token: letters, '_' and '-'. "Bot/2.1 (x)" is "bot".
std::string product_token(std::string_view value) {
  if (value.starts_with('*')) return "*";
  std::size_t end = 0;
  while (end < value.size() && ((value[end] >= 'a' && value[end] <= 'z') || (value[end] >= 'A' && value[end] <= 'Z') ||
                                value[end] == '_' || value[end] == '-'))
    ++end;
  return lower(value.substr(0, end));
}

enum class Key { kUserAgent, kAllow, kDisallow, kSitemap, kCrawlDelay, kOther };

/// The keys, and the misspellings of them that are common in the wild.
Key key_of(std::string_view text) {
  const std::string key = lower(trimmed(text));
  const auto is_any = [&key](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  if (is_any({"user-agent", "useragent", "user agent"})) return Key::kUserAgent;
  if (key == "allow") return Key::kAllow;
  if (is_any({"disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"})) return Key::kDisallow;
  if (is_any({"sitemap", "site-map"})) return Key::kSitemap;
  if (is_any({"crawl-delay", "crawldelay", "crawl delay"})) return Key::kCrawlDelay;
  return Key::kOther;
}

std::optional<milliseconds> parse_delay(std::string_view value) {
  double seconds = 0;
  const auto result = std::from_chars(value.data(), value.data() + value.size(), seconds, std::chars_format::fixed);
  if (result.ec != std::errc() || !std::isfinite(seconds) || seconds < 0) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(std::min(seconds, kLongestDelaySeconds) * 1000));
}

/// A form in which two spellings of a path are equal: unreserved characters plain, everything that is not printable
/// ASCII encoded, the rest as it is written. '*' and a final '$' mean something in a pattern, so anywhere else they are
/// encoded.
std::string normal(std::string_view path, bool is_pattern) {
  std::string encoded;
  encoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto byte = static_cast<unsigned char>(path[i]);
    const bool special = is_pattern && (byte == '*' || (byte == '$' && i + 1 == path.size()));
    if (byte <= 0x20 || byte >= 0x7F || (!special && (byte == '*' || byte == '$'))) {
      append_percent_encoded(encoded, byte);
    } else {
      encoded += path[i];
    }
  }
  if (encoded.find('%') == std::string::npos) return encoded;
  std::string out;
  out.reserve(encoded.size());
  append_percent_normal(out, encoded);
  return out;
}

}  // namespace

// The parts between stars are looked for one after another, each at the first place where it stands: if any choice of
// places works, the first ones do. The last part of an anchored pattern must stand at the end.
bool RobotsRules::Rule::matches(std::string_view target) const noexcept {
  std::string_view rest = pattern;
  std::size_t star = rest.find('*');
  const std::string_view head = rest.substr(0, star);
  if (!target.starts_with(head)) return false;
  if (star == std::string_view::npos) return !anchored || target.size() == head.size();
  target.remove_prefix(head.size());
  for (;;) {
    rest.remove_prefix(star + 1);
    star = rest.find('*');
    const std::string_view part = rest.substr(0, star);
    if (star == std::string_view::npos && anchored) return target.ends_with(part);
    const std::size_t at = target.find(part);
    if (at == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    target.remove_prefix(at + part.size());
  }
}

RobotsRules RobotsRules::disallow_all() {
  RobotsRules rules;
  rules.rules_.push_back({.pattern = "/", .allow = false, .anchored = false, .length = 1});
  return rules;
}

bool RobotsRules::allows(std::string_view request_target) const {
  if (rules_.empty()) return true;
  const std::string target = normal(request_target, false);
  if (target == "/robots.txt") return true;
  for (const Rule& rule : rules_)
    if (rule.matches(target)) return rule.allow;
  return true;
}

RobotsTxt RobotsTxt::parse(std::string_view bytes) {
  RobotsTxt file;
  bytes = bytes.substr(0, kMaxBytes);
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  bool naming = false;  // the last line that counts was a User-agent line
  while (!bytes.empty()) {
    std::string_view line = next_line(bytes);
    line = line.substr(0, line.find('#'));
    line = trimmed(line);
    // A blank is taken for a forgotten colon.
    const std::size_t separator = std::min(line.find(':'), line.size());
    const std::size_t end = separator < line.size() ? separator : std::min(line.find_first_of(kBlanks), line.size());
    if (end == line.size()) continue;
    const Key key = key_of(line.substr(0, end));
    const std::string_view value = trimmed(line.substr(end + 1));
    if (key == Key::kUserAgent) {
      if (!std::exchange(naming, true)) file.groups_.emplace_back();
      file.groups_.back().agents.push_back(product_token(value));
    } else if (key == Key::kSitemap) {
      if (!value.empty()) file.sitemaps_.emplace_back(value);
    } else if (file.groups_.empty()) {
      continue;  // a rule for nobody
    } else if (key == Key::kAllow || key == Key::kDisallow) {
      naming = false;
      if (value.empty()) continue;  // "Disallow:" forbids nothing
      // A path that forgot its '/' is meant all the same.
      const bool rooted = value.starts_with('/') || value.starts_with('*');
      file.groups_.back().lines.push_back({(rooted ? "" : "/") + std::string(value), key == Key::kAllow});
    } else if (key == Key::kCrawlDelay) {
      // Not RFC 9309's, so it does not end a run of User-agent lines.
      if (const auto delay = parse_delay(value)) file.groups_.back().crawl_delay = delay;
    }
  }
  return file;
}

RobotsRules RobotsTxt::rules_for(std::string_view token) const {
  const std::string wanted = product_token(token);
  const auto names = [](const Group& group, std::string_view agent) {
    return std::find(group.agents.begin(), group.agents.end(), agent) != group.agents.end();
  };
  const bool named = !wanted.empty() && std::any_of(groups_.begin(), groups_.end(),
                                                    [&](const Group& group) { return names(group, wanted); });
  const std::string agent = named ? wanted : "*";
  RobotsRules rules;
  for (const Group& group : groups_) {
    if (!names(group, agent)) continue;
    if (group.crawl_delay)
      rules.crawl_delay_ = std::max(rules.crawl_delay_.value_or(milliseconds(0)), *group.crawl_delay);
    for (const Line& line : group.lines) {
      RobotsRules::Rule rule;
      rule.pattern = normal(line.path, true);
      rule.allow = line.allow;
      rule.length = rule.pattern.size();
      rule.anchored = rule.pattern.ends_with('$');
      if (rule.anchored) rule.pattern.pop_back();
      // A star at the very end says nothing, unless "$" stood behind it, and then that says nothing.
      while (rule.pattern.ends_with('*')) {
        rule.pattern.pop_back();
        rule.anchored = false;
      }
      rules.rules_.push_back(std::move(rule));
    }
  }
  std::sort(rules.rules_.begin(), rules.rules_.end(), [](const auto& a, const auto& b) {
    return a.length != b.length ? a.length > b.length : a.allow && !b.allow;
  });
  return rules;
}

RobotsRules robots_rules_of(int status, std::string_view body, std::string_view product_token) {
  if (status >= 200 && status < 300) return RobotsTxt::parse(body).rules_for(product_token);
  if (status >= 400 && status < 500) return RobotsRules::allow_all();
  return RobotsRules::disallow_all();
}

}  // namespace corolla::inline v0::crawl
