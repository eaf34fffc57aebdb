// SPDX-License-Identifier: Apache-2.0
/// \file
/// From a named charset to UTF-8, for Response::text().
#pragma once

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// What is malformed becomes U+FFFD; an empty or unknown charset counts as UTF-8. A byte order mark is dropped.
[[nodiscard]] std::string decode_to_utf8(std::string bytes, std::string_view charset);

}  // namespace corolla::inline v0::http
