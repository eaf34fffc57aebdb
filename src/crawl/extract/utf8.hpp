// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Appends `code_point` as UTF-8; what is no Unicode scalar value becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t code_point);

[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

/// Copies `bytes`, with each maximal ill-formed part replaced by one U+FFFD, as WHATWG's UTF-8 decoder does.
[[nodiscard]] std::string repair_utf8(std::string_view bytes);

}  // namespace corolla::inline v0::crawl
