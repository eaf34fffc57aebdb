// SPDX-License-Identifier: Apache-2.0
// Runs the tests of depth on a stack of 256 KiB, where anything that recurses overflows long before its depth is reached.
#include <cstddef>
#include <cstdio>

#include <gtest/gtest.h>
#include <pthread.h>

namespace {

constexpr std::size_t kStack = 256 * 1024;

void* run_tests(void* status) {
  *static_cast<int*>(status) = RUN_ALL_TESTS();
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  pthread_attr_t attributes;
  pthread_t thread;
  int status = 1;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, kStack) != 0 ||
      pthread_create(&thread, &attributes, run_tests, &status) != 0 || pthread_join(thread, nullptr) != 0) {
    std::perror("deep_test: no thread with a small stack");
    return 1;
  }
  return status;
}
