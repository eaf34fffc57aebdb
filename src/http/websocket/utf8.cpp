// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/utf8.hpp"

#include <cstring>

namespace corolla::inline v0::http {

// The second byte of a character has its own bounds where the first one would else allow an overlong form, a surrogate
// or something above U+10FFFF; all later ones are 80 to BF.
bool Utf8Validator::feed(std::string_view bytes) noexcept {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    if (missing_ == 0) {
      while (end - at >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        if ((word & 0x8080808080808080U) != 0) break;
        at += 8;
      }
      if (at == end) break;
    }
    const auto byte = static_cast<std::uint8_t>(*at++);
    if (missing_ > 0) {
      if (byte < least_ || byte > most_) return false;
      least_ = 0x80;
      most_ = 0xBF;
      --missing_;
    } else if (byte >= 0x80) {
      if (byte < 0xC2 || byte > 0xF4) return false;
      missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
      least_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
      most_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
    }
  }
  return true;
}

bool is_utf8(std::string_view bytes) noexcept {
  Utf8Validator validator;
  return validator.feed(bytes) && validator.complete();
}

}  // namespace corolla::inline v0::http
