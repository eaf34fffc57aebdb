// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crawl/extract/css_selector.hpp"

#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

struct CssXPath {
  std::string xpath;
  bool html = false;  // ::html: elements are given with their markup
  /// Whether a node matches depends on its attributes, its ancestors and what stands before it, and on nothing after it.
  bool prefix_stable = true;
};

/// XPath 1.0 for a selector, to be evaluated on the document node. Throws SelectorError.
CssXPath css_to_xpath(std::string_view selector);

/// `text` as a literal of XPath, which knows no escapes.
std::string xpath_literal(std::string_view text);

}  // namespace corolla::inline v0::crawl
