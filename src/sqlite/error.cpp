// SPDX-License-Identifier: Apache-2.0
#include <corolla/sqlite/error.hpp>

#include <sqlite3.h>

namespace corolla::inline v0::sqlite {
namespace {

constexpr std::size_t kSqlShown = 200;

std::string shown(std::string_view sql) {
  return sql.size() <= kSqlShown ? std::string(sql) : std::string(sql.substr(0, kSqlShown)) + "…";
}

std::string sentence(int code, std::string_view message, std::string_view sql) {
  std::string text = "sqlite: ";
  text += message.empty() ? std::string_view(sqlite3_errstr(code)) : message;
  text += " (code " + std::to_string(code) + ")";
  if (!sql.empty()) text += " in: " + shown(sql);
  return text;
}

}  // namespace

Error::Error(int code, std::string_view message, std::string_view sql)
    : corolla::Error(sentence(code, message, sql)), code_(code), sql_(shown(sql)) {}

Error::~Error() = default;

bool Error::is_busy() const noexcept { return primary_code() == SQLITE_BUSY || primary_code() == SQLITE_LOCKED; }
bool Error::is_constraint() const noexcept { return primary_code() == SQLITE_CONSTRAINT; }
bool Error::is_full() const noexcept { return primary_code() == SQLITE_FULL; }

}  // namespace corolla::inline v0::sqlite
