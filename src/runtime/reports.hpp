// SPDX-License-Identifier: Apache-2.0
/// \file
/// What goes to a loop's exception handler, and to standard error once the loop is gone.
#pragma once

#include <corolla/runtime/future_base.hpp>

#include <exception>

namespace corolla {
inline namespace v0 {

/// A failed future died and nobody ever looked at its exception.
void report_unretrieved(FutureBase& future, const std::exception_ptr& error) noexcept;

}  // namespace v0
}  // namespace corolla
