// SPDX-License-Identifier: Apache-2.0
#include "crawl/extract/css_tokenizer.hpp"

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/css_escape.hpp"
#include "crawl/extract/selector_error.hpp"

#include <utility>

namespace corolla::inline v0::crawl {

namespace {

/// Controls, U+FFFE and U+FFFF: neither a libxml2 tree nor XPath has them.
bool has_impossible_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') return true;
  }
  return text.find("\xEF\xBF\xBE") != std::string_view::npos || text.find("\xEF\xBF\xBF") != std::string_view::npos;
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  std::vector<CssToken> run() {
    while (i_ < text_.size()) {
      start_ = i_;
      const char c = text_[i_];
      if (is_space(c)) {
        while (i_ < text_.size() && is_space(text_[i_])) ++i_;
        add(CssTokenKind::kSpace, {});
      } else if (c == '/' && peek(1) == '*') {
        const std::size_t close = text_.find("*/", i_ + 2);
        if (close == std::string_view::npos) throw_selector_error("css selector", text_, "unclosed comment", i_);
        i_ = close + 2;
      } else if (c == '"' || c == '\'') {
        add(CssTokenKind::kString, string());
      } else if (c == '#' && is_name_part(i_ + 1)) {
        ++i_;
        add(CssTokenKind::kHash, name());
      } else if (is_digit(c)) {
        add(CssTokenKind::kNumber, name());
      } else if (starts_identifier()) {
        std::string text = name();
        const bool function = peek(0) == '(';
        if (function) ++i_;
        add(function ? CssTokenKind::kFunction : CssTokenKind::kIdentifier, std::move(text));
      } else {
        ++i_;
        add(CssTokenKind::kDelimiter, std::string(1, c));
      }
    }
    start_ = i_;
    add(CssTokenKind::kEnd, {});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead) const { return i_ + ahead < text_.size() ? text_[i_ + ahead] : '\0'; }

  [[nodiscard]] bool is_name_part(std::size_t at) const {
    if (at >= text_.size()) return false;
    const char c = text_[at];
    if (c == '\\') return at + 1 < text_.size() && text_[at + 1] != '\n';
    return is_alnum(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  }

  [[nodiscard]] bool starts_identifier() const {
    if (text_[i_] == '-') return is_name_part(i_ + 1) && !is_digit(peek(1));
    return is_name_part(i_);
  }

  std::string name() {
    std::string out;
    while (is_name_part(i_)) {
      if (text_[i_] == '\\') {
        i_ = append_css_escape(text_, i_, out);
      } else {
        out.push_back(text_[i_++]);
      }
    }
    return out;
  }

  std::string string() {
    const char quote = text_[i_++];
    std::string out;
    while (i_ < text_.size() && text_[i_] != quote && text_[i_] != '\n') {
      if (text_[i_] == '\\') {
        i_ = append_css_escape(text_, i_, out);
      } else {
        out.push_back(text_[i_++]);
      }
    }
    if (i_ >= text_.size() || text_[i_] != quote)
      throw_selector_error("css selector", text_, "unclosed string", start_);
    ++i_;
    return out;
  }

  void add(CssTokenKind kind, std::string text) {
    if (has_impossible_character(text)) {
      throw_selector_error("css selector", text_, "a character that no page can hold", start_);
    }
    tokens_.push_back({kind, std::move(text), start_});
  }

  std::string_view text_;
  std::size_t i_ = 0;
  std::size_t start_ = 0;
  std::vector<CssToken> tokens_;
};

}  // namespace

std::vector<CssToken> tokenize_selector(std::string_view selector) { return Tokenizer(selector).run(); }

}  // namespace corolla::inline v0::crawl
