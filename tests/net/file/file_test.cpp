// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/net/file.hpp>

#include <csignal>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

namespace corolla_tests {
namespace {

// What a thread of the executor does for a loop that died ends later, and only then is its descriptor closed.
class FileTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    before_ = open_descriptors();
  }
  void TearDown() override {
    while (open_descriptors() > before_) std::this_thread::yield();
    NetTest::TearDown();
  }
  TemporaryDirectory directory_;

 private:
  std::size_t before_ = 0;
};

TEST_F(FileTest, WritesAndReadsAtThePosition) {
  run([](std::string path) -> Coro<void> {
    File file = co_await open_file(path, "w+");
    co_await file.write("hello ");
    co_await file.write("world");
    EXPECT_EQ(file.tell(), 11U);
    auto rest = file.read();
    const std::string nothing = co_await std::move(rest);
    EXPECT_EQ(nothing, "");
    file.seek(6);
    auto part = file.read(3);
    const std::string wor = co_await std::move(part);
    EXPECT_EQ(wor, "wor");
    auto left = file.read();
    const std::string ld = co_await std::move(left);
    EXPECT_EQ(ld, "ld");
    co_await file.pwrite("J", 0);
    auto begin = file.pread(5, 0);
    const std::string jello = co_await std::move(begin);
    EXPECT_EQ(jello, "Jello");
    EXPECT_EQ(file.tell(), 11U);
    co_await file.fsync();
    co_await file.truncate(4);
    auto asking = file.stat();
    const FileStatus status = co_await std::move(asking);
    EXPECT_EQ(status.size, 4U);
    EXPECT_TRUE(S_ISREG(status.mode));
    EXPECT_NE(::fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    co_await file.close();
    co_await file.close();
    EXPECT_EQ(file.descriptor(), -1);
    const auto refused = co_await outcome(file.read());
    EXPECT_TRUE(failed_with<ValueError>(refused));
  }(directory_ / "file"));
  EXPECT_EQ(read_whole_file(directory_ / "file"), "Jell");
}

TEST_F(FileTest, LargeOnes) {
  const std::string bytes = pattern(5'000'001);
  write_whole_file(directory_ / "in", bytes);
  run([](std::string in, std::string out, const std::string& expected) -> Coro<void> {
    File source = co_await open_file(in);
    auto reading = source.read();
    const std::string all = co_await std::move(reading);
    EXPECT_TRUE(all == expected);
    File target = co_await open_file(out, "x");
    co_await target.write(all);
    const auto again = co_await outcome(open_file(out, "x"));
    EXPECT_EQ(os_error_of(again.error()), std::errc::file_exists);
  }(directory_ / "in", directory_ / "out", bytes));
  EXPECT_TRUE(read_whole_file(directory_ / "out") == bytes);
}

TEST_F(FileTest, Modes) {
  run([](std::string path, std::string missing) -> Coro<void> {
    {
      File file = co_await open_file(path, "w");
      co_await file.write("one");
      const auto unreadable = co_await outcome(file.read(1));
      EXPECT_EQ(os_error_of(unreadable.error()), std::errc::bad_file_descriptor);
    }
    {
      File file = co_await open_file(path, "a");
      co_await file.write(" two");
      co_await file.write(" three");
    }
    {
      File file = co_await open_file(path, "r+");
      auto reading = file.read();
      const std::string all = co_await std::move(reading);
      EXPECT_EQ(all, "one two three");
      co_await file.pwrite("ONE", 0);
    }
    File file = co_await open_file(path);
    const auto refused = co_await outcome(file.write("x"));
    EXPECT_EQ(os_error_of(refused.error()), std::errc::bad_file_descriptor);
    for (const char* mode : {"", "rb", "q", "r++", "+"}) {
      const auto invalid = co_await outcome(open_file(path, mode));
      EXPECT_TRUE(failed_with<ValueError>(invalid)) << mode;
    }
    const auto lost = co_await outcome(open_file(missing));
    EXPECT_EQ(os_error_of(lost.error()), std::errc::no_such_file_or_directory);
    EXPECT_NE(lost.error_message().find(missing), std::string::npos);
  }(directory_ / "file", directory_ / "missing"));
  EXPECT_EQ(read_whole_file(directory_ / "file"), "ONE two three");
}

TEST_F(FileTest, AFullDiskIsAnError) {
  run([]() -> Coro<void> {
    File full = co_await open_file("/dev/full", "w");
    const auto written = co_await outcome(full.write("x"));
    EXPECT_EQ(os_error_of(written.error()), std::errc::no_space_on_device);
    EXPECT_EQ(full.tell(), 0U);
  }());
}

TEST_F(FileTest, AFileThatMayNotGrowIsAnErrorBehindWhatFitted) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 100'000;
  const auto action = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  run([](std::string path) -> Coro<void> {
    File file = co_await open_file(path, "w");
    const auto written = co_await outcome(file.write(pattern(300'000)));
    EXPECT_EQ(os_error_of(written.error()), std::errc::file_too_large);
  }(directory_ / "file"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, action);
  EXPECT_TRUE(read_whole_file(directory_ / "file") == pattern(100'000));
}

TEST_F(FileTest, CancelledAtAnyMomentItLosesNoMemoryAndNoDescriptor) {
  write_whole_file(directory_ / "file", pattern(3'000'000));
  run([](std::string path) -> Coro<void> {
    for (int steps = 0; steps < 6; ++steps) {
      auto opening = create_task(open_file(path, "r+"));
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      opening.cancel();
      static_cast<void>(co_await outcome(std::move(opening)));
      File file = co_await open_file(path, "r+");
      auto reading = create_task(file.read());
      auto writing = create_task(file.pwrite(pattern(3'000'000), 0));
      auto flushing = create_task(file.fsync());
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      reading.cancel();
      writing.cancel();
      flushing.cancel();
      static_cast<void>(co_await outcome(reading));
      static_cast<void>(co_await outcome(writing));
      static_cast<void>(co_await outcome(flushing));
      // It can be used further, and closed while a job may run.
      auto part = file.pread(10, 0);
      const std::string bytes = co_await std::move(part);
      EXPECT_EQ(bytes, pattern(10));
    }
  }(directory_ / "file"));
  EXPECT_TRUE(read_whole_file(directory_ / "file") == pattern(3'000'000));
}

TEST_F(FileTest, ManyJobsAtOnce) {
  run([](std::string path) -> Coro<void> {
    File file = co_await open_file(path, "w+");
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < 100; ++i) tasks.push_back(create_task(file.pwrite(pattern(1000, i * 1000), i * 1000)));
    for (const auto& task : tasks) co_await task;
  }(directory_ / "file"));
  EXPECT_TRUE(read_whole_file(directory_ / "file") == pattern(100'000));
}

TEST_F(FileTest, ALoopThatDiesAtAnyStep) {
  // A file of its own for each: what a dead loop left to its threads may truncate or write later.
  auto body = [&, count = 0]() mutable -> Coro<void> {
    return [](std::string name) -> Coro<void> {
      File file = co_await open_file(name, "w+");
      co_await file.write(pattern(100'000));
      co_await file.fsync();
      auto reading = file.pread(100, 0);
      const std::string bytes = co_await std::move(reading);
      EXPECT_EQ(bytes.size(), 100U);
      co_await file.close();
    }(directory_ / std::to_string(count++));
  };
  run(body());
  destroy_at_every_step<RealLoop>(body);
}

}  // namespace
}  // namespace corolla_tests
