// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the SQLite library reports when a call fails.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/error.hpp>

#include <string>
#include <string_view>

namespace corolla::inline v0::sqlite {

/// A failed SQLite call (Python's sqlite3.Error). Copies are independent and thread safe.
class COROLLA_API Error : public corolla::Error {
 public:
  /// `code` is SQLite's extended result code, `message` its own words, `sql` the statement or the path concerned.
  Error(int code, std::string_view message, std::string_view sql);
  ~Error() override;

  /// The extended result code, e.g. 2067 for SQLITE_CONSTRAINT_UNIQUE.
  [[nodiscard]] int code() const noexcept { return code_; }
  /// The primary result code, e.g. 19 for SQLITE_CONSTRAINT.
  [[nodiscard]] int primary_code() const noexcept { return code_ & 0xff; }
  /// The statement, or the path of the file that could not be opened; cut after 200 bytes.
  [[nodiscard]] const std::string& sql() const noexcept { return sql_; }

  /// Another connection held the lock for longer than the busy timeout.
  [[nodiscard]] bool is_busy() const noexcept;
  /// A UNIQUE, NOT NULL, CHECK, PRIMARY KEY or FOREIGN KEY constraint refused the row.
  [[nodiscard]] bool is_constraint() const noexcept;
  /// The disk is full, or a quota was reached.
  [[nodiscard]] bool is_full() const noexcept;

 private:
  int code_;
  std::string sql_;
};

}  // namespace corolla::inline v0::sqlite
