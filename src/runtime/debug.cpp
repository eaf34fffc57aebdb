// SPDX-License-Identifier: Apache-2.0
// What the debug mode finds outside of a loop's iteration.
#include "runtime/debug.hpp"

#include <cstdlib>
#include <string_view>

namespace corolla {
inline namespace v0 {

bool debug_by_environment() noexcept {
  const char* const value = std::getenv("COROLLA_DEBUG");
  return value && *value != '\0' && std::string_view(value) != "0";
}

}  // namespace v0
}  // namespace corolla
