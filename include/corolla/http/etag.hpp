// SPDX-License-Identifier: Apache-2.0
/// \file
/// Entity tags and the fields that carry them. Pure functions, safe from any thread.
///
/// Source: RFC 9110, sections 8.8.3 and 13.1.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

/// An entity tag.
class COROLLA_API ETag {
 public:
  /// `opaque` is what stands between the quotes. Throws ValueError where it holds a quote, a space or a control character.
  explicit ETag(std::string opaque, bool weak = false);
  /// Reads `"x"` or `W/"x"`; nothing for anything else.
  [[nodiscard]] static std::optional<ETag> parse(std::string_view text);
  /// The usual tag of a file: its modification time in nanoseconds and its size.
  [[nodiscard]] static ETag of_file(std::int64_t mtime_ns, std::uint64_t size);

  [[nodiscard]] const std::string& opaque() const noexcept { return opaque_; }
  [[nodiscard]] bool weak() const noexcept { return weak_; }
  /// As it stands in a field.
  [[nodiscard]] std::string to_string() const;

  /// Byte-for-byte equality of the representations is promised: both strong, same text.
  [[nodiscard]] bool strong_equals(const ETag& other) const noexcept {
    return !weak_ && !other.weak_ && opaque_ == other.opaque_;
  }
  /// Same text.
  [[nodiscard]] bool weak_equals(const ETag& other) const noexcept { return opaque_ == other.opaque_; }

 private:
  std::string opaque_;
  bool weak_;
};

/// Whether an If-None-Match (weak comparison) lists the tag; "*" lists every one. What is malformed lists none.
[[nodiscard]] COROLLA_API bool if_none_match_lists(std::string_view field, const ETag& tag);
/// Whether an If-Match (strong comparison) lists the tag; "*" lists every one. What is malformed lists none.
[[nodiscard]] COROLLA_API bool if_match_lists(std::string_view field, const ETag& tag);

}  // namespace corolla::inline v0::http
