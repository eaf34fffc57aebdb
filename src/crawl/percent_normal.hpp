// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

/// RFC 3986, section 2.3: bytes that mean the same encoded or not.
[[nodiscard]] bool is_unreserved(unsigned char c) noexcept;

/// Appends `text` with each %XX of an unreserved character decoded and the others in upper case. A '%' without two
/// hexadecimal digits stays.
void append_percent_normal(std::string& out, std::string_view text);

/// Appends %XX for a byte.
void append_percent_encoded(std::string& out, unsigned char c);

}  // namespace corolla::inline v0::crawl
