// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an Alt-Svc field says. Source: RFC 7838, section 3.
#pragma once

#include <corolla/http/alt_svc.hpp>
#include <corolla/http/url.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

struct AltValue {
  AltService service;
  std::chrono::seconds max_age = std::chrono::hours(24);
  bool persist = false;
};

/// Its values up to the first malformed one, in order, `most` at most; none for "clear". Nothing when the first one is malformed. A value
/// without a host has that of `origin`.
[[nodiscard]] std::optional<std::vector<AltValue>> parse_alt_svc(std::string_view field, const Url& origin,
                                                                 std::size_t most);

}  // namespace corolla::inline v0::http
