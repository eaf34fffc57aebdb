// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace corolla::inline v0::crawl {

/// Reads a user's XPath word by word. Throws SelectorError for what libxml2 would report only on the page where the
/// expression first gets there: functions, variables and namespace prefixes that do not exist.
///
/// Returns whether the expression is prefix-stable (see CssXPath), erring on the side of false.
bool scan_xpath(std::string_view xpath);

}  // namespace corolla::inline v0::crawl
