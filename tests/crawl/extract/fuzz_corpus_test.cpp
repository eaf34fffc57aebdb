// SPDX-License-Identifier: Apache-2.0
// The corpora of the fuzzers, once through.
#include "fuzz/crawl/targets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace corolla::inline v0::crawl {
namespace {

std::size_t replay(const char* name, bool (*target)(std::string_view)) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(COROLLA_FUZZ_CORPUS "/") + name)) {
    std::ifstream stream(entry.path(), std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    EXPECT_TRUE(target(text.str())) << entry.path();
    ++files;
  }
  return files;
}

TEST(FuzzCorpus, Links) { EXPECT_GT(replay("links", &fuzz::links), 10U); }
TEST(FuzzCorpus, Selector) { EXPECT_GT(replay("selector", &fuzz::selector), 10U); }
TEST(FuzzCorpus, Text) { EXPECT_GT(replay("text", &fuzz::text), 10U); }
TEST(FuzzCorpus, EarlyStop) { EXPECT_GT(replay("early_stop", &fuzz::early_stop), 10U); }

}  // namespace
}  // namespace corolla::inline v0::crawl
