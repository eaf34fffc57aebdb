// SPDX-License-Identifier: Apache-2.0
#include "http/field_parameters.hpp"

#include <corolla/http/headers.hpp>
#include <corolla/http/percent.hpp>

#include "http/charset.hpp"

#include <algorithm>
#include <cstddef>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kMost = 64;
constexpr std::string_view kBlanks = " \t";

void skip_blanks(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view take_until(std::string_view& text, std::string_view ends) noexcept {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken.substr(0, taken.find_last_not_of(kBlanks) + 1);
}

std::string take_quoted(std::string_view& text, ParameterStyle style) {
  std::string out;
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    const bool escapes = text.front() == '\\' && text.size() > 1 &&
                         (style == ParameterStyle::kInList || text[1] == '"' || text[1] == '\\');
    if (escapes) text.remove_prefix(1);
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

// RFC 8187: charset'language'percent-encoded.
std::optional<std::string> extended(std::string_view text) {
  const std::size_t first = text.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view charset = text.substr(0, first);
  if (!iequals(charset, "utf-8") && !iequals(charset, "iso-8859-1")) return std::nullopt;
  return decode_to_utf8(percent_decode(text.substr(second + 1)), iequals(charset, "utf-8") ? "utf-8" : "iso-8859-1");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

}  // namespace

FieldParameters take_parameters(std::string_view& text, ParameterStyle style) {
  const std::string_view ends = style == ParameterStyle::kInList ? ";," : ";";
  FieldParameters result;
  std::vector<bool> decoded;  // of each, whether it came with an asterisk
  for (;;) {
    skip_blanks(text);
    if (!text.starts_with(';')) return result;
    text.remove_prefix(1);
    skip_blanks(text);
    std::string name = lower(take_until(text, style == ParameterStyle::kInList ? "=;," : "=;"));
    const bool has_value = text.starts_with('=');
    std::string value;
    if (has_value) {
      text.remove_prefix(1);
      skip_blanks(text);
      if (text.starts_with('"')) {
        value = take_quoted(text, style);
        take_until(text, ends);
      } else {
        value = take_until(text, ends);
      }
    } else if (style == ParameterStyle::kAlone) {
      continue;
    }
    const bool is_extended = name.ends_with('*');
    if (is_extended) {
      name.pop_back();
      auto text_of_it = extended(value);
      if (!text_of_it) continue;
      value = std::move(*text_of_it);
    }
    if (name.empty()) continue;
    auto& all = result.all;
    const auto known = std::find_if(all.begin(), all.end(), [&](const auto& pair) { return pair.first == name; });
    const auto index = static_cast<std::size_t>(known - all.begin());
    if (known == all.end()) {
      if (all.size() == kMost) continue;
      all.emplace_back(std::move(name), std::move(value));
      decoded.push_back(is_extended);
    } else if (is_extended && !decoded[index]) {
      known->second = std::move(value);
      decoded[index] = true;
    }
  }
}

std::optional<std::string_view> FieldParameters::get(std::string_view name) const noexcept {
  for (const auto& [known, value] : all)
    if (iequals(known, name)) return std::string_view(value);
  return std::nullopt;
}

}  // namespace corolla::inline v0::http
