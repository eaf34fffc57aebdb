// SPDX-License-Identifier: Apache-2.0
/// \file
/// Crawler: fetches pages, follows their links, extracts fields, stores what it finds.
///
///     crawl::CrawlOptions options;
///     options.seeds = {"http://example.org/"};
///     options.fields = {crawl::FieldSpec::parse("title=css:title")};
///     options.database = "example.sqlite";
///     crawl::Crawler crawler(options);
///     co_await crawler.run();
///     std::cout << crawler.summary().stats.pages() << " pages\n";
///
/// Everything but parsing and writing happens in the loop that awaits run(); parsing of what is large or has fields, and
/// SQLite, have threads of their own.
#pragma once

#include <corolla/crawl/options.hpp>
#include <corolla/crawl/progress.hpp>
#include <corolla/crawl/stats.hpp>
#include <corolla/crawl/store.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

/// The database or the file of JSON lines cannot be opened or written. What was stored before is still there.
class COROLLA_API OutputError : public Error {
 public:
  using Error::Error;
  ~OutputError() override;
};

/// Why a crawl ended.
enum class CrawlOutcome : std::uint8_t {
  kRunning,      ///< it has not ended, or was never run
  kFinished,     ///< nothing is left to fetch
  kPageLimit,    ///< what is left is above a limit of pages
  kTimeLimit,    ///< CrawlOptions::max_time passed
  kByteLimit,    ///< CrawlOptions::max_bytes arrived
  kStopped,      ///< stop() was called
  kInterrupted,  ///< the task was cancelled, by Ctrl-C say
  kOutputFailed,
};
[[nodiscard]] COROLLA_API std::string_view to_string(CrawlOutcome outcome) noexcept;

/// How a run went.
struct CrawlSummary {
  CrawlSummary() {}
  CrawlOutcome outcome = CrawlOutcome::kRunning;
  CrawlStats stats;
  std::chrono::nanoseconds elapsed{0};
  std::uint64_t known = 0;     ///< pages in the database, earlier runs included
  std::uint64_t finished = 0;  ///< of these, ended
  std::uint64_t resumed = 0;   ///< of these, ended before this run
  /// Pages that the next run with the same file would fetch.
  [[nodiscard]] std::uint64_t pending() const noexcept { return known - finished; }
};

/// A page that ended, or will be tried again. The views live during the call.
struct PageEvent {
  std::string_view url;
  PageState state = PageState::kDone;  ///< kPending: it will be tried again, after `retry_in`
  int status = 0;                      ///< 0: no answer
  std::uint32_t depth = 0;
  std::uint32_t attempts = 1;
  std::uint64_t bytes = 0;
  std::chrono::microseconds elapsed{0};
  std::chrono::milliseconds retry_in{0};
  std::size_t new_links = 0;
  std::string_view content_type;
  std::string_view location;
  std::string_view error;
};

/// Called in the loop's thread; they must not throw.
struct CrawlCallbacks {
  CrawlCallbacks() {}
  std::function<void(const PageEvent&)> on_page;
  /// Called every `progress_interval` and at the end.
  std::function<void(const ProgressSample&)> on_progress;
  std::chrono::milliseconds progress_interval{100};
};

/// See the file's comment. Not thread safe; one run each.
class COROLLA_API Crawler {
 public:
  /// Compiles fields and scope. Throws SelectorError, http::InvalidUrl or ValueError, each one line that says what is
  /// wrong; touches neither network nor files.
  explicit Crawler(CrawlOptions options, CrawlCallbacks callbacks = CrawlCallbacks());
  Crawler(const Crawler&) = delete;
  Crawler& operator=(const Crawler&) = delete;
  /// A page that is being parsed is waited for and dropped.
  ~Crawler();

  /// Crawls until nothing is left, a limit is reached or stop() is called. However it ends, all that was fetched is
  /// stored, and what was in flight is fetched by the next run with the same database. Failures of pages are no errors:
  /// see summary(). Throws OutputError. Cancelled, it commits first. The Crawler must outlive it.
  Coro<void> run();

  /// Ends run() soon: nothing more is asked for, requests in flight are given up. From the loop's thread.
  void stop() noexcept;

  /// How it goes, and went.
  [[nodiscard]] const CrawlSummary& summary() const noexcept;
  [[nodiscard]] ProgressSample progress() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace corolla::inline v0::crawl
