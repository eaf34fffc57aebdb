// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/date.hpp>

#include <algorithm>
#include <array>

namespace corolla::inline v0::http {

namespace {

constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Reads a date from the front of a text; each step fails quietly and for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool literal(std::string_view wanted) {
    if (!text_.starts_with(wanted)) return ok_ = false;
    text_.remove_prefix(wanted.size());
    return ok_;
  }
  int number(std::size_t digits) {
    if (text_.size() < digits) return fail();
    int value = 0;
    for (const char c : text_.substr(0, digits)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }
  unsigned month() {
    const auto found = text_.size() < 3 ? std::string_view::npos : kMonths.find(text_.substr(0, 3));
    if (found == std::string_view::npos || found % 3 != 0) {
      ok_ = false;
      return 1;
    }
    text_.remove_prefix(3);
    return static_cast<unsigned>(found / 3) + 1;
  }
  std::chrono::seconds time() {
    const int hour = number(2);
    literal(":");
    const int minute = number(2);
    literal(":");
    const int second = number(2);
    if (hour > 23 || minute > 59 || second > 60) ok_ = false;  // 60: a leap second
    return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  }
  [[nodiscard]] bool finished() const { return ok_ && text_.empty(); }
  [[nodiscard]] std::string_view rest() const { return text_; }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }
  std::string_view text_;
  bool ok_ = true;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_day_name(std::string_view name, bool full) {
  return std::any_of(kDays.begin(), kDays.end(),
                     [&](std::string_view day) { return name == (full ? day : day.substr(0, 3)); });
}

}  // namespace

std::string format_http_date(std::chrono::sys_seconds time) {
  using namespace std::chrono;
  time =
      std::clamp(time, sys_seconds(sys_days(year(0) / 1 / 1)), sys_seconds(sys_days(year(10000) / 1 / 1)) - seconds(1));
  const auto days = floor<std::chrono::days>(time);
  const year_month_day date(days);
  const hh_mm_ss clock(time - days);
  std::string out(kDays[weekday(days).c_encoding()].substr(0, 3));
  const auto two = [&out](unsigned value) {
    out += static_cast<char>('0' + value / 10);
    out += static_cast<char>('0' + value % 10);
  };
  out += ", ";
  two(static_cast<unsigned>(date.day()));
  out += ' ';
  out += kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3);
  out += ' ';
  const auto number = static_cast<unsigned>(static_cast<int>(date.year()));
  two(number / 100);
  two(number % 100);
  out += ' ';
  two(static_cast<unsigned>(clock.hours().count()));
  out += ':';
  two(static_cast<unsigned>(clock.minutes().count()));
  out += ':';
  two(static_cast<unsigned>(clock.seconds().count()));
  out += " GMT";
  return out;
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now) {
  using namespace std::chrono;
  text = trim(text);
  const auto name_end = text.find_first_of(", ");
  if (name_end == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, name_end);
  Reader reader(text.substr(name_end));
  int year_number = 0;
  unsigned month_number = 1;
  int day_number = 0;
  seconds clock{};
  if (text[name_end] == ' ') {  // Sun Nov  6 08:49:37 1994
    if (!is_day_name(name, false)) return std::nullopt;
    reader.literal(" ");
    month_number = reader.month();
    reader.literal(" ");
    if (reader.rest().starts_with(' ')) {
      reader.literal(" ");
      day_number = reader.number(1);
    } else {
      day_number = reader.number(2);
    }
    reader.literal(" ");
    clock = reader.time();
    reader.literal(" ");
    year_number = reader.number(4);
  } else if (is_day_name(name, false)) {  // Sun, 06 Nov 1994 08:49:37 GMT
    reader.literal(", ");
    day_number = reader.number(2);
    reader.literal(" ");
    month_number = reader.month();
    reader.literal(" ");
    year_number = reader.number(4);
    reader.literal(" ");
    clock = reader.time();
    reader.literal(" GMT");
  } else if (is_day_name(name, true)) {  // Sunday, 06-Nov-94 08:49:37 GMT
    reader.literal(", ");
    day_number = reader.number(2);
    reader.literal("-");
    month_number = reader.month();
    reader.literal("-");
    year_number = reader.number(2);
    reader.literal(" ");
    clock = reader.time();
    reader.literal(" GMT");
    const int this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
    year_number += this_year / 100 * 100;
    if (year_number > this_year + 50) year_number -= 100;
    if (year_number <= this_year - 50) year_number += 100;
  } else {
    return std::nullopt;
  }
  if (!reader.finished()) return std::nullopt;
  const year_month_day date{year(year_number), month(month_number), day(static_cast<unsigned>(day_number))};
  if (!date.ok()) return std::nullopt;
  return sys_seconds(sys_days(date)) + clock;
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  return parse_http_date(text, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

}  // namespace corolla::inline v0::http
