// SPDX-License-Identifier: Apache-2.0
#include "http/multipart/content_disposition.hpp"

#include <corolla/http/headers.hpp>
#include <corolla/http/percent.hpp>

#include "http/charset.hpp"

#include <algorithm>
#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr std::string_view kBlanks = " \t";

void skip_blanks(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view take_until(std::string_view& text, std::string_view ends) noexcept {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken.substr(0, taken.find_last_not_of(kBlanks) + 1);
}

// A backslash escapes a quote and itself alone: browsers leave those of "C:\folder" as they are.
std::string take_quoted(std::string_view& text) {
  std::string out;
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1 && (text[1] == '"' || text[1] == '\\')) text.remove_prefix(1);
    out += text.front();
    text.remove_prefix(1);
  }
  take_until(text, ";");
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

}  // namespace

ContentDisposition ContentDisposition::parse(std::string_view field) {
  ContentDisposition result;
  skip_blanks(field);
  result.type = take_until(field, ";");
  std::transform(result.type.begin(), result.type.end(), result.type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  bool named = false;
  bool is_extended = false;
  while (!field.empty()) {
    field.remove_prefix(1);  // the semicolon
    skip_blanks(field);
    const std::string_view key = take_until(field, ";=");
    if (field.empty() || field.front() == ';') continue;
    field.remove_prefix(1);
    skip_blanks(field);
    std::string value = field.starts_with('"') ? take_quoted(field) : std::string(take_until(field, ";"));
    if (iequals(key, "name") && !std::exchange(named, true)) {
      result.name = std::move(value);
    } else if (iequals(key, "filename") && !result.filename) {
      result.filename = std::move(value);
    } else if (iequals(key, "filename*") && !is_extended) {
      if (auto name = extended(value)) {
        result.filename = std::move(name);
        is_extended = true;
      }
    }
  }
  return result;
}

}  // namespace corolla::inline v0::http
