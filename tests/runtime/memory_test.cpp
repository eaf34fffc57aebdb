// SPDX-License-Identifier: Apache-2.0
// A warm path allocates nothing. The program's operator new is replaced by one that counts.
#include "tests/support/runtime_test.hpp"

#include <array>
#include <thread>
#include <vector>

#if COROLLA_BLOCK_CACHE

