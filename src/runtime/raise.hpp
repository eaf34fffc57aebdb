// SPDX-License-Identifier: Apache-2.0
/// \file
/// Throwing a CancelledError at a co_await, cheaply.
///
/// A cancellation is thrown once for each coroutine it runs through, and nearly all that costs is the unwinder's look at
/// each frame between the throw and the handler. So these frames are few: what throws is called on a path marked cold,
/// which g++ puts into a section of its own with a short description for the unwinder, and it ends in a jump to the
/// unwinder, so that the first frame that is looked at is the coroutine's.
#pragma once

#include <corolla/runtime/error.hpp>

#include <exception>

namespace corolla {
inline namespace v0 {

/// A CancelledError that counts as thrown; null when there was no memory for it.
struct PreparedCancellation {
  void* header;
};
[[nodiscard]] PreparedCancellation prepare_cancellation(CancelledError error) noexcept;
/// One equal to what `error` holds. Precondition: that is a CancelledError.
[[nodiscard]] PreparedCancellation prepare_cancellation_like(const std::exception_ptr& error) noexcept;

/// Throws it, or std::bad_alloc for a null one; returns when nothing on the stack catches it. Call it last, in a function
/// that has nothing to destroy: then that function's frame is spared, too.
[[gnu::cold]] void throw_prepared(PreparedCancellation prepared);

}  // namespace v0
}  // namespace corolla
