// SPDX-License-Identifier: Apache-2.0
//
// Jobs of files, cancelled: what was asked for happens or does not, whole; no memory and no descriptor is lost by it.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/net/file.hpp>

#include <thread>

namespace corolla_tests {
namespace {

constexpr std::size_t kSize = 50'000;

// What a thread of the executor does for a task that is gone ends later, and only then is its descriptor closed.
class FileCancelTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    before_ = open_descriptors();
    write_whole_file(directory_ / "file", pattern(kSize));
  }
  void TearDown() override {
    while (open_descriptors() > before_) std::this_thread::yield();
    NetTest::TearDown();
  }
  TemporaryDirectory directory_;

 private:
  std::size_t before_ = 0;
};

constexpr auto kNothing = [] {};

// `job` is done a thousand times on one file; the file must be as before each time, and usable at once.
template <class T>
Coro<void> cancel_job(std::uint64_t seed, std::string path, Coro<T> (*job)(File&)) {
  File file = co_await open_file(path, "r+");
  auto round = [&](CancelRounds& rounds) -> Coro<void> {
    file.seek(0);
    auto task = create_task(job, std::ref(file));
    co_await rounds.disturb(task, kNothing);
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result || result.cancelled()) << result.error_message();
    const std::size_t from = rounds.random().below(kSize - 10);
    auto reading = file.pread(10, from);
    const std::string bytes = co_await std::move(reading);
    EXPECT_EQ(bytes, pattern(10, from));
  };
  co_await a_thousand_rounds(seed, round);
  co_await file.close();
}

TEST_F(FileCancelTest, Reads) {
  run(cancel_job<std::string>(141, directory_ / "file", [](File& file) { return file.read(); }));
  run(cancel_job<std::string>(142, directory_ / "file", [](File& file) { return file.pread(kSize, 0); }));
}

// A job that nobody waits for owns what it writes.
TEST_F(FileCancelTest, Writes) {
  run(cancel_job<void>(143, directory_ / "file", [](File& file) { return file.write(pattern(kSize)); }));
  run(cancel_job<void>(144, directory_ / "file", [](File& file) { return file.pwrite(pattern(kSize), 0); }));
  EXPECT_TRUE(read_whole_file(directory_ / "file") == pattern(kSize));
}

TEST_F(FileCancelTest, WhatSuchFilesAreAskedFor) {
  run(cancel_job<FileStatus>(145, directory_ / "file", [](File& file) { return file.stat(); }));
  run(cancel_job<void>(146, directory_ / "file", [](File& file) { return file.truncate(kSize); }));
  run(cancel_job<void>(147, directory_ / "file", [](File& file) { return file.fsync(); }));
}

// Each is a file of its own or none; closing is not undone by cancelling it.
TEST_F(FileCancelTest, OpeningAndClosing) {
  run([](std::string path) -> Coro<void> {
    auto open_round = [&](CancelRounds& rounds) -> Coro<void> {
      auto task = create_task(open_file(path, "r+"));
      co_await rounds.disturb(task, kNothing);
      auto result = co_await outcome(std::move(task));
      EXPECT_TRUE(result || result.cancelled()) << result.error_message();
    };
    co_await a_thousand_rounds(148, open_round);
    auto close_round = [&](CancelRounds& rounds) -> Coro<void> {
      File file = co_await open_file(path, "r+");
      bool begun = false;
      auto task = create_task(
          [](File& f, bool& started) -> Coro<void> {
            started = true;
            co_await f.close();
          },
          std::ref(file), std::ref(begun));
      co_await rounds.disturb(task, kNothing);
      const auto result = co_await outcome(task);
      EXPECT_TRUE(result || result.cancelled()) << result.error_message();
      EXPECT_EQ(file.descriptor() == -1, begun);
    };
    co_await a_thousand_rounds(149, close_round);
  }(directory_ / "file"));
}

}  // namespace
}  // namespace corolla_tests
