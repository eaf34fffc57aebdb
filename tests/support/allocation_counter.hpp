// SPDX-License-Identifier: Apache-2.0
/// \file
/// Replaces the program's operator new by one that counts. Included by exactly one file of a program; of use only where
/// the block caches are compiled in (COROLLA_BLOCK_CACHE).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace corolla_tests {

/// Calls of operator new so far, in all threads.
inline std::atomic<long> allocations{0};

}  // namespace corolla_tests

// Not inlined, or g++ takes free() for the counterpart of an operator new it does not see into.
// NOLINTBEGIN(cppcoreguidelines-no-malloc, misc-definitions-in-headers)
[[gnu::noinline]] void* operator new(std::size_t size) {
  corolla_tests::allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t /*size*/) noexcept { std::free(block); }
// NOLINTEND(cppcoreguidelines-no-malloc, misc-definitions-in-headers)
