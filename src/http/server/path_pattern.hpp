// SPDX-License-Identifier: Apache-2.0
/// \file
/// PathPattern: "/users/{id:int}/{path*}", taken apart; and paths made from it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace re2 {
class RE2;
}

namespace corolla::inline v0::http {

/// What a segment of a pattern matches; where several do, the first of this list is tried first.
enum class SegmentKind : std::uint8_t { kLiteral, kInteger, kUuid, kExpression, kText, kTail };

/// A literal text or a parameter, of which a segment consists.
struct PatternPiece {
  bool is_parameter = false;
  SegmentKind kind = SegmentKind::kLiteral;
  std::string text;                            // decoded literal, or the parameter's name
  std::shared_ptr<const re2::RE2> expression;  // of a parameter that has one
};

struct PatternSegment {
  SegmentKind kind = SegmentKind::kLiteral;
  /// The literal, or the expression's source: segments of one kind and one text match the same.
  std::string text;
  std::vector<PatternPiece> pieces;
  /// Of kExpression: the whole segment's, and which of its groups are the parameters.
  std::shared_ptr<const re2::RE2> expression;
  std::vector<int> groups;

  /// Whether a decoded segment fits; appends the parameters' values, views of `value`. Not for literals and tails.
  [[nodiscard]] bool match(std::string_view value, std::vector<std::string_view>& values) const;
};

class PathPattern {
 public:
  /// ValueError that says what is wrong with it.
  explicit PathPattern(std::string_view text);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::vector<PatternSegment>& segments() const noexcept { return segments_; }
  /// The parameters, from left to right.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  /// The encoded path with these values. ValueError for one that is missing, unknown, or would not match.
  [[nodiscard]] std::string build(const std::vector<std::pair<std::string_view, std::string_view>>& values) const;

 private:
  [[nodiscard]] PatternSegment parse_segment(std::string_view text, bool last);
  [[nodiscard]] PatternPiece parse_parameter(std::string_view text);
  [[noreturn]] void refuse(const std::string& why) const;

  std::string text_;
  std::vector<PatternSegment> segments_;
  std::vector<std::string> names_;
};

}  // namespace corolla::inline v0::http
