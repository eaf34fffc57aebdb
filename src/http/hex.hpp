// SPDX-License-Identifier: Apache-2.0
/// \file
/// Hexadecimal digits of bytes, in lower case.
#pragma once

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

[[nodiscard]] inline std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4U];
    text += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

}  // namespace corolla::inline v0::http
