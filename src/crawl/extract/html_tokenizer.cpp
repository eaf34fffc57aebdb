// SPDX-License-Identifier: Apache-2.0
// The states of the standard's tokenizer, folded where two of them end at the same character:
//
// - data: text is skipped by memchr to the next '<'. A letter after it starts a tag, "</" and a letter an end tag, "</>"
//   is nothing, '!' a declaration, '?' and "</" before anything else a bogus comment, any other character is text.
// - a declaration is a comment, which ends at "-->" or "--!>" (and "<!-->", "<!--->" are whole ones), or a DOCTYPE, CDATA
//   section or bogus comment. All of these end at the first '>': so does a DOCTYPE's quoted identifier (parse error
//   "abrupt"), and CDATA exists only in foreign content, which needs a tree to be told.
// - a tag: the name ends at whitespace, '/' or '>'; then attributes. A value stands in double quotes, single quotes or
//   none; '/' separates unless it stands in a value. The end of the page inside a tag drops the tag.
// - the text of script, style, textarea ... ends at "</name" followed by whitespace, '/' or '>'. A script has two states
//   more: after "<!--" it is escaped until "-->", and in there "<script" is matched by its own "</script".
#include "crawl/extract/html_tokenizer.hpp"

#include "crawl/extract/ascii.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace corolla::inline v0::crawl {

namespace {

enum Class : std::uint8_t { kSpace = 1, kSlash = 2, kGreater = 4, kEquals = 8 };

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> table{};
  for (const char c : {' ', '\t', '\n', '\r', '\f'}) table[static_cast<unsigned char>(c)] = kSpace;
  table['/'] = kSlash;
  table['>'] = kGreater;
  table['='] = kEquals;
  return table;
}();

inline bool is(char c, unsigned classes) noexcept { return (kClasses[static_cast<unsigned char>(c)] & classes) != 0; }

inline const char* find(const char* p, const char* end, char c) noexcept {
  return p < end ? static_cast<const char*>(std::memchr(p, c, static_cast<std::size_t>(end - p))) : nullptr;
}

