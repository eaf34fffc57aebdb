// SPDX-License-Identifier: Apache-2.0
#include "http/server/path_pattern.hpp"

#include <corolla/http/percent.hpp>
#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include <re2/re2.h>

namespace corolla::inline v0::http {

namespace {

constexpr std::string_view kUuid = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_identifier(std::string_view text) noexcept {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

// Digits alone, and not too many for 64 bits.
bool is_integer(std::string_view text) noexcept {
  if (text.empty() || !is_digit(text.front())) return false;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

std::shared_ptr<const re2::RE2> compile(const std::string& source) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_shared<const re2::RE2>(source, options);
}

bool fits(const re2::RE2& expression, std::string_view value) {
  return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), expression);
}

// Where the text that begins at `from` has its next '/' outside of braces; its end without one.
std::size_t segment_end(std::string_view text, std::size_t from) {
  int depth = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\\' && depth > 0) {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}') {
      --depth;
    } else if (text[i] == '/' && depth <= 0) {
      return i;
    }
  }
  return text.size();
}

// Where the brace that opens at `from` is closed; npos when it is not.
std::size_t closing_brace(std::string_view text, std::size_t from) {
  int depth = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// What may stand in a segment as it is: pchar of RFC 3986, without the quote that ends an attribute of HTML.
std::string encode_segment(std::string_view text) {
  constexpr std::string_view kPlain = "!$&()*+,;=:@";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) out += c;
    else out += percent_encode(std::string_view(&c, 1));
  }
  return out;
}

std::string encode_tail(std::string_view text) {
  std::string out;
  for (;;) {
    const auto slash = text.find('/');
    out += encode_segment(text.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    out += '/';
    text.remove_prefix(slash + 1);
  }
}

bool holds_dot_segment(std::string_view text) {
  for (;;) {
    const auto slash = text.find('/');
    const std::string_view segment = text.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    if (slash == std::string_view::npos) return false;
    text.remove_prefix(slash + 1);
  }
}

bool accepts(const PatternPiece& piece, std::string_view value) {
  switch (piece.kind) {
    case SegmentKind::kInteger: return is_integer(value);
    case SegmentKind::kUuid: return is_uuid(value);
    case SegmentKind::kExpression: return fits(*piece.expression, value);
    case SegmentKind::kText: return !value.empty();
    case SegmentKind::kTail:
    case SegmentKind::kLiteral: break;
  }
  return true;
}

// The source of what a piece matches within an expression, and the groups of its own that it brings.
std::pair<std::string, int> source_of(const PatternPiece& piece) {
  if (!piece.is_parameter) return {re2::RE2::QuoteMeta(piece.text), 0};
  switch (piece.kind) {
    case SegmentKind::kInteger: return {"([0-9]{1,18})", 1};
    case SegmentKind::kUuid: return {"(" + std::string(kUuid) + ")", 1};
    case SegmentKind::kExpression:
      return {"(" + piece.expression->pattern() + ")", 1 + piece.expression->NumberOfCapturingGroups()};
    default: return {"((?s:.+))", 1};
  }
}

}  // namespace

bool PatternSegment::match(std::string_view value, std::vector<std::string_view>& values) const {
  if (kind != SegmentKind::kExpression) {
    if (!accepts(pieces.front(), value)) return false;
    values.push_back(value);
    return true;
  }
  constexpr int kMost = 17;
  std::array<re2::StringPiece, kMost> found;
  const re2::StringPiece whole(value.data(), value.size());
  if (!expression->Match(whole, 0, whole.size(), re2::RE2::ANCHOR_BOTH, found.data(),
                         expression->NumberOfCapturingGroups() + 1))
    return false;
  for (const int group : groups) {
    const re2::StringPiece& text = found[static_cast<std::size_t>(group)];
    values.emplace_back(text.data() == nullptr ? std::string_view() : std::string_view(text.data(), text.size()));
  }
  return true;
}

PathPattern::PathPattern(std::string_view text) : text_(text) {
  if (!text.starts_with('/')) refuse("it does not begin with '/'");
  for (std::size_t begin = 1; begin <= text.size();) {
    const std::size_t end = segment_end(text, begin);
    segments_.push_back(parse_segment(text.substr(begin, end - begin), end == text.size()));
    begin = end + 1;
  }
}

void PathPattern::refuse(const std::string& why) const { throw ValueError("the path \"" + text_ + "\": " + why); }

