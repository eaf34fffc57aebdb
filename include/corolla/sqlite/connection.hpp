// SPDX-License-Identifier: Apache-2.0
/// \file
/// SQLite from coroutines: a Database on a thread of its own.
///
///     auto db = co_await sqlite::connect("app.db");
///     co_await db.execute("INSERT INTO users(name) VALUES(?)", "Ada");
///     auto users = co_await db.execute("SELECT id, name FROM users");
///     for (const auto& row : users) use(std::get<std::int64_t>(row[0]), std::get<std::string>(row[1]));
///
/// Source: aiosqlite. Calls run one at a time, in the order in which they are made. Cancelling one that waits withdraws
/// it; one that runs goes on to its end and its result is dropped, for half a statement would help nobody: interrupt()
/// stops it. Errors are sqlite::Error. A Connection belongs to one loop's thread.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/sqlite/database.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla::inline v0::sqlite {

using Row = std::vector<Value>;

/// What a statement gave: all its rows. For more than fits in memory step through them in Connection::call.
class COROLLA_API Result {
 public:
  Result() = default;
  /// Runs the statement to its end.
  Result(Statement& statement, Database& database);

  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] const Row& operator[](std::size_t index) const { return rows_[index]; }
  [[nodiscard]] auto begin() const noexcept { return rows_.begin(); }
  [[nodiscard]] auto end() const noexcept { return rows_.end(); }
  /// Rows that an INSERT, UPDATE or DELETE changed; of other statements, what the last such one did.
  [[nodiscard]] std::int64_t changes() const noexcept { return changes_; }
  [[nodiscard]] std::int64_t last_insert_rowid() const noexcept { return last_insert_rowid_; }

 private:
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
  std::int64_t changes_ = 0;
  std::int64_t last_insert_rowid_ = 0;
};

/// A parameter as an owned value: integers, floating point, text, Blob, Null, std::optional of these.
[[nodiscard]] inline Value to_value(Value value) { return value; }
template <std::integral Integer>
[[nodiscard]] Value to_value(Integer value) {
  return static_cast<std::int64_t>(value);
}
template <std::floating_point Real>
[[nodiscard]] Value to_value(Real value) {
  return static_cast<double>(value);
}
[[nodiscard]] inline Value to_value(std::string_view text) { return std::string(text); }
[[nodiscard]] inline Value to_value(const char* text) { return std::string(text); }
[[nodiscard]] inline Value to_value(std::string text) { return text; }
[[nodiscard]] inline Value to_value(Blob blob) { return blob; }
[[nodiscard]] inline Value to_value(Null) { return Null{}; }
[[nodiscard]] inline Value to_value(std::nullopt_t) { return Null{}; }
template <class T>
[[nodiscard]] Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value(Null{});
}

/// See the file's comment.
class COROLLA_API Connection {
 public:
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  /// Aborts: interrupts what runs, drops what waits (it fails), and waits for the thread. close() first to drain.
  ~Connection();

  /// Runs one statement with its parameters.
  template <class... Args>
  Future<Result> execute(std::string sql, Args&&... args) {
    std::vector<Value> parameters;
    parameters.reserve(sizeof...(args));
    (parameters.push_back(to_value(std::forward<Args>(args))), ...);
    return execute_values(std::move(sql), std::move(parameters));
  }
  Future<Result> execute_values(std::string sql, std::vector<Value> parameters);
  /// Runs one statement once for each row of parameters, in one transaction; the sum of the rows changed.
  Future<std::int64_t> execute_many(std::string sql, std::vector<Row> rows);
  /// Runs all statements of `sql`; rows are dropped.
  Future<void> execute_script(std::string sql);

  /// Runs function(Database&) on the connection's thread, with no other call in between: what a transaction needs.
  template <class F>
  auto call(F&& function) {
    require_safe_closure<F>();
    using T = std::invoke_result_t<std::decay_t<F>&, Database&>;
    static_assert(!AnyCoro<T>, "a coroutine cannot run in the connection's thread");
    return run_in_executor(executor(),
                           [core = core_, function = std::decay_t<F>(std::forward<F>(function))]() mutable -> T {
                             return function(core->open_database());
                           });
  }

  /// Makes the call that runs now fail soon, if it is in the middle of a statement. Any thread.
  void interrupt() noexcept;

  /// Waits for the calls made so far, then closes the file and ends the thread. Later calls fail with RuntimeError.
  Coro<void> close();

 private:
  friend COROLLA_API Coro<Connection> connect(std::string path, OpenOptions options);

  /// What the thread works on; the jobs keep it.
  class COROLLA_API Core {
   public:
    Core();
    ~Core();
    void open(const std::string& path, OpenOptions options);
    /// Throws RuntimeError when it was closed or aborted.
    [[nodiscard]] Database& open_database();
    void close() noexcept;
    void abort() noexcept;
    void interrupt() noexcept;

   private:
    struct Private;
    std::unique_ptr<Private> private_;
  };

  Connection();
  [[nodiscard]] ThreadPoolExecutor& executor() const;

  std::shared_ptr<Core> core_;
  std::unique_ptr<ThreadPoolExecutor> executor_;
};

/// Opens the file on a new connection's thread.
[[nodiscard]] COROLLA_API Coro<Connection> connect(std::string path, OpenOptions options = {});

}  // namespace corolla::inline v0::sqlite
