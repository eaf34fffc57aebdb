// SPDX-License-Identifier: Apache-2.0
//
// without_io_uring EPERM|ENOSYS PROGRAM [ARGUMENT]...: runs a program that asks for io_uring and cannot have it.
#include "tests/support/deny_io_uring.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: without_io_uring EPERM|ENOSYS PROGRAM [ARGUMENT]...\n", stderr);
    return 2;
  }
  const std::string_view name = argv[1];
  if (name != "EPERM" && name != "ENOSYS") {
    std::fprintf(stderr, "without_io_uring: unknown error %s\n", argv[1]);
    return 2;
  }
  corolla_tests::deny_io_uring(name == "EPERM" ? EPERM : ENOSYS);
  ::setenv("COROLLA_BACKEND", "io_uring", 1);
  ::setenv("COROLLA_BACKEND_EXPECTED", "epoll", 1);  // what the tests hold loop.backend() against
  ::execv(argv[2], argv + 2);
  std::perror(argv[2]);
  return 127;
}
