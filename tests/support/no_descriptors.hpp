// SPDX-License-Identifier: Apache-2.0
/// \file
/// A process that is out of file descriptors.
#pragma once

#include "tests/support/sanitizers.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace corolla_tests {

inline constexpr bool kDescriptorsMayRunOut = !kAddressSanitizer;
/// Why a test that wants none is skipped.
inline constexpr const char* kSanitizersNeedDescriptors =
    "UndefinedBehaviorSanitizer opens pipes of its own to check memory, and takes having none for an error";

/// While it lives no descriptor can be opened: the limit is the lowest number that is free.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(lowest);
    const rlimit none{static_cast<rlim_t>(lowest), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace corolla_tests
