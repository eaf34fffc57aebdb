// SPDX-License-Identifier: Apache-2.0
// A selector becomes one step with predicates, read from right to left: "a > b c" is
//
//     descendant-or-self::c[ancestor::b[parent::a]]
//
// rather than a path a/b//c. So each node is tested once, no node is found twice (libxml2 removes doubles by comparing
// all pairs), and a selector inside :not() or :is() is the same expression behind self::. Only :has() looks forward, as
// a path.
#include "crawl/extract/css_xpath.hpp"

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/selector_error.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace corolla::inline v0::crawl {

namespace {

constexpr std::string_view kUpper = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ'";
constexpr std::string_view kLower = "'abcdefghijklmnopqrstuvwxyz'";

std::string translated(const std::string& expression) {
  return "translate(" + expression + ", " + std::string(kUpper) + ", " + std::string(kLower) + ")";
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || !(is_alpha(name[0]) || name[0] == '_')) return false;
  for (const char c : name) {
    if (!is_alnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}

std::string attribute_node(std::string_view name) {
  return is_plain_name(name) ? "@" + std::string(name) : "@*[name() = " + xpath_literal(name) + "]";
}

std::size_t code_points(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

std::string word_test(const std::string& value, std::string_view word) {
  if (word.empty() || word.find_first_of(" \t\r\n\f") != std::string_view::npos) return "false()";
  return "contains(concat(' ', normalize-space(" + value + "), ' '), " + xpath_literal(" " + std::string(word) + " ") +
         ")";
}

std::string attribute_test(const CssCondition& condition) {
  const std::string node = attribute_node(condition.name);
  if (condition.op == 0) return node;
  const std::string value = condition.ignore_case ? translated("string(" + node + ")") : node;
  const std::string wanted = condition.ignore_case ? lowered(condition.value) : condition.value;
  const std::string literal = xpath_literal(wanted);
  switch (condition.op) {
    case '~': return word_test(value, wanted);
    case '|':
      return node + " and (" + value + " = " + literal + " or starts-with(" + value + ", " +
             xpath_literal(wanted + "-") + "))";
    case '^': return wanted.empty() ? "false()" : "starts-with(" + value + ", " + literal + ")";
    case '*': return wanted.empty() ? "false()" : "contains(" + value + ", " + literal + ")";
    case '$':
      if (wanted.empty()) return "false()";
      return "substring(" + value + ", string-length(" + value + ") - " + std::to_string(code_points(wanted) - 1) +
             ") = " + literal;
    case '!': return "not(" + node + ") or " + value + " != " + literal;
    default: return node + " and " + value + " = " + literal;
  }
}

/// The index of a node among `siblings` (those on one side of it) counted from 0, tested against An+B.
std::string nth_test(const std::string& siblings, int step, int offset) {
  const std::string count = "count(" + siblings + ")";
  const long first = static_cast<long>(offset) - 1;
  if (step == 0) return first < 0 ? "false()" : count + " = " + std::to_string(first);
  const std::string size = std::to_string(step < 0 ? -step : step);
  if (step > 0) {
    const std::string from = count + " >= " + std::to_string(first);
    return step == 1 ? from : from + " and (" + count + " - " + std::to_string(first) + ") mod " + size + " = 0";
  }
  const std::string up_to = count + " <= " + std::to_string(first);
  return step == -1 ? up_to : up_to + " and (" + std::to_string(first) + " - " + count + ") mod " + size + " = 0";
}

std::string any_of_names(std::initializer_list<std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += " or ";
    out += "self::" + std::string(name);
  }
  return "(" + out + ")";
}

class Generator {
 public:
  explicit Generator(std::string_view source) : source_(source) {}

  CssXPath run() {
    bool text = false;
    CssXPath out;
    for (const CssSelector& selector : parse_selector(source_)) {
      if (!out.xpath.empty()) out.xpath += " | ";
      out.xpath += "descendant-or-self::" + backwards(selector.complex, reaches_down(selector));
      if (selector.target == CssTarget::kText) out.xpath += "/text()";
      if (selector.target == CssTarget::kAttribute) out.xpath += "/" + attribute_node(selector.attribute);
      if (selector.target == CssTarget::kHtml) out.html = true;
      if (selector.target == CssTarget::kNormalizedText) text = true;
    }
    if (text && out.html) {
      throw_selector_error("css selector", source_, "::html must stand behind each selector of the list or none", 0);
    }
    out.prefix_stable = stable_;
    return out;
  }

 private:
  /// In Scrapy "div *::text" is all text below a div, also the div's own, and so for ::attr.
  static bool reaches_down(const CssSelector& selector) {
    const CssCompound& last = selector.complex.compounds.back();
    return (selector.target == CssTarget::kText || selector.target == CssTarget::kAttribute) && last.tag == "*" &&
           last.conditions.empty() && selector.complex.combinators.back() == ' ';
  }

  /// The node test of the last compound and, as predicates, all the rest.
  std::string backwards(const CssComplex& complex, bool last_may_be_self = false) {
    std::string out = step(complex.compounds[0]);
    for (std::size_t i = 1; i < complex.compounds.size(); ++i) {
      std::string axis;
      switch (complex.combinators[i]) {
        case '>': axis = "parent::" + out; break;
        case '+': axis = "preceding-sibling::*[1][self::" + out + "]"; break;
        case '~': axis = "preceding-sibling::" + out; break;
        default:
          axis = (last_may_be_self && i + 1 == complex.compounds.size() ? "ancestor-or-self::" : "ancestor::") + out;
          break;
      }
      out = step(complex.compounds[i]) + "[" + axis + "]";
    }
    return out;
  }

  /// A path from the node that :has() is about.
  std::string forwards(const CssComplex& complex) {
    std::string out;
    for (std::size_t i = 0; i < complex.compounds.size(); ++i) {
      if (i > 0) out += "/";
      const std::string test = step(complex.compounds[i]);
      switch (complex.combinators[i]) {
        case '>': out += "child::" + test; break;
        case '+': out += "following-sibling::*[1][self::" + test + "]"; break;
        case '~': out += "following-sibling::" + test; break;
        default: out += "descendant::" + test; break;
      }
    }
    return out;
  }

  static std::string node_test(const std::string& tag) {
    return tag == "*" || is_plain_name(tag) ? tag : "*[name() = " + xpath_literal(tag) + "]";
  }

  std::string step(const CssCompound& compound) {
    std::string out = node_test(compound.tag);
    for (const CssCondition& condition : compound.conditions) out += "[" + test(condition, compound.tag) + "]";
    return out;
  }

  std::string test(const CssCondition& condition, const std::string& tag) {
    switch (condition.kind) {
      case CssConditionKind::kId: return "@id = " + xpath_literal(condition.name);
      case CssConditionKind::kClass: return "@class and " + word_test("@class", condition.name);
      case CssConditionKind::kAttribute: return attribute_test(condition);
      case CssConditionKind::kPseudoClass: break;
    }
    return pseudo_class(condition, tag);
  }

  std::string unstable(std::string expression) {
    stable_ = false;
    return expression;
  }

  std::string pseudo_class(const CssCondition& condition, const std::string& tag) {
    const std::string& name = condition.name;
    if (name.ends_with("-of-type") && tag == "*") {
      throw_selector_error("css selector", source_, ":" + name + " needs an element name before it",
                           condition.position);
    }
    const std::string type = node_test(tag);
    const std::string before = "preceding-sibling::";
    const std::string behind = "following-sibling::";
    if (name == "root") return "not(parent::*)";
    if (name == "first-child") return "not(" + before + "*)";
    if (name == "first-of-type") return "not(" + before + type + ")";
    if (name == "last-child") return unstable("not(" + behind + "*)");
    if (name == "last-of-type") return unstable("not(" + behind + type + ")");
    if (name == "only-child") return unstable("not(" + before + "*) and not(" + behind + "*)");
    if (name == "only-of-type") return unstable("not(" + before + type + ") and not(" + behind + type + ")");
    if (name == "nth-child") return nth_test(before + "*", condition.step, condition.offset);
    if (name == "nth-of-type") return nth_test(before + type, condition.step, condition.offset);
    if (name == "nth-last-child") return unstable(nth_test(behind + "*", condition.step, condition.offset));
    if (name == "nth-last-of-type") return unstable(nth_test(behind + type, condition.step, condition.offset));
    if (name == "empty") return unstable("not(*) and not(string-length())");
    if (name == "contains") return unstable("contains(., " + xpath_literal(condition.value) + ")");
    if (name == "not") return "not(" + any(condition.selectors) + ")";
    if (name == "is" || name == "where" || name == "matches") return any(condition.selectors);
    if (name == "has") return unstable(any_forwards(condition.selectors));
    return html_state(condition);
  }

  std::string any(const std::vector<CssComplex>& selectors) {
    std::string out;
    for (const CssComplex& selector : selectors) out += (out.empty() ? "self::" : " or self::") + backwards(selector);
    return out;
  }

  std::string any_forwards(const std::vector<CssComplex>& selectors) {
    std::string out;
    for (const CssComplex& selector : selectors) out += (out.empty() ? "" : " or ") + forwards(selector);
    return out;
  }

  /// The states that a page's text alone decides; those that need a user (":hover") never hold.
  std::string html_state(const CssCondition& condition) {
    const std::string& name = condition.name;
    const std::string controls = any_of_names({"input", "button", "select", "textarea"});
    const std::string hidden = "(self::input and " + translated("string(@type)") + " = 'hidden')";
    const std::string inherits = "(" + controls + " and ancestor::fieldset[@disabled])";
    if (name == "link" || name == "any-link") return "@href and " + any_of_names({"a", "area", "link"});
    if (name == "checked") {
      const std::string type = translated("string(@type)");
      return "(@selected and self::option) or (@checked and self::input and (" + type + " = 'checkbox' or " + type +
             " = 'radio'))";
    }
    if (name == "disabled") {
      return "(@disabled and not(" + hidden + ") and " +
             any_of_names({"input", "button", "select", "textarea", "optgroup", "option", "fieldset"}) + ") or " +
             inherits;
    }
    if (name == "enabled") {
      return "(@href and " + any_of_names({"a", "area", "link"}) + ") or (not(@disabled) and not(" + hidden +
             ") and not(" + inherits + ") and " +
             any_of_names({"input", "button", "select", "textarea", "optgroup", "option", "fieldset"}) + ")";
    }
    if (name == "lang") {
      return "ancestor-or-self::*[@lang][1][starts-with(concat(" + translated("string(@lang)") + ", '-'), " +
             xpath_literal(lowered(condition.value) + "-") + ")]";
    }
    if (name == "hover" || name == "active" || name == "focus" || name == "visited" || name == "target")
      return "false()";
    throw_selector_error("css selector", source_, "unknown pseudo-class :" + name, condition.position);
  }

  std::string_view source_;
  bool stable_ = true;
};

}  // namespace

std::string xpath_literal(std::string_view text) {
  if (text.find('\'') == std::string_view::npos) return "'" + std::string(text) + "'";
  if (text.find('"') == std::string_view::npos) return "\"" + std::string(text) + "\"";
  std::string out = "concat(";
  for (std::size_t i = 0; i < text.size();) {
    const char quote = text[i] == '\'' ? '"' : '\'';
    const std::size_t stop = std::min(text.find(quote, i), text.size());
    if (i > 0) out += ", ";
    out += quote + std::string(text.substr(i, stop - i)) + quote;
    i = stop;
  }
  return out + ")";
}

CssXPath css_to_xpath(std::string_view selector) { return Generator(selector).run(); }

}  // namespace corolla::inline v0::crawl