PatternSegment PathPattern::parse_segment(std::string_view text, bool last) {
  PatternSegment segment;
  while (!text.empty()) {
    if (text.front() == '{') {
      const std::size_t end = closing_brace(text, 0);
      if (end == std::string_view::npos) refuse("a '{' is not closed");
      segment.pieces.push_back(parse_parameter(text.substr(1, end - 1)));
      text.remove_prefix(end + 1);
      continue;
    }
    const std::string_view literal = text.substr(0, text.find('{'));
    if (literal.find('}') != std::string_view::npos) refuse("a '}' closes nothing");
    if (literal.find_first_of("?#") != std::string_view::npos) refuse("it holds a query or a fragment");
    PatternPiece piece;
    piece.text = percent_decode(literal);
    segment.pieces.push_back(std::move(piece));
    text.remove_prefix(literal.size());
  }

  const bool alone = segment.pieces.size() == 1;
  if (segment.pieces.empty()) return segment;
  if (alone && !segment.pieces.front().is_parameter) {
    segment.text = segment.pieces.front().text;
    if (segment.text == "." || segment.text == "..") refuse("a segment of dots matches nothing");
    return segment;
  }
  for (const PatternPiece& piece : segment.pieces) {
    if (piece.is_parameter && piece.kind == SegmentKind::kTail && !(alone && last))
      refuse("{" + piece.text + "*} is not its whole last segment");
  }
  if (alone && segment.pieces.front().kind != SegmentKind::kExpression) {
    segment.kind = segment.pieces.front().kind;
    return segment;
  }
  segment.kind = SegmentKind::kExpression;
  int group = 1;
  for (const PatternPiece& piece : segment.pieces) {
    const auto [source, count] = source_of(piece);
    if (piece.is_parameter) segment.groups.push_back(group);
    group += count;
    segment.text += source;
  }
  if (group > 17) refuse("a segment has more than 16 groups");
  segment.expression = compile(segment.text);
  if (!segment.expression->ok()) refuse(segment.expression->error());
  // "\Q" in one piece would quote the parentheses of the next.
  if (segment.expression->NumberOfCapturingGroups() + 1 != group) refuse("an expression reaches beyond its parameter");
  return segment;
}

PatternPiece PathPattern::parse_parameter(std::string_view text) {
  PatternPiece piece;
  piece.is_parameter = true;
  piece.kind = SegmentKind::kText;
  const auto colon = text.find(':');
  std::string_view name = text.substr(0, colon);
  if (colon == std::string_view::npos && name.ends_with('*')) {
    name.remove_suffix(1);
    piece.kind = SegmentKind::kTail;
  }
  if (!is_identifier(name)) refuse("\"" + std::string(name) + "\" is no name of a parameter");
  if (std::find(names_.begin(), names_.end(), name) != names_.end())
    refuse("it has two parameters \"" + std::string(name) + "\"");
  piece.text = name;
  names_.push_back(piece.text);
  if (colon == std::string_view::npos) return piece;

  const std::string_view type = text.substr(colon + 1);
  if (type == "str") return piece;
  if (type == "int") {
    piece.kind = SegmentKind::kInteger;
  } else if (type == "uuid") {
    piece.kind = SegmentKind::kUuid;
  } else if (type == "path") {
    piece.kind = SegmentKind::kTail;
  } else if (type.empty() || is_identifier(type)) {
    refuse("\"" + std::string(type) + "\" is no type of a parameter: str, int, uuid, path or a regular expression");
  } else {
    piece.kind = SegmentKind::kExpression;
    piece.expression = compile(std::string(type));
    if (!piece.expression->ok()) refuse(piece.expression->error());
  }
  return piece;
}

std::string PathPattern::build(const std::vector<std::pair<std::string_view, std::string_view>>& values) const {
  for (const auto& [name, value] : values) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end())
      refuse("it has no parameter \"" + std::string(name) + "\"");
  }
  std::string path;
  for (const PatternSegment& segment : segments_) {
    path += '/';
    std::string decoded;
    for (const PatternPiece& piece : segment.pieces) {
      if (!piece.is_parameter) {
        decoded += piece.text;
        continue;
      }
      const auto given =
          std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == piece.text; });
      if (given == values.end()) refuse("no value for \"" + piece.text + "\"");
      if (!accepts(piece, given->second))
        refuse("\"" + std::string(given->second) + "\" does not match \"" + piece.text + "\"");
      decoded += given->second;
    }
    if (segment.kind == SegmentKind::kTail ? holds_dot_segment(decoded) : decoded == "." || decoded == "..")
      refuse("a segment of dots matches nothing");
    if (segment.kind == SegmentKind::kExpression && !fits(*segment.expression, decoded))
      refuse("\"" + decoded + "\" does not match a segment of it");
    path += segment.kind == SegmentKind::kTail ? encode_tail(decoded) : encode_segment(decoded);
  }
  return path;
}

}  // namespace corolla::inline v0::http
