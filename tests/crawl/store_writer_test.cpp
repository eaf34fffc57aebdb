// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/store_writer.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/sqlite/database.hpp>

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace crawl = corolla::crawl;
using corolla_tests::TemporaryDirectory;
using crawl::Store;
using crawl::StoreWriter;

namespace {

crawl::FinishedPage finished(crawl::PageId id) {
  crawl::FinishedPage page;
  page.id = id;
  page.status = 200;
  page.json_lines = std::to_string(id) + "\n";
  return page;
}

std::vector<crawl::NewPage> seeds(crawl::PageId first, crawl::PageId last) {
  std::vector<crawl::NewPage> pages;
  for (crawl::PageId id = first; id <= last; ++id) pages.push_back({.id = id, .url = "http://a/" + std::to_string(id)});
  return pages;
}

// An interval that never passes: only what the test is about starts a transaction.
constexpr crawl::StoreWriterOptions kPatient{.batch_pages = 1'000'000, .interval = 1h};

TEST(StoreWriter, WritesInTheOrderOfSubmission) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  std::vector<std::size_t> commits;
  {
    Store store(path);
    auto lines = store.open_jsonl(directory / "out.jsonl");
    StoreWriter writer(std::move(store), std::move(lines), kPatient,
                       [&](const StoreWriter::Commit& commit) { commits.push_back(commit.pages); });
    writer.submit_seeds(seeds(1, 2));
    writer.submit(finished(2));
    writer.submit_seeds(seeds(3, 3));
    writer.submit(finished(3));
    writer.submit(finished(1));
    writer.flush();
    std::promise<std::uint64_t> pending;
    writer.submit_seeds(seeds(4, 4));
    writer.call([&](Store& open) { pending.set_value(open.counts().pending); });
    EXPECT_EQ(pending.get_future().get(), 1U) << "a call sees what was submitted before it";
    writer.close();
    EXPECT_THROW(writer.submit(finished(4)), corolla::InvalidStateError);
  }
  EXPECT_EQ(commits, (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_EQ(corolla_tests::read_whole_file(directory / "out.jsonl"), "2\n3\n1\n");
  EXPECT_EQ(Store(path).counts().done, 3U);
}

TEST(StoreWriter, AFullBatchStartsATransactionByItself) {
  std::promise<std::size_t> committed;
  StoreWriter writer(Store(":memory:"), std::nullopt, {.batch_pages = 3, .interval = 1h},
                     [&, done = false](const StoreWriter::Commit& commit) mutable {
                       if (commit.pages > 0 && !std::exchange(done, true)) committed.set_value(commit.pages);
                     });
  writer.submit_seeds(seeds(1, 5));
  writer.flush();
  for (int id = 1; id <= 3; ++id) writer.submit(finished(id));
  EXPECT_EQ(committed.get_future().get(), 3U);
}

TEST(StoreWriter, ManyBytesStartATransaction) {
  std::promise<void> committed;
  StoreWriter writer(Store(":memory:"), std::nullopt, {.batch_pages = 1'000'000, .batch_bytes = 10'000, .interval = 1h},
                     [&](const StoreWriter::Commit& commit) {
                       if (commit.pages == 1) committed.set_value();
                     });
  writer.submit_seeds(seeds(1, 1));
  auto page = finished(1);
  page.body = std::string(20'000, 'x');
  writer.submit(std::move(page));
  committed.get_future().get();
}

TEST(StoreWriter, TimeStartsATransaction) {
  std::promise<void> committed;
  StoreWriter writer(Store(":memory:"), std::nullopt, {.interval = 1ms}, [&](const StoreWriter::Commit& commit) {
    if (commit.pages == 1) committed.set_value();
  });
  writer.submit_seeds(seeds(1, 1));
  writer.submit(finished(1));
  committed.get_future().get();
}

TEST(StoreWriter, CountsWhatWaits) {
  StoreWriter writer(Store(":memory:"), std::nullopt,
                     {.batch_pages = 1'000'000, .interval = 1h, .queue_bytes = 50'000});
  EXPECT_EQ(writer.queued_bytes(), 0U);
  writer.submit_seeds(seeds(1, 1));
  EXPECT_FALSE(writer.is_congested());
  auto page = finished(1);
  page.body = std::string(50'000, 'x');
  writer.submit(std::move(page));
  EXPECT_TRUE(writer.is_congested());
  writer.flush();
  writer.call([](Store&) {});
  writer.close();
  EXPECT_EQ(writer.queued_bytes(), 0U);
}

TEST(StoreWriter, CloseCommitsWhatWaits) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  {
    StoreWriter writer(Store(path), std::nullopt, kPatient);
    writer.submit_seeds(seeds(1, 50));
    for (int id = 1; id <= 50; ++id) writer.submit(finished(id));
  }
  EXPECT_EQ(Store(path).counts().done, 50U);
}

TEST(StoreWriter, AFailureStopsItAndIsToldToEverybody) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  std::atomic<int> failures = 0;
  {
    StoreWriter writer(Store(path), std::nullopt, kPatient, {}, [&](const std::exception_ptr& error) {
      EXPECT_TRUE(error);
      ++failures;
    });
    writer.submit_seeds(seeds(1, 2));
    writer.flush();
    writer.submit_seeds(seeds(2, 3));  // 2 is there already
    EXPECT_THROW(writer.flush(), corolla::sqlite::Error);
    EXPECT_THROW(writer.submit(finished(1)), corolla::sqlite::Error);
    EXPECT_THROW(writer.flush(), corolla::sqlite::Error);
    EXPECT_THROW(writer.close(), corolla::sqlite::Error);
  }
  EXPECT_EQ(failures, 1);
  Store store(path);
  EXPECT_EQ(store.counts().pending, 2U);
}

TEST(StoreWriter, TakesPagesFromManyThreads) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  {
    StoreWriter writer(Store(path), std::nullopt, {.batch_pages = 7, .interval = 1ms});
    writer.submit_seeds(seeds(1, 400));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&writer, t] {
        for (int id = t * 100 + 1; id <= t * 100 + 100; ++id) {
          writer.submit(finished(id));
          if (id % 10 == 0) writer.flush();
        }
      });
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(Store(path).counts().done, 400U);
}

}  // namespace
