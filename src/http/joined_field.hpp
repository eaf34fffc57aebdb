// SPDX-License-Identifier: Apache-2.0
/// \file
/// All fields of one name as the one list they stand for. Source: RFC 9110, section 5.3.
#pragma once

#include <corolla/http/headers.hpp>

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

[[nodiscard]] inline std::string joined_field(const Headers& headers, std::string_view name) {
  std::string list;
  for (const auto& [field, value] : headers) {
    if (!iequals(field, name)) continue;
    if (!list.empty()) list += ", ";
    list += value;
  }
  return list;
}

}  // namespace corolla::inline v0::http
