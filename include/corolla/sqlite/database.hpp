// SPDX-License-Identifier: Apache-2.0
/// \file
/// A synchronous connection to one SQLite file, and its transactions.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/sqlite/error.hpp>
#include <corolla/sqlite/statement.hpp>
#include <corolla/sqlite/value.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3;

namespace corolla::inline v0::sqlite {

/// When SQLite waits for the disk (PRAGMA synchronous).
enum class Synchronous : std::uint8_t {
  kOff,     ///< never: a power cut may corrupt the file
  kNormal,  ///< at checkpoints: with WAL a power cut may lose the last commits, and corrupts nothing
  kFull,    ///< at each commit
};

/// How a Database is opened. Trivially destructible, so that it may be written in place in a co_await expression.
struct OpenOptions {
  /// How long a statement waits for another connection's lock before it fails with is_busy().
  std::chrono::milliseconds busy_timeout{5000};
  /// Readers and the writer do not stop each other (PRAGMA journal_mode = WAL). Ignored for in-memory databases.
  bool wal = true;
  Synchronous synchronous = Synchronous::kNormal;
  bool create = true;
  bool read_only = false;
};
static_assert(std::is_trivially_destructible_v<OpenOptions>);

/// One connection (Python's sqlite3.Connection, with autocommit). Move-only. One thread at a time; only interrupt() may
/// be called from another one.
class COROLLA_API Database {
 public:
  /// `path` is a file, or ":memory:". Throws sqlite::Error naming the path.
  explicit Database(const std::string& path, OpenOptions options = {});
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Runs every statement of `sql`; rows are dropped.
  void execute(const std::string& sql);
  /// Compiles one statement.
  [[nodiscard]] Statement prepare(std::string_view sql);
  /// Compiles one statement, binds 1, 2, 3 … and runs it to its end.
  template <class... Args>
  void run(std::string_view sql, const Args&... args) {
    prepare(sql).run(args...);
  }
  /// The first column of the first row as an integer; throws sqlite::Error when there is no row.
  template <class... Args>
  [[nodiscard]] std::int64_t scalar(std::string_view sql, const Args&... args) {
    Statement statement = prepare(sql);
    statement.bind_all(args...);
    return scalar_of(statement, sql);
  }

  /// Rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] std::int64_t changes() const noexcept;
  [[nodiscard]] std::int64_t last_insert_rowid() const noexcept;
  /// No transaction is open.
  [[nodiscard]] bool is_autocommit() const noexcept;
  /// Makes a running statement fail soon. Any thread.
  void interrupt() noexcept;
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }

 private:
  static std::int64_t scalar_of(Statement& statement, std::string_view sql);

  sqlite3* handle_ = nullptr;
};

/// A transaction: rolls back in its destructor unless commit() succeeded.
class COROLLA_API Transaction {
 public:
  enum class Mode : std::uint8_t {
    kDeferred,   ///< locks when it first reads or writes
    kImmediate,  ///< takes the write lock now, so that no later statement meets another writer
  };
  explicit Transaction(Database& database, Mode mode = Mode::kImmediate);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  /// Makes the changes permanent. When it throws (the disk is full, say) the transaction is still open.
  void commit();
  /// Drops the changes. Never throws; a second call does nothing.
  void rollback() noexcept;

 private:
  Database* database_;
};

/// `name` as a quoted identifier for SQL text. Throws ValueError when it is empty or contains a NUL.
[[nodiscard]] COROLLA_API std::string quote_identifier(std::string_view name);

}  // namespace corolla::inline v0::sqlite
