// SPDX-License-Identifier: Apache-2.0
/// \file
/// Dates of HTTP fields. Pure functions, safe from any thread, independent of locale and time zone.
///
/// Source: RFC 9110, section 5.6.7.
#pragma once

#include <corolla/runtime/api.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT". Years outside 0000 to 9999 are clamped.
[[nodiscard]] COROLLA_API std::string format_http_date(std::chrono::sys_seconds time);

/// Parses that form and both obsolete ones ("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994").
/// The day of the week must be a name and is otherwise not checked; a two-digit year is taken from the hundred years that
/// end fifty years after `now`. Nothing where it is no date, or no such day exists.
[[nodiscard]] COROLLA_API std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text,
                                                                                  std::chrono::sys_seconds now);
/// The same with the present time.
[[nodiscard]] COROLLA_API std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace corolla::inline v0::http
