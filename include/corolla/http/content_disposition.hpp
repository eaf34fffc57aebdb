// SPDX-License-Identifier: Apache-2.0
/// \file
/// ContentDisposition: whether a body is to be shown or kept, and under which name.
///
/// Source: RFC 6266 and 8187; RFC 7578 for parts of forms.
#pragma once

#include <corolla/http/field_parameters.hpp>
#include <corolla/runtime/api.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// See the file's comment.
struct COROLLA_API ContentDisposition {
  /// In lower case: "attachment", "inline", "form-data".
  std::string type;
  /// As they were sent: a "filename" may be a path, of any system.
  FieldParameters parameters;

  /// Reads what can be read.
  [[nodiscard]] static ContentDisposition parse(std::string_view field);
  /// The file's name, never a path: what follows the last slash or backslash, in UTF-8, without dots and spaces at either end
  /// (so it is neither hidden nor ".."), control characters replaced by '_', at most 255 bytes. Nothing when none is left.
  [[nodiscard]] std::optional<std::string> filename() const;
};

}  // namespace corolla::inline v0::http
