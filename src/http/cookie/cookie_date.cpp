// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cookie.hpp>

#include <array>
#include <cctype>

namespace corolla::inline v0::http {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// RFC 6265bis, 5.1.1: delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
constexpr bool is_delimiter(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x09 || (byte >= 0x20 && byte <= 0x2F) || (byte >= 0x3B && byte <= 0x40) ||
         (byte >= 0x5B && byte <= 0x60) || (byte >= 0x7B && byte <= 0x7E);
}

// `least` to `most` digits at the front, not followed by another one; -1 if there are none.
int take_number(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  int value = 0;
  while (count < text.size() && is_digit(text[count])) {
    if (count == most) return -1;
    value = value * 10 + (text[count] - '0');
    ++count;
  }
  if (count < least) return -1;
  text.remove_prefix(count);
  return value;
}

struct Time {
  int hour;
  int minute;
  int second;
};

// hms-time, with anything behind it that does not begin with a digit.
std::optional<Time> time_of(std::string_view token) {
  Time time{};
  time.hour = take_number(token, 1, 2);
  if (time.hour < 0 || !token.starts_with(':')) return std::nullopt;
  token.remove_prefix(1);
  time.minute = take_number(token, 1, 2);
  if (time.minute < 0 || !token.starts_with(':')) return std::nullopt;
  token.remove_prefix(1);
  time.second = take_number(token, 1, 2);
  if (time.second < 0) return std::nullopt;
  return time;
}

int month_of(std::string_view token) {
  if (token.size() < 3) return 0;
  std::array<char, 3> start{};
  for (std::size_t i = 0; i < start.size(); ++i)
    start[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(token[i])));
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (std::string_view(start.data(), start.size()) == kMonths[i]) return static_cast<int>(i) + 1;
  }
  return 0;
}

}  // namespace

// Each token is the first thing of these that it can be and that is not known yet: time, day, month, year.
std::optional<Cookie::time_point> parse_cookie_date(std::string_view text) {
  std::optional<Time> time;
  int day = -1;
  int month = 0;
  int year = -1;
  while (!text.empty()) {
    std::size_t start = 0;
    while (start < text.size() && is_delimiter(text[start])) ++start;
    std::size_t end = start;
    while (end < text.size() && !is_delimiter(text[end])) ++end;
    const std::string_view token = text.substr(start, end - start);
    text.remove_prefix(end);
    if (token.empty()) continue;
    if (!time && (time = time_of(token))) continue;
    std::string_view rest = token;
    if (day < 0 && (day = take_number(rest, 1, 2)) >= 0) continue;
    if (month == 0 && (month = month_of(token)) != 0) continue;
    rest = token;
    if (year < 0) year = take_number(rest, 2, 4);
  }
  if (year >= 70 && year <= 99) year += 1900;
  else if (year >= 0 && year <= 69) year += 2000;
  if (!time || day < 1 || day > 31 || month == 0 || year < 1601 || time->hour > 23 || time->minute > 59 ||
      time->second > 59)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(time->hour) + std::chrono::minutes(time->minute) +
         std::chrono::seconds(time->second);
}

}  // namespace corolla::inline v0::http
