// SPDX-License-Identifier: Apache-2.0
/// \file
/// The parser of FieldParameters.
#pragma once

#include <corolla/http/field_parameters.hpp>

#include <cstdint>
#include <string_view>

namespace corolla::inline v0::http {

enum class ParameterStyle : std::uint8_t {
  kAlone,  ///< up to the field's end; a backslash escapes a quote and itself alone: browsers leave those of "C:\folder" as they are
  kInList  ///< up to a comma, which stays; a backslash escapes anything, a parameter may have no value
};

/// Takes "; name=value" as often as it follows from the front of `text`.
[[nodiscard]] FieldParameters take_parameters(std::string_view& text, ParameterStyle style);

}  // namespace corolla::inline v0::http
