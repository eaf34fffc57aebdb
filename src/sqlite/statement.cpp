// SPDX-License-Identifier: Apache-2.0
#include <corolla/sqlite/error.hpp>
#include <corolla/sqlite/statement.hpp>

#include <sqlite3.h>
#include <limits>

namespace corolla::inline v0::sqlite {
namespace {

std::string_view trim_left(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n;");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// Whether only white space, semicolons and comments are left.
bool is_blank(std::string_view text) {
  for (text = trim_left(text); !text.empty(); text = trim_left(text)) {
    std::size_t end = 0;
    if (text.starts_with("--")) {
      end = text.find('\n');
    } else if (text.starts_with("/*")) {
      end = text.find("*/", 2);
      if (end != std::string_view::npos) end += 2;
    } else {
      return false;
    }
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end);
  }
  return true;
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) {
  if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(SQLITE_TOOBIG, "statement too long", sql);
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), 0, &statement_, &tail);
  if (code != SQLITE_OK) throw Error(sqlite3_extended_errcode(database), sqlite3_errmsg(database), sql);
  if (statement_ == nullptr) throw Error(SQLITE_MISUSE, "no statement", sql);
  if (!is_blank(sql.substr(static_cast<std::size_t>(tail - sql.data())))) {
    sqlite3_finalize(std::exchange(statement_, nullptr));
    throw Error(SQLITE_MISUSE, "more than one statement", sql);
  }
}

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::check(int code) const {
  if (code == SQLITE_OK) return;
  sqlite3* database = sqlite3_db_handle(statement_);
  const char* sql = sqlite3_sql(statement_);
  throw Error(code, sqlite3_errmsg(database), sql == nullptr ? "" : sql);
}

Statement& Statement::bind(int index, Null) {
  check(sqlite3_bind_null(statement_, index));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  check(sqlite3_bind_double(statement_, index, value));
  return *this;
}

Statement& Statement::bind_integer(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value));
  return *this;
}

// A null data pointer would bind NULL, so an empty view is given a pointer of its own.
Statement& Statement::bind(int index, std::string_view text) {
  check(sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, BlobView blob) {
  check(sqlite3_bind_blob64(statement_, index, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(),
                            SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_borrowed(int index, std::string_view text) {
  check(
      sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_borrowed(int index, BlobView blob) {
  check(sqlite3_bind_blob64(statement_, index, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(),
                            SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind(int index, const Value& value) {
  return std::visit([&](const auto& held) -> Statement& { return bind(index, held); }, value);
}

int Statement::parameter_index(const std::string& name) const noexcept {
  return sqlite3_bind_parameter_index(statement_, name.c_str());
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  sqlite3* database = sqlite3_db_handle(statement_);
  const char* sql = sqlite3_sql(statement_);
  const Error error(sqlite3_extended_errcode(database), sqlite3_errmsg(database), sql == nullptr ? "" : sql);
  reset();
  throw error;
}

void Statement::execute() {
  while (step()) {
  }
}

void Statement::reset() noexcept { sqlite3_reset(statement_); }
void Statement::clear_bindings() noexcept { sqlite3_clear_bindings(statement_); }

int Statement::column_count() const noexcept { return sqlite3_column_count(statement_); }

std::string Statement::column_name(int index) const {
  const char* name = sqlite3_column_name(statement_, index);
  return name == nullptr ? std::string() : std::string(name);
}

Type Statement::column_type(int index) const noexcept {
  switch (sqlite3_column_type(statement_, index)) {
    case SQLITE_INTEGER: return Type::kInteger;
    case SQLITE_FLOAT: return Type::kReal;
    case SQLITE_TEXT: return Type::kText;
    case SQLITE_BLOB: return Type::kBlob;
    default: return Type::kNull;
  }
}

std::int64_t Statement::column_int64(int index) const noexcept { return sqlite3_column_int64(statement_, index); }
double Statement::column_double(int index) const noexcept { return sqlite3_column_double(statement_, index); }

std::string_view Statement::column_text(int index) const noexcept {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, index));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, index))};
}

std::string_view Statement::column_blob(int index) const noexcept {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, index));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, index))};
}

Value Statement::column_value(int index) const {
  switch (column_type(index)) {
    case Type::kInteger: return column_int64(index);
    case Type::kReal: return column_double(index);
    case Type::kText: return std::string(column_text(index));
    case Type::kBlob: return Blob(std::string(column_blob(index)));
    case Type::kNull: break;
  }
  return Null{};
}

}  // namespace corolla::inline v0::sqlite
