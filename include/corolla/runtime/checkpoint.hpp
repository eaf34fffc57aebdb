// SPDX-License-Identifier: Apache-2.0
/// \file
/// checkpoint: lets the others run, and is always a point where a cancellation arrives.
///
/// Source: trio's checkpoint; in asyncio it is spelt sleep(0). Whether another await suspends depends on the state of
/// what is awaited (a lock that is free, a queue that has something), so a loop made of such awaits can keep the others
/// from running, and itself from being cancelled. One checkpoint in it is enough.
#pragma once

#include <corolla/runtime/sleep.hpp>

#include <chrono>

namespace corolla {
inline namespace v0 {

/// `co_await checkpoint()`: suspends exactly once; the task goes on in the next iteration. Throws CancelledError when a
/// cancellation is waiting to be delivered or comes meanwhile.
inline Sleep checkpoint() noexcept { return Sleep(std::chrono::nanoseconds::zero()); }

}  // namespace v0
}  // namespace corolla
