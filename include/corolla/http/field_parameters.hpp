// SPDX-License-Identifier: Apache-2.0
/// \file
/// FieldParameters: what follows a field's value after semicolons, "; filename=a.txt; title*=UTF-8''%e2%82%ac".
///
/// Source: RFC 9110, section 5.6.6, and RFC 8187 for names that end with an asterisk, whose value is in another charset: they are
/// decoded to UTF-8 and stand under the name without it, in place of one that has it. Of several with one name the first counts.
#pragma once

#include <corolla/runtime/api.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment. At most 64 of a field; further ones are left out.
struct COROLLA_API FieldParameters {
  /// Names in lower case, values without quotes, in order.
  std::vector<std::pair<std::string, std::string>> all;

  /// The value of this name, in any case; nothing without it.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
};

}  // namespace corolla::inline v0::http
