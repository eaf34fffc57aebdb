// SPDX-License-Identifier: Apache-2.0
#include "crawl/extract/ascii.hpp"
#include "crawl/extract/css_selector.hpp"
#include "crawl/extract/css_tokenizer.hpp"
#include "crawl/extract/selector_error.hpp"

#include <charconv>
#include <string_view>
#include <utility>

namespace corolla::inline v0::crawl {

namespace {

constexpr int kMaxNesting = 16;  // :not(:is(:has(...)))
constexpr int kMaxNth = 1'000'000;

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), tokens_(tokenize_selector(source)) {}

  std::vector<CssSelector> run() {
    std::vector<CssSelector> list;
    while (true) {
      skip_space();
      CssSelector selector;
      selector.complex = complex(false);
      target(selector);
      skip_space();
      list.push_back(std::move(selector));
      if (now().kind == CssTokenKind::kEnd) return list;
      if (!is_delimiter(',')) fail("expected ',' or the end");
      advance();
    }
  }

 private:
  [[nodiscard]] const CssToken& now() const { return tokens_[i_]; }
  [[nodiscard]] const CssToken& after() const { return tokens_[i_ + 1 < tokens_.size() ? i_ + 1 : i_]; }
  void advance() {
    if (i_ + 1 < tokens_.size()) ++i_;
  }
  [[nodiscard]] bool is_delimiter(char c) const { return is_delimiter(now(), c); }
  static bool is_delimiter(const CssToken& token, char c) {
    return token.kind == CssTokenKind::kDelimiter && token.text[0] == c;
  }
  void skip_space() {
    while (now().kind == CssTokenKind::kSpace) advance();
  }
  [[noreturn]] void fail(std::string_view problem) const { fail_at(problem, now().position); }
  [[noreturn]] void fail_at(std::string_view problem, std::size_t position) const {
    throw_selector_error("css selector", source_, problem, position);
  }
  void expect(char c, std::string_view problem) {
    if (!is_delimiter(c)) fail(problem);
    advance();
  }

  CssComplex complex(bool relative) {
    CssComplex out;
    char combinator = ' ';
    if (relative && (is_delimiter('>') || is_delimiter('+') || is_delimiter('~'))) {
      combinator = now().text[0];
      advance();
      skip_space();
    }
    while (true) {
      out.combinators.push_back(combinator);
      out.compounds.push_back(compound());
      const bool space = now().kind == CssTokenKind::kSpace;
      skip_space();
      if (is_delimiter('>') || is_delimiter('+') || is_delimiter('~')) {
        combinator = now().text[0];
        advance();
        skip_space();
      } else if (space && (starts_compound() || (!relative && nesting_ == 0 && is_delimiter(':')))) {
        combinator = ' ';  // "div ::text" is "div *::text"
      } else {
        return out;
      }
    }
  }

  [[nodiscard]] bool starts_compound() const {
    if (now().kind == CssTokenKind::kIdentifier || now().kind == CssTokenKind::kHash) return true;
    if (is_delimiter('*') || is_delimiter('.') || is_delimiter('[')) return true;
    return is_delimiter(':') && !is_delimiter(after(), ':');
  }

  CssCompound compound() {
    CssCompound out{"*", {}};
    bool any = false;
    if (now().kind == CssTokenKind::kIdentifier || is_delimiter('*')) {
      any = true;
      out.tag = lowered(now().text);
      advance();
      if (is_delimiter('|')) {
        if (out.tag != "*") fail("namespace prefixes are not supported");
        advance();
        if (now().kind != CssTokenKind::kIdentifier && !is_delimiter('*')) fail("expected an element name");
        out.tag = lowered(now().text);
        advance();
      }
    }
    while (true) {
      if (now().kind == CssTokenKind::kHash) {
        out.conditions.push_back(named(CssConditionKind::kId, now().text));
        advance();
      } else if (is_delimiter('.')) {
        advance();
        if (now().kind != CssTokenKind::kIdentifier) fail("expected a class name");
        out.conditions.push_back(named(CssConditionKind::kClass, now().text));
        advance();
      } else if (is_delimiter('[')) {
        out.conditions.push_back(attribute());
      } else if (is_delimiter(':') && !is_delimiter(after(), ':')) {
        out.conditions.push_back(pseudo_class());
      } else {
        break;
      }
      any = true;
    }
    // "::text" alone is Scrapy's "*::text".
    const bool pseudo_element = is_delimiter(':') && is_delimiter(after(), ':');
    if (!any && !pseudo_element) fail("expected an element, class, id, attribute or pseudo-class");
    return out;
  }

  CssCondition named(CssConditionKind kind, std::string name) const {
    CssCondition out{};
    out.kind = kind;
    out.name = std::move(name);
    out.position = now().position;
    return out;
  }

