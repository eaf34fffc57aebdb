// SPDX-License-Identifier: Apache-2.0
// The tags of an HTML page, one after another, as WHATWG's tokenizer (HTML standard, section 13.2.5) finds them. No tree,
// no allocation on the way: names and values are views of the page, character references not yet decoded.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

struct HtmlAttribute {
  std::string_view name;   // as written, not lower-cased
  std::string_view value;  // as written; empty when there was none
};

/// How the inside of an element is to be read; which element asks for which is the caller's (in a browser: the tree
/// builder's) knowledge.
enum class TextMode { kRcdata, kRawtext, kScriptData, kPlaintext };

/// `html` must outlive the tokenizer. Not thread safe; any number may work side by side.
class HtmlTokenizer {
 public:
  explicit HtmlTokenizer(std::string_view html) noexcept : position_(html.data()), end_(html.data() + html.size()) {}

  /// Goes to the next complete tag; false at the end of the page. A tag that the page's end cuts short is no tag.
  bool next();

  /// Reads the text of the element just opened, up to its end tag (which next() then gives) or the end of the page.
  std::string_view text(TextMode mode, std::string_view lower_name) noexcept;

  [[nodiscard]] bool is_end_tag() const noexcept { return end_tag_; }
  [[nodiscard]] bool is_self_closing() const noexcept { return self_closing_; }
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  /// In order of appearance. Where a name stands twice the first one counts: the caller's affair, for most never look.
  [[nodiscard]] std::span<const HtmlAttribute> attributes() const noexcept { return attributes_; }

  /// A tag with more attributes than this is read on to its end, but the rest of them is not reported.
  static constexpr std::size_t kMaxAttributes = 1024;

 private:
  bool read_tag(const char* p);
  bool read_attributes(const char* p);
  const char* skip_markup_declaration(const char* p) const noexcept;
  [[nodiscard]] bool at_end_tag(const char* p, std::string_view lower_name) const noexcept;
  [[nodiscard]] bool at_name(const char* p, std::string_view lower_name) const noexcept;
  const char* script_end() const noexcept;

  const char* position_;
  const char* end_;
  std::string_view name_;
  std::vector<HtmlAttribute> attributes_;
  bool end_tag_ = false;
  bool self_closing_ = false;
};

}  // namespace corolla::inline v0::crawl
