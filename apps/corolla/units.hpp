// SPDX-License-Identifier: Apache-2.0
/// \file
/// Durations, sizes and URLs as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::app {

/// "1.5" (seconds), "250ms", "90s", "2m", "1h", "1d"; nothing for anything else, or less than 0.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// "4096", "64k", "10M", "1G" and "10MB" (powers of 1000), "10MiB" (powers of 1024); nothing for anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// "http://" in front of a URL without a scheme.
[[nodiscard]] std::string with_scheme(const std::string& url);

}  // namespace corolla::app