  CssCondition attribute() {
    advance();
    skip_space();
    if (now().kind != CssTokenKind::kIdentifier) fail("expected an attribute name");
    CssCondition out = named(CssConditionKind::kAttribute, lowered(now().text));
    advance();
    skip_space();
    if (is_delimiter(']')) {
      advance();
      return out;
    }
    if (now().kind != CssTokenKind::kDelimiter) fail("expected an operator or ']'");
    out.op = now().text[0];
    if (out.op != '=') {
      if (std::string_view("~|^$*!").find(out.op) == std::string_view::npos || !is_delimiter(after(), '=')) {
        fail("expected an operator or ']'");
      }
      advance();
    }
    advance();
    skip_space();
    if (now().kind != CssTokenKind::kIdentifier && now().kind != CssTokenKind::kString &&
        now().kind != CssTokenKind::kNumber) {
      fail("expected a value");
    }
    out.value = now().text;
    advance();
    skip_space();
    if (now().kind == CssTokenKind::kIdentifier) {
      if (!equals_ignoring_case(now().text, "i") && !equals_ignoring_case(now().text, "s")) fail("expected ']'");
      out.ignore_case = equals_ignoring_case(now().text, "i");
      advance();
      skip_space();
    }
    expect(']', "expected ']'");
    return out;
  }

  CssCondition pseudo_class() {
    const std::size_t position = now().position;
    advance();
    if (now().kind != CssTokenKind::kIdentifier && now().kind != CssTokenKind::kFunction) {
      fail("expected a pseudo-class name");
    }
    const bool function = now().kind == CssTokenKind::kFunction;
    CssCondition out = named(CssConditionKind::kPseudoClass, lowered(now().text));
    out.position = position;
    advance();
    const std::string& name = out.name;
    if (name == "not" || name == "is" || name == "where" || name == "matches" || name == "has") {
      if (!function) fail_at(":" + name + " needs an argument", position);
      selector_list(out);
    } else if (name.starts_with("nth-")) {
      if (!function) fail_at(":" + name + " needs an argument", position);
      nth(out);
    } else if (name == "contains" || name == "lang") {
      if (!function) fail_at(":" + name + " needs an argument", position);
      skip_space();
      if (now().kind != CssTokenKind::kIdentifier && now().kind != CssTokenKind::kString) fail("expected a string");
      out.value = now().text;
      advance();
      skip_space();
      expect(')', "expected ')'");
    } else if (function) {
      fail_at("unknown pseudo-class :" + name + "()", position);
    }
    return out;
  }

  void selector_list(CssCondition& out) {
    if (++nesting_ > kMaxNesting) fail("pseudo-classes nested too deep");
    while (true) {
      skip_space();
      if (is_delimiter(':') && is_delimiter(after(), ':')) fail("a pseudo-element cannot stand here");
      out.selectors.push_back(complex(out.name == "has"));
      skip_space();
      if (!is_delimiter(',')) break;
      advance();
    }
    expect(')', "expected ',' or ')'");
    --nesting_;
  }

  /// "odd", "even", "B", "An", "An+B", with spaces around the sign; read from the source, since tokens split it oddly.
  void nth(CssCondition& out) {
    const std::size_t start = now().position;
    while (now().kind != CssTokenKind::kEnd && !is_delimiter(')')) advance();
    const std::size_t stop = now().position;
    expect(')', "expected ')'");
    std::string text = lowered(trim(source_.substr(start, stop - start)));
    if (text == "odd") text = "2n+1";
    if (text == "even") text = "2n";
    const std::size_t n = text.find('n');
    bool good = true;
    if (n != std::string::npos) {
      const std::string_view step = std::string_view(text).substr(0, n);
      out.step = step.empty() || step == "+" ? 1 : step == "-" ? -1 : integer(step, good);
      const std::string_view rest = trim(std::string_view(text).substr(n + 1));
      if (!rest.empty()) {
        good = good && (rest[0] == '+' || rest[0] == '-');
        const std::string_view digits = trim(rest.substr(1));
        good = good && !digits.empty() && is_digit(digits[0]);
        out.offset = integer(digits, good) * (rest[0] == '-' ? -1 : 1);
      }
    } else {
      out.offset = integer(text, good);
    }
    if (!good) fail_at("expected odd, even, a number or An+B", start);
  }

  static int integer(std::string_view text, bool& good) {
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    good = good && error == std::errc() && end == text.data() + text.size() && value <= kMaxNth && value >= -kMaxNth;
    return value;
  }

  void target(CssSelector& selector) {
    if (!is_delimiter(':') || !is_delimiter(after(), ':')) return;
    const std::size_t position = now().position;
    advance();
    advance();
    const CssToken& token = now();
    const std::string name = lowered(token.text);
    if (token.kind == CssTokenKind::kIdentifier && (name == "text" || name == "html")) {
      selector.target = name == "text" ? CssTarget::kText : CssTarget::kHtml;
      advance();
    } else if (token.kind == CssTokenKind::kFunction && name == "attr") {
      advance();
      skip_space();
      if (now().kind != CssTokenKind::kIdentifier) fail("expected an attribute name");
      selector.target = CssTarget::kAttribute;
      selector.attribute = lowered(now().text);
      advance();
      skip_space();
      expect(')', "expected ')'");
    } else {
      fail_at("unknown pseudo-element: ::text, ::html and ::attr(name) exist", position);
    }
  }

  std::string_view source_;
  std::vector<CssToken> tokens_;
  std::size_t i_ = 0;
  int nesting_ = 0;
};

}  // namespace

std::vector<CssSelector> parse_selector(std::string_view selector) { return Parser(selector).run(); }

}  // namespace corolla::inline v0::crawl
