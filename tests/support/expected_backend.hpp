// SPDX-License-Identifier: Apache-2.0
/// \file
/// The backend that loops of this process are expected to have.
#pragma once

#include <cstdlib>
#include <string>

namespace corolla_tests {

/// What COROLLA_BACKEND asks for, unless without_io_uring denies it.
inline std::string expected_backend() {
  for (const char* variable : {"COROLLA_BACKEND_EXPECTED", "COROLLA_BACKEND"})
    if (const char* name = std::getenv(variable)) return name;
  return "epoll";
}

}  // namespace corolla_tests
