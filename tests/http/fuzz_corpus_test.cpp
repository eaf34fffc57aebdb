// SPDX-License-Identifier: Apache-2.0
// Replays what the fuzzers have found worth keeping; a target aborts when something does not hold.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "fuzz/http/targets.hpp"

namespace corolla::inline v0::http {
namespace {

TEST(FuzzCorpus, Http) {
  const std::filesystem::path corpus = COROLLA_FUZZ_CORPUS;
  for (const auto& target : kFuzzTargets) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus / target.name)) {
      SCOPED_TRACE(entry.path().string());
      std::ifstream file(entry.path(), std::ios::binary);
      std::stringstream bytes;
      bytes << file.rdbuf();
      target.run(bytes.str());
      ++files;
    }
    EXPECT_GT(files, 0U) << target.name;
  }
}

}  // namespace
}  // namespace corolla::inline v0::http
