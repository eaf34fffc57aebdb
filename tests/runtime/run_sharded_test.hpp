// SPDX-License-Identifier: Apache-2.0
/// \file
/// The fixture of the tests of run_sharded.
#pragma once

#include "tests/support/sanitizers.hpp"

#include <corolla/runtime.hpp>
#include <corolla/runtime/run_sharded.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace corolla_tests {

using namespace corolla;
using namespace std::chrono_literals;

inline Coro<void> forever() { co_await get_running_loop().create_future<>(); }

/// liburing maps and unmaps its rings by bare system calls. ThreadSanitizer does not see them, and takes a ring for what
/// another thread had at the same address.
class RunShardedTest : public ::testing::Test {
 protected:
#if __has_feature(thread_sanitizer)
  void SetUp() override {
    if (const char* name = std::getenv("COROLLA_BACKEND")) backend_ = name;
    ::setenv("COROLLA_BACKEND", "epoll", 1);
  }
  void TearDown() override {
    if (backend_.empty()) ::unsetenv("COROLLA_BACKEND");
    else ::setenv("COROLLA_BACKEND", backend_.c_str(), 1);
  }

 private:
  std::string backend_;
#endif
};

}  // namespace corolla_tests
