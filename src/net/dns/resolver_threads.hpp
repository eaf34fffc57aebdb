// SPDX-License-Identifier: Apache-2.0
/// \file
/// The threads in which the system's blocking resolver runs.
#pragma once

#include <corolla/runtime/executor.hpp>

#include <cstddef>

namespace corolla {
inline namespace v0 {

inline constexpr std::size_t kResolverThreads = 4;

/// The process's pool, made on first use and never ended: a look-up that hangs must not hold up the end of the process. A
/// forked child gets a pool of its own, since threads do not survive a fork. Thread safe.
[[nodiscard]] COROLLA_API ThreadPoolExecutor& resolver_threads();

}  // namespace v0
}  // namespace corolla
