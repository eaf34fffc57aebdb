// SPDX-License-Identifier: Apache-2.0
/// \file
/// What methods mean. Source: RFC 9110, section 9.2.
#pragma once

#include <string_view>

namespace corolla::inline v0::http {

/// Sent twice it does what it does once. A method that is not known is none of them.
[[nodiscard]] inline bool is_idempotent(std::string_view method) noexcept {
  for (const char* name : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
    if (method == name) return true;
  return false;
}

/// Changes nothing at the server.
[[nodiscard]] inline bool is_safe(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

}  // namespace corolla::inline v0::http
