// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which sanitizer a test is built for: `#if __has_feature(…)` with either compiler, and kThreadSanitizer for tests whose
/// repetitions show nothing more about threads.
#pragma once

#ifndef __has_feature
#define __has_feature(feature) 0  // g++
#endif

namespace corolla_tests {

#if __has_feature(thread_sanitizer)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

}  // namespace corolla_tests
