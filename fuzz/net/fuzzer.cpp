// SPDX-License-Identifier: Apache-2.0
// libFuzzer's way in; COROLLA_FUZZ_TARGET is the function of targets.hpp that this program fuzzes.
#include "targets.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  corolla::COROLLA_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
