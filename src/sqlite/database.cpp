// SPDX-License-Identifier: Apache-2.0
#include <corolla/sqlite/database.hpp>

#include <sqlite3.h>

namespace corolla::inline v0::sqlite {
namespace {

const char* pragma_of(Synchronous level) {
  switch (level) {
    case Synchronous::kOff: return "PRAGMA synchronous = OFF";
    case Synchronous::kNormal: return "PRAGMA synchronous = NORMAL";
    case Synchronous::kFull: break;
  }
  return "PRAGMA synchronous = FULL";
}

}  // namespace

Database::Database(const std::string& path, OpenOptions options) {
  // NOMUTEX: a connection belongs to one thread at a time, which is what the class promises anyway.
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options.create && !options.read_only) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  try {
    if (code != SQLITE_OK) throw Error(code, handle_ == nullptr ? "" : sqlite3_errmsg(handle_), path);
    sqlite3_busy_timeout(handle_, static_cast<int>(options.busy_timeout.count()));
    execute(pragma_of(options.synchronous));
    if (options.wal && !options.read_only) execute("PRAGMA journal_mode = WAL");
  } catch (...) {
    sqlite3_close_v2(std::exchange(handle_, nullptr));
    throw;
  }
}

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw Error(sqlite3_extended_errcode(handle_), sqlite3_errmsg(handle_), sql);
}

Statement Database::prepare(std::string_view sql) { return Statement(handle_, sql); }

std::int64_t Database::scalar_of(Statement& statement, std::string_view sql) {
  if (!statement.step()) throw Error(SQLITE_NOTFOUND, "no row", sql);
  return statement.column_int64(0);
}

std::int64_t Database::changes() const noexcept { return sqlite3_changes64(handle_); }
std::int64_t Database::last_insert_rowid() const noexcept { return sqlite3_last_insert_rowid(handle_); }
bool Database::is_autocommit() const noexcept { return sqlite3_get_autocommit(handle_) != 0; }
void Database::interrupt() noexcept { sqlite3_interrupt(handle_); }

Transaction::Transaction(Database& database, Mode mode) : database_(&database) {
  database.execute(mode == Mode::kImmediate ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() { rollback(); }

void Transaction::commit() {
  if (database_ == nullptr) throw Error(SQLITE_MISUSE, "the transaction is over", "COMMIT");
  database_->execute("COMMIT");
  database_ = nullptr;
}

void Transaction::rollback() noexcept {
  if (database_ == nullptr) return;
  // SQLite itself rolls back on some errors (SQLITE_FULL, SQLITE_IOERR); then there is nothing left to undo.
  if (!database_->is_autocommit()) sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  database_ = nullptr;
}

std::string quote_identifier(std::string_view name) {
  if (name.empty()) throw ValueError("an SQL identifier must not be empty");
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '\0') throw ValueError("an SQL identifier must not contain NUL");
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

}  // namespace corolla::inline v0::sqlite
