// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/jsonl.hpp>
#include <corolla/runtime/error.hpp>

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

using corolla::crawl::JsonlFile;
using corolla_tests::read_whole_file;
using corolla_tests::TemporaryDirectory;
using corolla_tests::write_whole_file;

namespace {

TEST(JsonlFile, AppendsAndCounts) {
  TemporaryDirectory directory;
  const std::string path = directory / "out.jsonl";
  JsonlFile file(path, std::nullopt);
  file.write("{}\n");
  file.write("{\"a\": 1}\n");
  file.sync();
  EXPECT_EQ(file.size(), 12U);
  EXPECT_EQ(read_whole_file(path), "{}\n{\"a\": 1}\n");
}

TEST(JsonlFile, CutsWhatWasNotCommitted) {
  TemporaryDirectory directory;
  const std::string path = directory / "out.jsonl";
  write_whole_file(path, "{\"kept\": 1}\n{\"half");
  JsonlFile file(path, 12);
  EXPECT_EQ(read_whole_file(path), "{\"kept\": 1}\n");
  file.write("{}\n");
  EXPECT_EQ(read_whole_file(path), "{\"kept\": 1}\n{}\n");
  file.truncate(12);
  EXPECT_EQ(read_whole_file(path), "{\"kept\": 1}\n");
  EXPECT_EQ(file.size(), 12U);
}

TEST(JsonlFile, TouchesNobodyElsesFile) {
  TemporaryDirectory directory;
  const std::string path = directory / "notes.txt";
  write_whole_file(path, "mine");
  EXPECT_THROW(JsonlFile(path, std::nullopt), corolla::ValueError);
  EXPECT_THROW(JsonlFile(path, 5), corolla::ValueError) << "shorter than what was committed";
  EXPECT_EQ(read_whole_file(path), "mine");
  // Nothing committed by a crawl that knows the file: the crash came before its first commit.
  JsonlFile known(path, 0);
  EXPECT_EQ(read_whole_file(path), "");
}

TEST(JsonlFile, NamesTheFileThatCannotBeOpened) {
  TemporaryDirectory directory;
  const std::string path = directory / "no/such/out.jsonl";
  try {
    JsonlFile file(path, std::nullopt);
    FAIL();
  } catch (const corolla::OSError& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
  }
}

TEST(JsonlFile, ReportsAFullDisk) {
  JsonlFile file("/dev/full", std::nullopt);
  EXPECT_FALSE(file.is_resumable());
  try {
    file.write("{}\n");
    FAIL();
  } catch (const corolla::OSError& error) {
    EXPECT_EQ(error.code(), std::errc::no_space_on_device);
  }
}

TEST(JsonlFile, MovesItsDescriptor) {
  TemporaryDirectory directory;
  JsonlFile first(directory / "a", std::nullopt);
  JsonlFile second(std::move(first));
  second.write("1\n");
  JsonlFile third(directory / "b", std::nullopt);
  third = std::move(second);
  third.write("2\n");
  EXPECT_EQ(read_whole_file(directory / "a"), "1\n2\n");
}

}  // namespace
