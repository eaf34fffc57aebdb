// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace corolla::inline v0::crawl {

/// Throws SelectorError: `bad css selector "a[": expected an attribute name at position 2`. `what` names the language.
[[noreturn]] void throw_selector_error(std::string_view what, std::string_view text, std::string_view problem,
                                       std::size_t position);

}  // namespace corolla::inline v0::crawl
