// SPDX-License-Identifier: Apache-2.0
/// \file
/// A prepared statement.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/sqlite/value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace corolla::inline v0::sqlite {

/// A prepared statement: bind, step, read columns, reset, and again. Move-only; may outlive its Database, which is
/// then closed with the last statement. One thread at a time, the same one as its Database's.
///
/// Parameters are numbered from 1, columns from 0, as in SQLite. Every failure throws sqlite::Error; an index out of
/// range is one of them for parameters, and undefined for columns.
class COROLLA_API Statement {
 public:
  /// Compiles the first statement of `sql`; anything but white space or comments after it is an error.
  Statement(sqlite3* database, std::string_view sql);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// Binds a parameter; text and blobs are copied.
  Statement& bind(int index, Null value);
  Statement& bind(int index, std::nullopt_t) { return bind(index, Null{}); }
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Statement& bind(int index, const std::string& text) { return bind(index, std::string_view(text)); }
  Statement& bind(int index, BlobView blob);
  Statement& bind(int index, const Blob& blob) { return bind(index, BlobView(blob.bytes)); }
  Statement& bind(int index, const Value& value);
  template <std::integral Integer>
  Statement& bind(int index, Integer value) {
    return bind_integer(index, static_cast<std::int64_t>(value));
  }
  template <class T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, Null{});
  }

  /// As bind, without the copy: the bytes must stay until the next bind of this index, clear_bindings or destruction.
  Statement& bind_borrowed(int index, std::string_view text);
  Statement& bind_borrowed(int index, BlobView blob);

  /// Binds 1, 2, 3 … in order.
  template <class... Args>
  Statement& bind_all(const Args&... args) {
    int index = 0;
    (bind(++index, args), ...);
    return *this;
  }

  /// The number of the parameter `:name` (with its prefix); 0 when there is none.
  [[nodiscard]] int parameter_index(const std::string& name) const noexcept;

  /// Runs to the next row: true when there is one, false when the statement is finished. After false or an error the
  /// statement is reset; bindings stay.
  bool step();
  /// Runs to the end, ignoring rows, and resets: for INSERT, UPDATE and the like.
  void execute();
  /// bind_all, then execute.
  template <class... Args>
  void run(const Args&... args) {
    bind_all(args...);
    execute();
  }
  /// Back to the first row; bindings stay. Never throws: the error of the last step was thrown by it.
  void reset() noexcept;
  void clear_bindings() noexcept;

  /// Columns of the present row. Views live until the next step, reset or conversion of the same column.
  [[nodiscard]] int column_count() const noexcept;
  [[nodiscard]] std::string column_name(int index) const;
  [[nodiscard]] Type column_type(int index) const noexcept;
  [[nodiscard]] bool is_null(int index) const noexcept { return column_type(index) == Type::kNull; }
  [[nodiscard]] std::int64_t column_int64(int index) const noexcept;
  [[nodiscard]] double column_double(int index) const noexcept;
  [[nodiscard]] std::string_view column_text(int index) const noexcept;
  [[nodiscard]] std::string_view column_blob(int index) const noexcept;
  [[nodiscard]] Value column_value(int index) const;

 private:
  Statement& bind_integer(int index, std::int64_t value);
  void check(int code) const;

  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace corolla::inline v0::sqlite
