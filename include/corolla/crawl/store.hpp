// SPDX-License-Identifier: Apache-2.0
/// \file
/// A crawl's durable state: one SQLite file.
///
/// Tables, made for `sqlite3 FILE 'select * from items'`:
///
///     items    page_id, url, and one TEXT column for each named field (NULL: no match; a list is a JSON array)
///     pages    one row for each URL met: state, depth, the page it was found on, status, sizes, times, error
///     bodies   page_id, body; only when bodies are kept
///     runs     one row for each time the crawl was started
///     sinks    files written beside the database, and how many of their bytes count
///
/// One transaction commits a batch of finished pages: the page's row, its items, the links it brought as pending pages,
/// the length of the JSONL file. So a kill at any moment loses at most the pages in flight. They are pending still, are
/// fetched again by the next run, and no item is ever there twice.
///
/// There is no state "claimed": one process owns the file (a lock file beside it says so), so what is in flight is
/// what is pending in the file and not queued in that process's Frontier. It saves a write for each page.
#pragma once

#include <corolla/crawl/fields.hpp>
#include <corolla/crawl/frontier.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

class JsonlFile;

enum class PageState : std::uint8_t {
  kPending,  ///< to be fetched
  kDone,     ///< answered, whatever the status
  kFailed,   ///< no answer after all attempts; `error` says why
  kSkipped,  ///< never asked for (robots.txt, say); `error` says why
};
[[nodiscard]] COROLLA_API std::string_view to_string(PageState state) noexcept;

/// A URL that Frontier::add accepted.
struct NewPage {
  PageId id = 0;
  std::string url;
  std::uint32_t depth = 0;
  std::int32_t priority = 0;
  std::uint16_t redirects = 0;
  PageId parent = 0;  ///< the page it was found on; 0 for a seed
};

/// One record extracted from a page: the fields of Extraction, in the order of the store's field names.
using Item = std::vector<FieldValue>;

/// A page that ended, with all that must become durable together with that fact.
struct FinishedPage {
  PageId id = 0;
  PageState state = PageState::kDone;
  int status = 0;  ///< 0: no answer
  std::string content_type;
  std::string location;          ///< where a redirection leads
  std::uint64_t bytes = 0;       ///< of the body, decoded
  std::uint64_t wire_bytes = 0;  ///< as received
  std::chrono::system_clock::time_point fetched_at;
  std::chrono::microseconds elapsed{0};
  std::uint32_t attempts = 1;
  std::string error;
  std::string digest;  ///< of the body, e.g. "sha256:…"; empty when none was computed
  std::optional<std::string> body;
  std::vector<Item> items;
  std::vector<NewPage> links;
  std::string json_lines;  ///< for the JSONL file: whole lines; none for a failed page, which may be tried again
};

struct Batch {
  std::vector<NewPage> seeds;
  std::vector<FinishedPage> pages;
};

struct StoreOptions {
  /// Columns of `items`; a later run may name more or fewer. Not "url" or "page_id", and no two that differ in case only.
  std::vector<std::string> fields;
  /// Wait for the disk at each commit: also a power cut then loses nothing that was reported as stored.
  bool power_safe = false;

  StoreOptions() {}
  explicit StoreOptions(std::vector<std::string> field_names) : fields(std::move(field_names)) {}
};

struct StoreCounts {
  std::uint64_t pending = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t items = 0;
};

/// The open store. One thread at a time (StoreWriter gives it one). Failures are sqlite::Error, OSError or ValueError,
/// and leave the file as the last commit left it.
class COROLLA_API Store {
 public:
  /// Opens or creates the file. ":memory:" keeps everything in memory. Throws RuntimeError when another process has
  /// it open, ValueError when it belongs to another program or a newer version, or a field's name cannot be a column.
  explicit Store(const std::string& path, StoreOptions options = {});
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// All pages in order of id; what Frontier::restore takes.
  void for_each_page(const std::function<void(const StoredPage& page, bool pending)>& visit);
  /// What Frontier::refill takes.
  [[nodiscard]] std::vector<StoredPage> pending(const RefillRequest& request);

  /// Commits the batch in one transaction. A page that is not pending any more is ignored with all that came with it.
  /// Returns the number of pages that were acknowledged.
  std::size_t commit(const Batch& batch, JsonlFile* lines = nullptr);

  /// Opens a file whose length this store keeps, cut to what was committed.
  [[nodiscard]] JsonlFile open_jsonl(const std::string& path);

  /// Writes the row of this run; `arguments` is what to show, such as the command line.
  void begin_run(std::string_view arguments, std::chrono::system_clock::time_point now);
  void finish_run(std::string_view outcome, std::chrono::system_clock::time_point now);

  /// Makes failed pages pending again; returns how many. Before for_each_page.
  std::size_t retry_failed();

  [[nodiscard]] StoreCounts counts();
  [[nodiscard]] const std::string& path() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace corolla::inline v0::crawl
