// SPDX-License-Identifier: Apache-2.0
/// \file
/// The number of descriptors the process has open, for tests that look for leaks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace corolla_tests {

inline std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

}  // namespace corolla_tests
