// SPDX-License-Identifier: Apache-2.0
// A style sheet is read by the tokens that can hold or hide a link: comments, strings, url(...) and @import. Everything
// else is skipped. A newline ends a broken string, as CSS Syntax says, so that one stray quote hides one line only.
#include <corolla/crawl/links.hpp>

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/css_escape.hpp"

#include <string>

namespace corolla::inline v0::crawl {

namespace {

bool is_identifier(char c) { return is_alnum(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

class CssLinks {
 public:
  CssLinks(std::string_view css, const LinkCallback& callback) : css_(css), callback_(callback) {}

  void run() {
    bool import = false;  // the next string or url() is what @import takes
    while (i_ < css_.size()) {
      const char c = css_[i_];
      if (c == '/' && peek(1) == '*') {
        const std::size_t close = css_.find("*/", i_ + 2);
        i_ = close == std::string_view::npos ? css_.size() : close + 2;
      } else if (c == '"' || c == '\'') {
        read_string();
        if (import) report(LinkKind::kStylesheet);
        import = false;
      } else if (c == '@') {
        ++i_;
        import = equals_ignoring_case(word(), "import");
      } else if (is_identifier(c)) {
        const std::string_view name = word();
        if (peek(0) == '(' && equals_ignoring_case(name, "url")) {
          ++i_;
          if (read_url()) report(import ? LinkKind::kStylesheet : LinkKind::kCss);
        }
        import = false;
      } else if (c == '\\') {
        i_ += 2;
      } else {
        if (!is_space(c)) import = false;
        ++i_;
      }
    }
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead) const { return i_ + ahead < css_.size() ? css_[i_ + ahead] : '\0'; }

  std::string_view word() {
    const std::size_t start = i_;
    while (i_ < css_.size() && is_identifier(css_[i_])) ++i_;
    return css_.substr(start, i_ - start);
  }

  void read_string() {
    const char quote = css_[i_++];
    value_.clear();
    while (i_ < css_.size() && css_[i_] != quote && css_[i_] != '\n') {
      if (css_[i_] == '\\') {
        i_ = append_css_escape(css_, i_, value_);
      } else {
        value_.push_back(css_[i_++]);
      }
    }
    if (i_ < css_.size()) ++i_;
  }

  /// Behind "url(". False for a url that is malformed (a bad-url token) or not closed.
  bool read_url() {
    while (is_space(peek(0))) ++i_;
    if (peek(0) == '"' || peek(0) == '\'') {
      read_string();
      return true;
    }
    value_.clear();
    bool good = true;
    while (i_ < css_.size() && css_[i_] != ')') {
      const char c = css_[i_];
      if (c == '\\') {
        i_ = append_css_escape(css_, i_, value_);
      } else {
        good = good && c != '"' && c != '\'' && c != '(';
        value_.push_back(c);
        ++i_;
      }
    }
    return good && i_ < css_.size() && trim(value_).find_first_of(" \t\r\n\f") == std::string_view::npos;
  }

  void report(LinkKind kind) {
    const std::string_view value = trim(value_);
    if (!value.empty()) callback_(Link{{}, {}, value, kind, false});
  }

  std::string_view css_;
  const LinkCallback& callback_;
  std::size_t i_ = 0;
  std::string value_;
};

}  // namespace

void for_each_css_link(std::string_view css, const LinkCallback& callback) { CssLinks(css, callback).run(); }

}  // namespace corolla::inline v0::crawl
