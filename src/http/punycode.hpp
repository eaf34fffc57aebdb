// SPDX-License-Identifier: Apache-2.0
/// \file
/// Punycode (RFC 3492): one label's code points to and from ASCII. Private to the domain code.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// The ASCII form of a label, without "xn--". Nothing where it would overflow.
[[nodiscard]] std::optional<std::string> punycode_encode(std::u32string_view label);
/// The code points of what follows "xn--". Nothing where it is malformed.
[[nodiscard]] std::optional<std::u32string> punycode_decode(std::string_view text);

}  // namespace corolla::inline v0::http
