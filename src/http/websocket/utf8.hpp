// SPDX-License-Identifier: Apache-2.0
/// \file
/// Utf8Validator: whether bytes that come in pieces are UTF-8. Source: The Unicode Standard, table 3-7.
#pragma once

#include <cstdint>
#include <string_view>

namespace corolla::inline v0::http {

class Utf8Validator {
 public:
  /// False once the bytes so far cannot be the beginning of UTF-8; as early as that can be told.
  [[nodiscard]] bool feed(std::string_view bytes) noexcept;
  /// The bytes so far end with a whole character.
  [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }
  void reset() noexcept { missing_ = 0; }

 private:
  std::uint8_t missing_ = 0;   // bytes of the character at hand that are still to come
  std::uint8_t least_ = 0x80;  // what the next of them may be
  std::uint8_t most_ = 0xBF;
};

[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

}  // namespace corolla::inline v0::http
