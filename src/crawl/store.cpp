// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/json.hpp>
#include <corolla/crawl/jsonl.hpp>
#include <corolla/crawl/store.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/sqlite/database.hpp>

#include "crawl/store_lock.hpp"
#include "crawl/store_schema.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace corolla::inline v0::crawl {
namespace {

using std::chrono::system_clock;

constexpr const char* kInsertPage =
    "INSERT INTO pages(id, url, host, depth, priority, redirects, parent_id) VALUES(?, ?, ?, ?, ?, ?, ?)";
// "state = 'pending'" makes the acknowledgement idempotent: a page ends once.
constexpr const char* kFinishPage =
    "UPDATE pages SET state = ?2, status = ?3, content_type = ?4, location = ?5, bytes = ?6, wire_bytes = ?7, "
    "fetched_at = ?8, elapsed_ms = ?9, attempts = ?10, error = ?11, digest = ?12 WHERE id = ?1 AND state = 'pending'";
constexpr const char* kSelectPending =
    "SELECT id, url, depth, priority, redirects FROM pages "
    "WHERE host = ? AND state = 'pending' AND id >= ? ORDER BY id LIMIT ?";
constexpr const char* kSelectAll =
    "SELECT id, url, depth, priority, redirects, state = 'pending' FROM pages ORDER BY id";
constexpr const char* kSetSink =
    "INSERT INTO sinks(path, bytes) VALUES(?, ?) ON CONFLICT(path) DO UPDATE SET bytes = excluded.bytes";

/// ISO 8601 in UTC with milliseconds, which SQLite's date functions read. Empty for the epoch: no time was set.
std::string timestamp(system_clock::time_point when) {
  if (when == system_clock::time_point()) return {};
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(when);
  const auto day = std::chrono::floor<std::chrono::days>(ms);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(ms - day);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Text, or NULL where it is empty.
std::optional<std::string_view> or_null(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

StoredPage page_of(const sqlite::Statement& row) {
  return {.id = row.column_int64(0),
          .url = std::string(row.column_text(1)),
          .depth = static_cast<std::uint32_t>(row.column_int64(2)),
          .priority = static_cast<std::int32_t>(row.column_int64(3)),
          .redirects = static_cast<std::uint16_t>(row.column_int64(4))};
}

bool is_file(const std::string& path) { return !path.empty() && path != ":memory:"; }

/// Commits a transaction that a file takes part in: when anything throws, the file is what it was before.
class FileGuard {
 public:
  explicit FileGuard(JsonlFile* file) : file_(file), size_(file == nullptr ? 0 : file->size()) {}
  FileGuard(const FileGuard&) = delete;
  FileGuard& operator=(const FileGuard&) = delete;
  ~FileGuard() {
    if (file_ == nullptr || file_->size() == size_) return;
    try {
      file_->truncate(size_);
    } catch (const Error&) {  // opening the file again will cut it
    }
  }
  void release() noexcept { file_ = nullptr; }

 private:
  JsonlFile* file_;
  std::uint64_t size_;
};

}  // namespace

std::string_view to_string(PageState state) noexcept {
  switch (state) {
    case PageState::kPending: return "pending";
    case PageState::kDone: return "done";
    case PageState::kFailed: return "failed";
    case PageState::kSkipped: break;
  }
  return "skipped";
}

struct Store::Impl {
  Impl(const std::string& database_path, StoreOptions store_options)
      : path(database_path),
        options(std::move(store_options)),
        lock(is_file(path) ? std::optional<StoreLock>(std::in_place, path) : std::nullopt),
        database(path,
                 {.synchronous = options.power_safe ? sqlite::Synchronous::kFull : sqlite::Synchronous::kNormal}) {
    prepare_schema(database, path, options.fields);
    insert_page = database.prepare(kInsertPage);
    finish_page = database.prepare(kFinishPage);
    insert_item = database.prepare(insert_item_sql(options.fields));
    insert_body = database.prepare("INSERT OR REPLACE INTO bodies(page_id, body) VALUES(?, ?)");
    select_pending = database.prepare(kSelectPending);
    set_sink = database.prepare(kSetSink);
  }

  void insert(const NewPage& page) {
    insert_page->bind(1, page.id).bind_borrowed(2, page.url).bind_borrowed(3, Frontier::key_of(page.url));
    insert_page->bind(4, page.depth).bind(5, page.priority).bind(6, page.redirects);
    insert_page->bind(7, page.parent == 0 ? std::nullopt : std::optional(page.parent));
    insert_page->execute();
  }

  /// False when the page had ended before.
  bool finish(const FinishedPage& page) {
    const bool answered = page.status != 0;
    finish_page->bind(1, page.id).bind_borrowed(2, to_string(page.state));
    finish_page->bind(3, answered ? std::optional(page.status) : std::nullopt);
    finish_page->bind(4, or_null(page.content_type)).bind(5, or_null(page.location));
    finish_page->bind(6, answered ? std::optional(page.bytes) : std::nullopt);
    finish_page->bind(7, answered ? std::optional(page.wire_bytes) : std::nullopt);
    finish_page->bind(8, or_null(timestamp(page.fetched_at)));
    finish_page->bind(9, static_cast<double>(page.elapsed.count()) / 1000.0).bind(10, page.attempts);
    finish_page->bind(11, or_null(page.error)).bind(12, or_null(page.digest));
    finish_page->execute();
    return database.changes() == 1;
  }

  void insert(PageId page, const Item& item) {
    if (item.size() != options.fields.size())
      throw ValueError("an item has " + std::to_string(item.size()) + " fields where the store has " +
                       std::to_string(options.fields.size()));
    insert_item->bind(1, page);
    int index = 1;
    for (const FieldValue& field : item) {
      ++index;
      if (field.is_list) {
        insert_item->bind(index, json_array(field.values));
      } else if (field.values.empty()) {
        insert_item->bind(index, sqlite::Null{});
      } else {
        insert_item->bind_borrowed(index, field.values.front());
      }
    }
    insert_item->execute();
  }

  std::string path;
  StoreOptions options;
  std::optional<StoreLock> lock;  // before the database: released when that is closed
  sqlite::Database database;
  std::optional<sqlite::Statement> insert_page;
  std::optional<sqlite::Statement> finish_page;
  std::optional<sqlite::Statement> insert_item;
  std::optional<sqlite::Statement> insert_body;
  std::optional<sqlite::Statement> select_pending;
  std::optional<sqlite::Statement> set_sink;
  std::int64_t run = 0;
};

Store::Store(const std::string& path, StoreOptions options) : impl_(std::make_unique<Impl>(path, std::move(options))) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

const std::string& Store::path() const noexcept { return impl_->path; }

void Store::for_each_page(const std::function<void(const StoredPage&, bool)>& visit) {
  sqlite::Statement row = impl_->database.prepare(kSelectAll);
  while (row.step()) visit(page_of(row), row.column_int64(5) != 0);
}

std::vector<StoredPage> Store::pending(const RefillRequest& request) {
  std::vector<StoredPage> pages;
  sqlite::Statement& row = *impl_->select_pending;
  row.bind_all(request.host_key, request.first_id, request.limit);
  while (row.step()) pages.push_back(page_of(row));
  return pages;
}

std::size_t Store::commit(const Batch& batch, JsonlFile* lines) {
  Impl& self = *impl_;
  std::size_t acknowledged = 0;
  std::string text;
  FileGuard guard(lines);
  sqlite::Transaction transaction(self.database);
  for (const NewPage& seed : batch.seeds) self.insert(seed);
  for (const FinishedPage& page : batch.pages) {
    if (!self.finish(page)) continue;
    ++acknowledged;
    for (const NewPage& link : page.links) self.insert(link);
    for (const Item& item : page.items) self.insert(page.id, item);
    if (page.body) {
      self.insert_body->bind(1, page.id).bind_borrowed(2, sqlite::BlobView(*page.body));
      self.insert_body->execute();
    }
    if (lines != nullptr) text += page.json_lines;
  }
  if (!text.empty()) {
    lines->write(text);
    if (self.options.power_safe) lines->sync();
    self.set_sink->run(lines->path(), lines->size());
  }
  transaction.commit();
  guard.release();
  return acknowledged;
}

JsonlFile Store::open_jsonl(const std::string& path) {
  const std::string absolute = std::filesystem::absolute(path).lexically_normal().string();
  std::optional<std::uint64_t> committed;
  sqlite::Statement row = impl_->database.prepare("SELECT bytes FROM sinks WHERE path = ?");
  row.bind(1, absolute);
  if (row.step()) committed = static_cast<std::uint64_t>(row.column_int64(0));
  row.reset();
  JsonlFile file(absolute, committed);
  if (!committed) impl_->set_sink->run(absolute, 0);
  return file;
}

void Store::begin_run(std::string_view arguments, system_clock::time_point now) {
  impl_->database.run("INSERT INTO runs(started_at, arguments) VALUES(?, ?)", timestamp(now), arguments);
  impl_->run = impl_->database.last_insert_rowid();
}

void Store::finish_run(std::string_view outcome, system_clock::time_point now) {
  impl_->database.run("UPDATE runs SET finished_at = ?, outcome = ? WHERE id = ?", timestamp(now), outcome, impl_->run);
}

std::size_t Store::retry_failed() {
  impl_->database.run("UPDATE pages SET state = 'pending', error = NULL WHERE state = 'failed'");
  return static_cast<std::size_t>(impl_->database.changes());
}

StoreCounts Store::counts() {
  StoreCounts counts;
  sqlite::Statement row = impl_->database.prepare("SELECT state, count(*) FROM pages GROUP BY state");
  while (row.step()) {
    const auto count = static_cast<std::uint64_t>(row.column_int64(1));
    const std::string_view state = row.column_text(0);
    if (state == "pending") counts.pending = count;
    if (state == "done") counts.done = count;
    if (state == "failed") counts.failed = count;
    if (state == "skipped") counts.skipped = count;
  }
  counts.items = static_cast<std::uint64_t>(impl_->database.scalar("SELECT count(*) FROM items"));
  return counts;
}

}  // namespace corolla::inline v0::crawl
