// SPDX-License-Identifier: Apache-2.0
/// \file
/// The Accept-Encoding field. Source: RFC 9110, section 12.5.3.
#pragma once

#include <string_view>

namespace corolla::inline v0::http {

/// The weight that a client which sent `field` gives to the content coding, in thousandths; 0: it does not take it. What names
/// the coding counts before "*". gzip is x-gzip. A weight that is malformed is 0.
[[nodiscard]] int coding_weight(std::string_view field, std::string_view coding) noexcept;
[[nodiscard]] inline bool accepts_coding(std::string_view field, std::string_view coding) noexcept {
  return coding_weight(field, coding) > 0;
}

}  // namespace corolla::inline v0::http
