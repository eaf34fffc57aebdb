// SPDX-License-Identifier: Apache-2.0
/// \file
/// Named fields of a page, by CSS, XPath or regular expression.
///
/// A field is written `NAME=KIND:EXPRESSION`:
///
///     title=css:h1.title                 text of the first match, runs of whitespace made one space
///     title=css:h1::text                 its own text nodes only, as they are (Scrapy's ::text)
///     link=css:a.next::attr(href)        an attribute's value (Scrapy's ::attr)
///     body=css:article::html             the element with its markup (Scrapy's plain .get())
///     score=xpath://strong[@property="v:average"]/text()
///     year=re:\((\d{4})\)                RE2 syntax on the page's source; the first group, else the whole match
///     links[]=css:a::attr(href)          "[]" behind the name: all matches, as a list (Scrapy's .getall())
///
/// - CSS: Selectors Level 3 and of Level 4 :is, :where, :not(list), :has, [attr=value i]; also :contains("text") and
///   [attr!=value], which lxml's users know. Element and attribute names are case-insensitive, as HTML's are.
/// - XPath 1.0, with the functions of the core library. An element gives its text as CSS does, other nodes give their
///   value as it is, and a number, a boolean or a string is one value.
/// - Regular expressions run in linear time on any input.
///
/// Compile a FieldSet once and share it: extract() is const, synchronous and thread safe. Where each field wants only its first match and that can
/// no longer change, the rest of the page is not parsed.
///
/// Limits: a selector has at most 4,096 bytes; a page nested deeper than 256 elements is read up to there, a tag with
/// more than 256 attributes ends the tree, and an XPath that needs more than 20 million steps on a page is given up:
/// each is told in FieldValue::error or Extraction::truncated.
///
/// Source: Selectors Level 3 and 4; XPath 1.0; parsel's documentation for the pseudo-elements.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/error.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

/// A field specification or selector that does not parse. what() is one line that names the place.
class COROLLA_API SelectorError : public ValueError {
 public:
  SelectorError(std::string message, std::size_t position) : ValueError(std::move(message)), position_(position) {}
  ~SelectorError() override;
  /// Bytes before the error, counted in the text that was parsed.
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

 private:
  std::size_t position_;
};

enum class FieldKind { kCss, kXPath, kRegex };

struct COROLLA_API FieldSpec {
  std::string name;  ///< letters, digits, '_', '-', '.'
  FieldKind kind = FieldKind::kCss;
  std::string expression;
  bool all = false;  ///< all matches, not only the first one

  /// Reads `NAME=KIND:EXPRESSION`. The expression itself is checked by FieldSet. Throws SelectorError.
  static FieldSpec parse(std::string_view text);
};

struct FieldValue {
  std::string_view name;            ///< valid as long as the FieldSet
  bool is_list = false;             ///< the field asked for all matches
  std::vector<std::string> values;  ///< UTF-8; at most one unless is_list
  std::string error;                ///< why there are no values, where a limit was hit; usually empty
};

struct Extraction {
  std::vector<FieldValue> fields;  ///< one for each FieldSpec, in their order
  bool truncated = false;          ///< the parser gave up before the end of the page (nested too deep)
};

class COROLLA_API FieldSet {
 public:
  /// Compiles all expressions. Throws SelectorError for the first bad one, and ValueError for a name used twice.
  explicit FieldSet(std::vector<FieldSpec> specs);
  ~FieldSet();
  FieldSet(FieldSet&&) noexcept;
  FieldSet& operator=(FieldSet&&) noexcept;

  [[nodiscard]] const std::vector<FieldSpec>& specs() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return specs().empty(); }

  /// Decodes `bytes` (see charset.hpp) and extracts. `http_charset` is the charset of the Content-Type header, if any.
  [[nodiscard]] Extraction extract(std::string_view bytes, std::string_view http_charset = {}) const;

  /// The same for a page that is UTF-8 already, such as Utf8Text::view().
  [[nodiscard]] Extraction extract_utf8(std::string_view html) const;

  /// Parses the whole page always. For tests: the values are those of extract_utf8.
  [[nodiscard]] Extraction extract_utf8_without_early_stop(std::string_view html) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace corolla::inline v0::crawl
