// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether the compiler at hand has none of the traps, as far as is known: then a probe that finds one fails.
#pragma once

namespace corolla_tests {

#if defined(__clang__)
inline constexpr bool kKnownToBeRight = true;
#else
inline constexpr bool kKnownToBeRight = false;
#endif

}  // namespace corolla_tests
