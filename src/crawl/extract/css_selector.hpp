// SPDX-License-Identifier: Apache-2.0
// A parsed CSS selector, and the parser.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

struct CssComplex;

enum class CssConditionKind { kId, kClass, kAttribute, kPseudoClass };

struct CssCondition {
  CssConditionKind kind;
  std::string name;          // the id, class, attribute or pseudo-class
  char op = 0;               // kAttribute: 0 for presence, otherwise the character before '=' ('=' for "=")
  std::string value;         // kAttribute; the argument of :contains and :lang
  bool ignore_case = false;  // kAttribute: the flag 'i'
  int step = 0;              // :nth-*(step n + offset)
  int offset = 0;
  std::vector<CssComplex> selectors;  // :is, :where, :not, :has
  std::size_t position = 0;
};

struct CssCompound {
  std::string tag;  // lower case; "*" for any
  std::vector<CssCondition> conditions;
};

/// compounds[0] combinators[1] compounds[1] ...; combinators[0] is ' ' but in :has, where a selector may begin with one.
struct CssComplex {
  std::vector<char> combinators;
  std::vector<CssCompound> compounds;
};

enum class CssTarget { kNormalizedText, kText, kAttribute, kHtml };

struct CssSelector {
  CssComplex complex;
  CssTarget target = CssTarget::kNormalizedText;
  std::string attribute;  // kAttribute
};

/// A list separated by commas. Throws SelectorError.
std::vector<CssSelector> parse_selector(std::string_view selector);

}  // namespace corolla::inline v0::crawl
