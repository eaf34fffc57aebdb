// SPDX-License-Identifier: Apache-2.0
// Replays what the fuzzers have found worth keeping; a target aborts when something does not hold.
#include "fuzz/net/targets.hpp"

#include "tests/net/net_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <filesystem>

namespace corolla_tests {
namespace {

class FuzzCorpus : public NetTest {};

TEST_F(FuzzCorpus, Net) {
  const std::filesystem::path corpus = COROLLA_FUZZ_CORPUS;
  for (const auto& target : kFuzzTargets) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus / target.name)) {
      SCOPED_TRACE(entry.path().string());
      target.run(read_whole_file(entry.path().string()));
      ++files;
    }
    EXPECT_GT(files, 0U) << target.name;
  }
}

}  // namespace
}  // namespace corolla_tests
