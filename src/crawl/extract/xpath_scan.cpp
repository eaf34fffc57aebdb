// SPDX-License-Identifier: Apache-2.0
// Prefix-stable is decided by a list of what is allowed. Outside predicates: names, '*', '/', '//', '|', '.', '@', text(),
// and the axes that lead down, to attributes or to later siblings, since a node found so is there as soon as it is
// parsed. Inside predicates: attributes, literals, numbers, position(), and the functions below, since all these are
// settled when the element is opened. A string function without an argument reads the element's text, which is not.
#include "crawl/extract/xpath_scan.hpp"

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/selector_error.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace corolla::inline v0::crawl {

namespace {

constexpr std::string_view kStableFunctions[] = {"contains",         "starts-with",     "not",      "concat",
                                                 "substring",        "translate",       "true",     "false",
                                                 "substring-before", "substring-after", "position", "string-length",
                                                 "normalize-space",  "string",          "boolean"};
constexpr std::string_view kOtherFunctions[] = {"last", "count",  "id",  "local-name", "namespace-uri", "name",
                                                "lang", "number", "sum", "floor",      "ceiling",       "round"};
constexpr std::string_view kNodeTypes[] = {"text", "node", "comment", "processing-instruction"};
constexpr std::string_view kForwardAxes[] = {"child", "descendant", "descendant-or-self",
                                             "self",  "attribute",  "following-sibling"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&list)[N]) {
  return std::find(list, list + N, word) != list + N;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool run() {
    while (i_ < text_.size()) {
      const char c = text_[i_];
      if (is_space(c)) {
        ++i_;
      } else if (c == '"' || c == '\'') {
        literal(c);
      } else if (is_digit(c)) {
        while (i_ < text_.size() && (is_digit(text_[i_]) || text_[i_] == '.')) ++i_;
        if (depth_ == 0) stable_ = false;
      } else if (is_name_start(c)) {
        word();
      } else {
        symbol(c);
      }
    }
    return stable_;
  }

 private:
  static bool is_name_start(char c) { return is_alpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
  static bool is_name_part(char c) { return is_name_start(c) || is_digit(c) || c == '-' || c == '.'; }

  [[noreturn]] void fail(const std::string& problem, std::size_t at) const {
    throw_selector_error("xpath", text_, problem, at);
  }

  void literal(char quote) {
    const std::size_t close = text_.find(quote, i_ + 1);
    if (close == std::string_view::npos) fail("unclosed string", i_);
    i_ = close + 1;
    if (depth_ == 0) stable_ = false;
  }

  void symbol(char c) {
    if (c == '$') fail("there are no variables", i_);
    if (c == '[') ++depth_;
    if (c == ']' && depth_ > 0) --depth_;
    if (c == '@') attribute_next_ = true;
    if (c == '.' && (depth_ > 0 || text_.substr(i_, 2) == "..")) stable_ = false;
    if (depth_ == 0 && std::string_view("/|*.@]").find(c) == std::string_view::npos) stable_ = false;
    if (depth_ > 0 && c == '/') stable_ = false;
    if (depth_ > 0 && c == '*' && !attribute_next_) stable_ = false;
    if (c != '@') attribute_next_ = false;
    i_ += text_.substr(i_, 2) == ".." ? 2 : 1;
  }

  void word() {
    const std::size_t start = i_;
    while (i_ < text_.size() && is_name_part(text_[i_])) ++i_;
    const std::string_view name = text_.substr(start, i_ - start);
    const bool attribute = attribute_next_;
    attribute_next_ = false;
    std::size_t next = i_;
    while (next < text_.size() && is_space(text_[next])) ++next;
    if (text_.substr(next, 2) == "::") {
      i_ = next + 2;
      attribute_next_ = name == "attribute";
      if (depth_ > 0 ? name != "attribute" : !is_one_of(name, kForwardAxes)) stable_ = false;
      return;
    }
    if (i_ < text_.size() && text_[i_] == ':') fail("namespace prefix '" + std::string(name) + "' is not known", start);
    if (next < text_.size() && text_[next] == '(') {
      function(name, start, next);
      return;
    }
    if (attribute) return;
    const bool is_operator = name == "and" || name == "or" || name == "div" || name == "mod";
    if (depth_ > 0 && !is_operator) stable_ = false;
  }

  void function(std::string_view name, std::size_t start, std::size_t parenthesis) {
    std::size_t inside = parenthesis + 1;
    while (inside < text_.size() && is_space(text_[inside])) ++inside;
    const bool no_argument = inside < text_.size() && text_[inside] == ')';
    if (is_one_of(name, kNodeTypes)) {
      if (depth_ > 0 || name != "text" || !no_argument) stable_ = false;
      i_ = no_argument ? inside + 1 : parenthesis;
      return;
    }
    const bool allowed = is_one_of(name, kStableFunctions);
    if (!allowed && !is_one_of(name, kOtherFunctions)) fail("unknown function " + std::string(name) + "()", start);
    const bool reads_text = no_argument && name != "position" && name != "true" && name != "false";
    if (depth_ == 0 || !allowed || reads_text) stable_ = false;
  }

  std::string_view text_;
  std::size_t i_ = 0;
  int depth_ = 0;
  bool attribute_next_ = false;
  bool stable_ = true;
};

}  // namespace

bool scan_xpath(std::string_view xpath) { return Scanner(xpath).run(); }

}  // namespace corolla::inline v0::crawl
