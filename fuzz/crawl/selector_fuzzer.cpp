// SPDX-License-Identifier: Apache-2.0
#include "fuzz/crawl/targets.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!corolla::crawl::fuzz::selector({reinterpret_cast<const char*>(data), size})) std::abort();
  return 0;
}
