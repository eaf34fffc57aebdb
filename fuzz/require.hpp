// SPDX-License-Identifier: Apache-2.0
/// \file
/// What must hold, whatever the bytes are.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace corolla_fuzz {

/// Aborts with `what` unless `condition`.
inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace corolla_fuzz
