// SPDX-License-Identifier: Apache-2.0
// ASCII classes and comparisons as HTML and CSS define them: never the locale's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

/// WHATWG's "ASCII whitespace".
constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) noexcept { return is_alpha(c) || is_digit(c); }
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `lower` must already be in lower case.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() && equals_ignoring_case(text.substr(0, lower.size()), lower);
}

constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

inline std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

/// Calls `visit` with each run of `text` between ASCII whitespace and the characters of `also`.
template <typename Visit>
constexpr void for_each_word(std::string_view text, std::string_view also, Visit&& visit) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto splits = [&](char c) { return is_space(c) || also.find(c) != std::string_view::npos; };
    while (i < text.size() && splits(text[i])) ++i;
    const std::size_t start = i;
    while (i < text.size() && !splits(text[i])) ++i;
    if (i > start) visit(text.substr(start, i - start));
  }
}

}  // namespace corolla::inline v0::crawl
