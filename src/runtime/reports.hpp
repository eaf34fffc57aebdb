// SPDX-License-Identifier: Apache-2.0
/// \file
/// What goes to a loop's exception handler, and to standard error once the loop is gone.
#pragma once

#include <corolla/runtime/future_base.hpp>

#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <typeinfo>

namespace corolla {
inline namespace v0 {

/// A failed future died and nobody ever looked at its exception.
void report_unretrieved(FutureBase& future, const std::exception_ptr& error) noexcept;

/// A type as a programmer writes it; a lambda's names the function it stands in.
[[nodiscard]] std::string type_name(const std::type_info& type);
/// "FILE:LINE in FUNCTION" behind `prefix` and " at "; empty for a place that is not known.
[[nodiscard]] std::string place_suffix(std::string_view prefix, const std::source_location& where);

}  // namespace v0
}  // namespace corolla
