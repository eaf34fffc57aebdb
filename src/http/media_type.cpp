// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/headers.hpp>
#include <corolla/http/media_type.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim_end(std::string_view text) noexcept { return text.substr(0, text.find_last_not_of(kSpace) + 1); }

void skip(std::string_view& text, std::string_view bytes) noexcept {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(bytes)));
}

/// Takes what stands before the first of `ends`, which stays.
std::string_view take_until(std::string_view& text, std::string_view ends) noexcept {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken;
}

/// Takes a quoted string without its quotes and escapes; one that never ends goes to the end.
std::string take_quoted(std::string_view& text) {
  std::string out;
  text.remove_prefix(1);
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') break;
    if (c == '\\' && !text.empty()) {
      c = text.front();
      text.remove_prefix(1);
    }
    out += c;
  }
  return out;
}

bool is_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

}  // namespace

std::optional<MediaType> MediaType::parse(std::string_view text) {
  skip(text, kSpace);
  const std::string_view type = take_until(text, "/");
  if (text.empty() || !is_token(type)) return std::nullopt;
  text.remove_prefix(1);
  const std::string_view subtype = trim_end(take_until(text, ";"));
  if (!is_token(subtype)) return std::nullopt;
  MediaType out;
  out.slash_ = type.size();
  out.essence_ = lower(type) + '/' + lower(subtype);
  while (!text.empty()) {
    text.remove_prefix(1);
    skip(text, kSpace);
    const std::string name = lower(take_until(text, ";="));
    if (text.empty()) break;
    if (text.front() == ';') continue;
    text.remove_prefix(1);
    std::string value;
    if (text.starts_with('"')) {
      value = take_quoted(text);
      take_until(text, ";");
    } else {
      value = trim_end(take_until(text, ";"));
      if (value.empty()) continue;
    }
    if (is_token(name) && is_value(value) && !out.parameter(name)) out.parameters_.emplace_back(name, std::move(value));
  }
  return out;
}

std::optional<std::string_view> MediaType::parameter(std::string_view name) const noexcept {
  for (const auto& [key, value] : parameters_)
    if (key == name) return value;
  return std::nullopt;
}

std::string MediaType::charset() const { return lower(parameter("charset").value_or("")); }

bool MediaType::is_html() const noexcept { return essence_ == "text/html" || essence_ == "application/xhtml+xml"; }
bool MediaType::is_json() const noexcept { return subtype() == "json" || subtype().ends_with("+json"); }

}  // namespace corolla::inline v0::http
