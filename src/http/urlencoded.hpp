// SPDX-License-Identifier: Apache-2.0
/// \file
/// application/x-www-form-urlencoded, of queries and forms. Source: WHATWG URL, section 5.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

/// Takes the next "name=value" off `text`, decoded: '+' is a space; nothing at the end. Empty pairs are passed over.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> take_pair(std::string_view& text);

}  // namespace corolla::inline v0::http
