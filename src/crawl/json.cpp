// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/json.hpp>

#include "crawl/extract/utf8.hpp"

#include <charconv>
#include <cmath>

namespace corolla::inline v0::crawl {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[static_cast<unsigned char>(c) & 15];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = repair_utf8(text);
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.append(text, copied, i - copied);
    append_escape(out, text[i]);
    copied = i + 1;
  }
  out.append(text, copied);
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

std::string json_array(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ", ";
    append_json_string(text, value);
  }
  return text += ']';
}

JsonObject& JsonObject::add(std::string_view name, std::string_view text) {
  add_raw(name, "");
  append_json_string(text_, text);
  return *this;
}

JsonObject& JsonObject::add(std::string_view name, double value) {
  add_raw(name, "");
  append_json_number(text_, value);
  return *this;
}

JsonObject& JsonObject::add_raw(std::string_view name, std::string_view json) {
  if (text_.size() > 1) text_ += ", ";
  append_json_string(text_, name);
  text_ += ": ";
  text_ += json;
  return *this;
}

std::string JsonObject::finish() {
  text_ += '}';
  return std::exchange(text_, "{");
}

}  // namespace corolla::inline v0::crawl
