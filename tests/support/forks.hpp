// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether a forked child of the test can be a process like any other.
#pragma once

namespace corolla_tests {

/// ThreadSanitizer's children can not: they start no threads and take signals late.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kForkedChildrenAreWhole = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kForkedChildrenAreWhole = false;
#else
inline constexpr bool kForkedChildrenAreWhole = true;
#endif
#else
inline constexpr bool kForkedChildrenAreWhole = true;
#endif

}  // namespace corolla_tests
