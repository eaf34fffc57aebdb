// SPDX-License-Identifier: Apache-2.0
/// \file
/// The parser's own way into Headers: text that llhttp has validated, in the pieces in which it arrives.
#pragma once

#include <corolla/http/headers.hpp>

namespace corolla::inline v0::http {

class HeadersBuilder {
 public:
  explicit HeadersBuilder(Headers& headers) noexcept : headers_(headers) {}

  void begin_field() {
    const auto position = static_cast<std::uint32_t>(headers_.text_.size());
    headers_.entries_.push_back({position, 0, position, 0});
  }
  void append_name(const char* text, std::size_t size) {
    auto& entry = headers_.entries_.back();
    headers_.text_.append(text, size);
    entry.name_size += static_cast<std::uint32_t>(size);
    entry.value = entry.name + entry.name_size;
  }
  void append_value(const char* text, std::size_t size) {
    headers_.text_.append(text, size);
    headers_.entries_.back().value_size += static_cast<std::uint32_t>(size);
  }
  /// Drops the white space after the value (RFC 9112, section 5.1); what is before it the parser skips.
  /// False for a field without a name.
  [[nodiscard]] bool end_field() {
    if (headers_.entries_.empty()) return false;
    auto& entry = headers_.entries_.back();
    while (entry.value_size > 0) {
      const char last = headers_.text_[entry.value + entry.value_size - 1];
      if (last != ' ' && last != '\t') break;
      --entry.value_size;
    }
    return entry.name_size > 0;
  }

 private:
  Headers& headers_;
};

}  // namespace corolla::inline v0::http
