// SPDX-License-Identifier: Apache-2.0
#include "http/base64.hpp"

#include <cstdint>

namespace corolla::inline v0::http {

std::string base64_encode(std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out += kDigits[(bits >> count) & 63U];
    }
  }
  if (count > 0) out += kDigits[(bits << (6U - count)) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

}  // namespace corolla::inline v0::http