inline std::string_view view(const char* begin, const char* end) noexcept {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

bool HtmlTokenizer::next() {
  const char* p = position_;
  while ((p = find(p, end_, '<')) != nullptr) {
    ++p;
    if (p == end_) break;
    if (is_alpha(*p)) {
      end_tag_ = false;
      return read_tag(p);
    }
    if (*p == '/') {
      ++p;
      if (p == end_) break;
      if (is_alpha(*p)) {
        end_tag_ = true;
        return read_tag(p);
      }
      p = find(p, end_, '>');
    } else if (*p == '!') {
      p = skip_markup_declaration(p + 1);
    } else if (*p == '?') {
      p = find(p, end_, '>');
    }
    if (p == nullptr) break;
  }
  position_ = end_;
  return false;
}

bool HtmlTokenizer::read_tag(const char* p) {
  attributes_.clear();
  self_closing_ = false;
  const char* start = p;
  while (p < end_ && !is(*p, kSpace | kSlash | kGreater)) ++p;
  name_ = view(start, p);
  if (p < end_ && *p == '>') {
    position_ = p + 1;
    return true;
  }
  return read_attributes(p);
}

bool HtmlTokenizer::read_attributes(const char* p) {
  while (true) {
    while (p < end_ && is(*p, kSpace)) ++p;
    if (p == end_) break;
    if (*p == '>') {
      position_ = p + 1;
      return true;
    }
    if (*p == '/') {
      ++p;
      if (p < end_ && *p == '>') {
        self_closing_ = true;
        position_ = p + 1;
        return true;
      }
      continue;
    }
    const char* name = p;
    ++p;  // the first character belongs to the name even if it is '='
    while (p < end_ && !is(*p, kSpace | kSlash | kGreater | kEquals)) ++p;
    HtmlAttribute attribute{view(name, p), {}};
    while (p < end_ && is(*p, kSpace)) ++p;
    if (p < end_ && *p == '=') {
      ++p;
      while (p < end_ && is(*p, kSpace)) ++p;
      if (p == end_) break;
      if (*p == '"' || *p == '\'') {
        const char* close = find(p + 1, end_, *p);
        if (close == nullptr) break;
        attribute.value = view(p + 1, close);
        p = close + 1;
      } else {
        const char* value = p;
        while (p < end_ && !is(*p, kSpace | kGreater)) ++p;
        attribute.value = view(value, p);
      }
    }
    if (attributes_.size() < kMaxAttributes) attributes_.push_back(attribute);
  }
  position_ = end_;
  return false;
}

/// `p` stands behind "<!". Returns the place behind the declaration, or null if the page ends before.
const char* HtmlTokenizer::skip_markup_declaration(const char* p) const noexcept {
  const bool comment = end_ - p >= 2 && p[0] == '-' && p[1] == '-';
  if (!comment) return find(p, end_, '>');
  const char* text = p + 2;
  if (text < end_ && *text == '>') return text + 1;
  if (end_ - text >= 2 && text[0] == '-' && text[1] == '>') return text + 2;
  for (const char* close = find(text, end_, '>'); close != nullptr; close = find(close + 1, end_, '>')) {
    const auto length = close - text;
    if (length >= 2 && close[-1] == '-' && close[-2] == '-') return close + 1;
    if (length >= 3 && close[-1] == '!' && close[-2] == '-' && close[-3] == '-') return close + 1;
  }
  return nullptr;
}

bool HtmlTokenizer::at_name(const char* p, std::string_view lower_name) const noexcept {
  const auto rest = static_cast<std::size_t>(end_ - p);
  if (rest <= lower_name.size()) return false;
  return equals_ignoring_case({p, lower_name.size()}, lower_name) &&
         is(p[lower_name.size()], kSpace | kSlash | kGreater);
}

/// Whether "</name" and a delimiter stand at the '<' that `p` points to.
bool HtmlTokenizer::at_end_tag(const char* p, std::string_view lower_name) const noexcept {
  return end_ - p >= 2 && p[1] == '/' && at_name(p + 2, lower_name);
}

std::string_view HtmlTokenizer::text(TextMode mode, std::string_view lower_name) noexcept {
  const char* start = position_;
  const char* stop = end_;
  if (mode == TextMode::kScriptData) {
    stop = script_end();
  } else if (mode != TextMode::kPlaintext && !lower_name.empty()) {
    for (const char* p = find(start, end_, '<'); p != nullptr; p = find(p + 1, end_, '<')) {
      if (!at_end_tag(p, lower_name)) continue;
      stop = p;
      break;
    }
  }
  position_ = stop;
  return view(start, stop);
}

/// The '<' of the end tag that closes the script opened before position_, or the end of the page.
const char* HtmlTokenizer::script_end() const noexcept {
  enum class State { kPlain, kEscaped, kDoubleEscaped } state = State::kPlain;
  const char* dashes = nullptr;  // where the "--" of the "-->" that leaves the escape may begin
  const char* p = position_;
  while (p < end_) {
    if (state == State::kPlain) {
      p = find(p, end_, '<');
      if (p == nullptr) break;
    }
    if (*p == '<') {
      if (at_end_tag(p, "script")) {
        if (state != State::kDoubleEscaped) return p;
        state = State::kEscaped;
      } else if (state == State::kPlain && end_ - p >= 4 && p[1] == '!' && p[2] == '-' && p[3] == '-') {
        state = State::kEscaped;
        dashes = p + 2;
        p += 3;
      } else if (state == State::kEscaped && at_name(p + 1, "script")) {
        state = State::kDoubleEscaped;
      }
    } else if (*p == '>' && p - dashes >= 2 && p[-1] == '-' && p[-2] == '-') {
      state = State::kPlain;
    }
    ++p;
  }
  return end_;
}

}  // namespace corolla::inline v0::crawl
