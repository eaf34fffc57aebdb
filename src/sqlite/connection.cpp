// SPDX-License-Identifier: Apache-2.0
#include <corolla/sqlite/connection.hpp>

#include <atomic>
#include <mutex>

#include <sqlite3.h>

namespace corolla::inline v0::sqlite {

Result::Result(Statement& statement, Database& database) {
  const int count = statement.column_count();
  for (int i = 0; i < count; ++i) columns_.push_back(statement.column_name(i));
  while (statement.step()) {
    Row& row = rows_.emplace_back();
    row.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) row.push_back(statement.column_value(i));
  }
  changes_ = database.changes();
  last_insert_rowid_ = database.last_insert_rowid();
}

// The database is used by the connection's thread alone. The mutex only lets another thread interrupt it: it is held
// while the handle appears and goes. An interrupt is lost when it comes before the statement it is meant for; so abort
// sets a flag that SQLite looks at while it works.
struct Connection::Core::Private {
  std::mutex mutex;
  std::atomic<bool> aborted = false;  // outlives the database, which looks at it
  std::optional<Database> database;
};

Connection::Core::Core() : private_(std::make_unique<Private>()) {}
Connection::Core::~Core() = default;

void Connection::Core::open(const std::string& path, OpenOptions options) {
  Database database(path, options);
  constexpr int kStepsBetweenLooks = 1000;
  sqlite3_progress_handler(
      database.handle(), kStepsBetweenLooks,
      [](void* flag) -> int { return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_relaxed) ? 1 : 0; },
      &private_->aborted);
  const std::lock_guard lock(private_->mutex);
  private_->database = std::move(database);
}

Database& Connection::Core::open_database() {
  const std::lock_guard lock(private_->mutex);
  if (!private_->database || private_->aborted) throw RuntimeError("the SQLite connection is closed");
  return *private_->database;
}

void Connection::Core::close() noexcept {
  const std::lock_guard lock(private_->mutex);
  private_->database.reset();
}

void Connection::Core::abort() noexcept { private_->aborted.store(true, std::memory_order_relaxed); }

void Connection::Core::interrupt() noexcept {
  const std::lock_guard lock(private_->mutex);
  if (private_->database) private_->database->interrupt();
}

Connection::Connection() : core_(std::make_shared<Core>()), executor_(std::make_unique<ThreadPoolExecutor>(1)) {}
Connection::Connection(Connection&&) noexcept = default;

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(core_, other.core_);
  std::swap(executor_, other.executor_);
  return *this;
}

Connection::~Connection() {
  if (core_ && executor_) core_->abort();
}

ThreadPoolExecutor& Connection::executor() const {
  if (!executor_) throw RuntimeError("the SQLite connection is closed");
  return *executor_;
}

Future<Result> Connection::execute_values(std::string sql, std::vector<Value> parameters) {
  return run_in_executor(executor(), [core = core_, sql = std::move(sql), parameters = std::move(parameters)] {
    Database& database = core->open_database();
    Statement statement = database.prepare(sql);
    int index = 0;
    for (const Value& value : parameters) statement.bind(++index, value);
    return Result(statement, database);
  });
}

Future<std::int64_t> Connection::execute_many(std::string sql, std::vector<Row> rows) {
  return run_in_executor(executor(), [core = core_, sql = std::move(sql), rows = std::move(rows)] {
    Database& database = core->open_database();
    Statement statement = database.prepare(sql);
    std::int64_t changes = 0;
    Transaction transaction(database);
    for (const Row& row : rows) {
      int index = 0;
      for (const Value& value : row) statement.bind(++index, value);
      statement.execute();
      changes += database.changes();
      statement.clear_bindings();
    }
    transaction.commit();
    return changes;
  });
}

Future<void> Connection::execute_script(std::string sql) {
  return run_in_executor(executor(), [core = core_, sql = std::move(sql)] { core->open_database().execute(sql); });
}

void Connection::interrupt() noexcept {
  if (core_) core_->interrupt();
}

Coro<void> Connection::close() {
  if (!executor_) co_return;
  Future<void> closed = run_in_executor(*executor_, [core = core_] { core->close(); });
  co_await closed;
  executor_.reset();
}

Coro<Connection> connect(std::string path, OpenOptions options) {
  Connection connection;
  Future<void> opened = run_in_executor(
      *connection.executor_, [core = connection.core_, path = std::move(path), options] { core->open(path, options); });
  co_await opened;
  co_return connection;
}

}  // namespace corolla::inline v0::sqlite
