// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/range.hpp>

#include <corolla/http/headers.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace corolla::inline v0::http {

namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Digits only; a number too large for 64 bits is as good as the largest.
std::optional<std::uint64_t> number(std::string_view text) noexcept {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return UINT64_MAX;
  return value;
}

bool too_many_overlap(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const ByteRange& a, const ByteRange& b) { return a.first < b.first; });
  std::size_t overlaps = 0;
  std::uint64_t reached = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i > 0 && ranges[i].first <= reached) ++overlaps;
    reached = std::max(reached, ranges[i].last);
  }
  return overlaps > 1;
}

}  // namespace

Ranges parse_range(std::string_view value, std::uint64_t size, std::size_t most) {
  const auto equals = value.find('=');
  if (equals == std::string_view::npos || !iequals(trim(value.substr(0, equals)), "bytes")) return {};
  std::string_view list = value.substr(equals + 1);
  Ranges out;
  std::size_t count = 0;
  for (bool more = true; more;) {
    const auto comma = list.find(',');
    const std::string_view item = trim(list.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) list.remove_prefix(comma + 1);
    if (item.empty()) continue;  // lists may have empty elements
    if (++count > most) return {};
    const auto dash = item.find('-');
    if (dash == std::string_view::npos) return {};
    if (dash == 0) {  // the last so many
      const auto length = number(item.substr(1));
      if (!length) return {};
      if (*length > 0 && size > 0) out.ranges.push_back({size - std::min(*length, size), size - 1});
      continue;
    }
    const auto first = number(item.substr(0, dash));
    const bool open = dash + 1 == item.size();
    const auto last = open ? std::optional(UINT64_MAX) : number(item.substr(dash + 1));
    if (!first || !last || *last < *first) return {};
    if (*first < size) out.ranges.push_back({*first, std::min(*last, size - 1)});
  }
  if (count == 0 || too_many_overlap(out.ranges)) return {};
  out.result = out.ranges.empty() ? RangeResult::kUnsatisfiable : RangeResult::kPartial;
  return out;
}

std::string format_content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + '-' + std::to_string(range.last) + '/' + std::to_string(size);
}

}  // namespace corolla::inline v0::http
