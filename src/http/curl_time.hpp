// SPDX-License-Identifier: Apache-2.0
/// \file
/// Times as they stand in curl's files: "20301231 23:59:59", in UTC.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

[[nodiscard]] std::string format_curl_time(std::chrono::sys_seconds time);
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_curl_time(std::string_view text);

}  // namespace corolla::inline v0::http
