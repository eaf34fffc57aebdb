// SPDX-License-Identifier: Apache-2.0
#include "crawl/percent_normal.hpp"

#include <cstddef>

namespace corolla::inline v0::crawl {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool is_unreserved(unsigned char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void append_percent_encoded(std::string& out, unsigned char c) {
  out += '%';
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

void append_percent_normal(std::string& out, std::string_view text) {
  // A character decoded right behind a lone '%' might make a new escape of it ("%%44e" is not "%De"), so it stays.
  std::size_t safe_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      if (text[i] == '%') safe_from = out.size() + 2;
      continue;
    }
    const auto byte = static_cast<unsigned char>(high * 16 + low);
    if (is_unreserved(byte) && out.size() >= safe_from) {
      out += static_cast<char>(byte);
    } else {
      append_percent_encoded(out, byte);
    }
    i += 2;
  }
}

}  // namespace corolla::inline v0::crawl
