// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of sendfile share: a file of some megabytes.
#pragma once

#include "tests/net/net_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace corolla_tests {

/// NetTest with `content_` in an open file, many times what a socket takes at once.
class FileNetTest : public NetTest {
 protected:
  FileNetTest() : content_(pattern(3'000'000)) {
    write_whole_file(directory_ / "file", content_);
    file_ = ::open((directory_ / "file").c_str(), O_RDONLY | O_CLOEXEC);
  }
  void SetUp() override {
    NetTest::SetUp();
    ASSERT_GE(file_, 0);
  }
  ~FileNetTest() override { ::close(file_); }

  const TemporaryDirectory directory_;
  const std::string content_;
  int file_ = -1;
};

}  // namespace corolla_tests
