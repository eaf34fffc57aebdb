// SPDX-License-Identifier: Apache-2.0
/// \file
/// Base64 (RFC 4648, section 4), for credentials.
#pragma once

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

[[nodiscard]] std::string base64_encode(std::string_view bytes);

}  // namespace corolla::inline v0::http
