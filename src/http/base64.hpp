// SPDX-License-Identifier: Apache-2.0
/// \file
/// Base64 (RFC 4648): section 4's for credentials, section 5's for text that stands in cookies.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Digits '-' and '_' in the place of '+' and '/', no padding.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);
/// Nothing for what base64url_encode does not write: other characters, padding, a digit too many, bits that are left over and set. So
/// each string of bytes has one spelling.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace corolla::inline v0::http
