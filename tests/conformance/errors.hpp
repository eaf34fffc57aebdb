// SPDX-License-Identifier: Apache-2.0
// The exceptions of programs and their names in traces.
#pragma once

#include <corolla/runtime/error.hpp>

#include <exception>
#include <string>
#include <utility>

namespace conformance {

/// The one exception that programs define themselves.
class TaggedError final : public corolla::Error {
 public:
  explicit TaggedError(const std::string& tag) : Error(tag) {}
};

/// Leaves a coroutine or a callback once the trace is cut. No clause of a program catches it, and nothing is logged any
/// more, so the loop may run on until its iteration ends.
class TraceClosed {};

/// Whether a cancellation is shown with its message, "Cancelled(m1)". A switch for the whole process, set by the program
/// that runs.
void show_cancel_messages(bool show) noexcept;

/// "Error(e1)", "Cancelled", "Timeout", "Group[...]" and so on.
[[nodiscard]] std::string error_text(const std::exception_ptr& error);

/// Whether a catch clause takes it: `clause` is "cancelled", "error", "timeout", "group", "exception" or "any".
[[nodiscard]] bool clause_takes(const std::string& clause, const std::exception_ptr& error);

}  // namespace conformance
