// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which sanitizer a test is built for: `#if __has_feature(…)` with either compiler, and constants: kThreadSanitizer for
/// tests whose repetitions show nothing more about threads, say.
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

#if __has_feature(address_sanitizer)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace corolla_tests
