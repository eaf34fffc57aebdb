// SPDX-License-Identifier: Apache-2.0
// The tokens of a CSS selector (CSS Syntax Level 3, as far as selectors need it).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

enum class CssTokenKind {
  kIdentifier,
  kFunction,  // an identifier and its '('
  kHash,      // '#' and a name
  kString,
  kNumber,  // digits and what clings to them: "2n", "3"
  kDelimiter,
  kSpace,
  kEnd
};

struct CssToken {
  CssTokenKind kind;
  std::string text;  // escapes resolved, quotes, '#' and '(' removed
  std::size_t position;
};

/// The last token is kEnd. Throws SelectorError for an unclosed string or comment.
std::vector<CssToken> tokenize_selector(std::string_view selector);

}  // namespace corolla::inline v0::crawl
