// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

/// Appends what the escape at `css[i] == '\\'` stands for and returns the place behind it (CSS Syntax 4.3.7; an escaped
/// newline, which only strings have, stands for nothing).
inline std::size_t append_css_escape(std::string_view css, std::size_t i, std::string& out) {
  ++i;
  if (i >= css.size()) return i;
  if (hex_value(css[i]) >= 0) {
    std::uint32_t value = 0;
    const std::size_t stop = i + 6;
    while (i < css.size() && i < stop && hex_value(css[i]) >= 0) {
      value = value * 16 + static_cast<std::uint32_t>(hex_value(css[i++]));
    }
    if (i < css.size() && is_space(css[i])) i += css.substr(i, 2) == "\r\n" ? 2 : 1;
    append_utf8(out, value == 0 ? 0xFFFD : value);
    return i;
  }
  if (css[i] == '\r' && css.substr(i, 2) == "\r\n") return i + 2;
  if (css[i] != '\n' && css[i] != '\r' && css[i] != '\f') out.push_back(css[i]);
  return i + 1;
}

}  // namespace corolla::inline v0::crawl
