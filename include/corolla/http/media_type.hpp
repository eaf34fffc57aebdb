// SPDX-License-Identifier: Apache-2.0
/// \file
/// Media types: what Content-Type says, and what a file's name suggests. Pure functions, safe from any thread.
///
/// Source: RFC 9110, section 8.3; parsing as lenient as the WHATWG MIME Sniffing Standard's.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

/// "text/html; charset=utf-8", taken apart.
class COROLLA_API MediaType {
 public:
  /// Parses a Content-Type value. Broken parameters are skipped; nothing where type or subtype is missing.
  [[nodiscard]] static std::optional<MediaType> parse(std::string_view text);

  /// In lower case, e.g. "text".
  [[nodiscard]] std::string_view type() const noexcept { return std::string_view(essence_).substr(0, slash_); }
  /// In lower case, e.g. "html".
  [[nodiscard]] std::string_view subtype() const noexcept { return std::string_view(essence_).substr(slash_ + 1); }
  /// Type and subtype, "text/html".
  [[nodiscard]] const std::string& essence() const noexcept { return essence_; }
  /// The value of a parameter (name in lower case), unquoted. The first of a name counts.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const noexcept;
  /// The charset parameter in lower case; "" where there is none.
  [[nodiscard]] std::string charset() const;
  /// HTML or XHTML: what links are looked for in.
  [[nodiscard]] bool is_html() const noexcept;
  /// JSON, by itself or as the syntax of something else ("application/problem+json").
  [[nodiscard]] bool is_json() const noexcept;
  /// Names and values in order.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& parameters() const noexcept {
    return parameters_;
  }

 private:
  MediaType() = default;
  std::string essence_;
  std::size_t slash_ = 0;
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// The media type of a file by its extension, in any case; text types carry "; charset=utf-8".
/// "application/octet-stream" where it is not known.
[[nodiscard]] COROLLA_API std::string_view media_type_of_file(std::string_view path) noexcept;

}  // namespace corolla::inline v0::http
