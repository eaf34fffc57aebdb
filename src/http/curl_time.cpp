// SPDX-License-Identifier: Apache-2.0
#include "http/curl_time.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace corolla::inline v0::http {

std::string format_curl_time(std::chrono::sys_seconds time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  std::string out;
  const auto digits = [&out](unsigned value, std::size_t width) {
    std::string text = std::to_string(value);
    out.append(width - std::min(width, text.size()), '0').append(text);
  };
  digits(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  digits(static_cast<unsigned>(date.month()), 2);
  digits(static_cast<unsigned>(date.day()), 2);
  out += ' ';
  digits(static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  digits(static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  digits(static_cast<unsigned>(clock.seconds().count()), 2);
  return out;
}

std::optional<std::chrono::sys_seconds> parse_curl_time(std::string_view text) {
  const auto digits = [&](std::size_t at, std::size_t size) -> int {
    int value = 0;
    const char* const end = text.data() + at + size;
    const auto number = std::from_chars(text.data() + at, end, value);
    return number.ec == std::errc() && number.ptr == end && value >= 0 ? value : -1;
  };
  if (text.size() != 17 || text[8] != ' ' || text[11] != ':' || text[14] != ':') return std::nullopt;
  const int year = digits(0, 4);
  const int month = digits(4, 2);
  const int day = digits(6, 2);
  const int hour = digits(9, 2);
  const int minute = digits(12, 2);
  const int second = digits(15, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second);
}

}  // namespace corolla::inline v0::http
