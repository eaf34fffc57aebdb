// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime.hpp>
#include <corolla/sqlite/connection.hpp>

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace corolla;
using corolla_tests::TemporaryDirectory;

TEST(SqliteConnection, ExecutesInItsOwnThread) {
  run([]() -> Coro<void> {
    auto db = co_await sqlite::connect(":memory:");
    co_await db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c)");
    const auto inserted =
        co_await db.execute("INSERT INTO t(a, b, c) VALUES(?, ?, ?)", "text", 1.5, std::optional<int>());
    EXPECT_EQ(inserted.changes(), 1);
    EXPECT_EQ(inserted.last_insert_rowid(), 1);
    const auto result = co_await db.execute("SELECT * FROM t WHERE a = ?", std::string("text"));
    EXPECT_EQ(result.columns(), (std::vector<std::string>{"id", "a", "b", "c"}));
    EXPECT_EQ(result.size(), 1U);
    EXPECT_EQ(result[0], (sqlite::Row{std::int64_t{1}, std::string("text"), 1.5, sqlite::Null{}}));
    const auto loop_thread = std::this_thread::get_id();
    const auto db_thread = co_await db.call([](sqlite::Database&) { return std::this_thread::get_id(); });
    EXPECT_NE(db_thread, loop_thread);
    const auto thread = co_await db.call([](sqlite::Database&) { return std::this_thread::get_id(); });
    EXPECT_EQ(thread, db_thread);
    co_await db.close();
  }());
}

TEST(SqliteConnection, CallsRunInTheOrderInWhichTheyWereMade) {
  run([]() -> Coro<void> {
    auto db = co_await sqlite::connect(":memory:");
    auto created = db.execute("CREATE TABLE t(a)");
    auto first = db.execute("INSERT INTO t VALUES(?)", 1);
    auto many = db.execute_many("INSERT INTO t VALUES(?)", {{std::int64_t{2}}, {std::int64_t{3}}});
    auto all = db.execute("SELECT group_concat(a) FROM t");
    const auto all_value = co_await all;
    EXPECT_EQ(all_value[0][0], sqlite::Value(std::string("1,2,3")));
    const auto many_value = co_await many;
    EXPECT_EQ(many_value, 2);
    co_await first;
    co_await created;
  }());
}

TEST(SqliteConnection, ErrorsComeBackAndLeaveItUsable) {
  run([]() -> Coro<void> {
    auto db = co_await sqlite::connect(":memory:");
    co_await db.execute_script("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)");
    auto failed = co_await outcome(db.execute("INSERT INTO t VALUES(1)"));
    EXPECT_FALSE(failed);
    const std::vector<sqlite::Row> rows{{std::int64_t{2}}, {std::int64_t{1}}};
    auto none = co_await outcome(db.execute_many("INSERT INTO t VALUES(?)", rows));
    EXPECT_FALSE(none) << "the second row is there already";
    const auto count = co_await db.execute("SELECT count(*) FROM t");
    EXPECT_EQ(count[0][0], sqlite::Value(std::int64_t{1})) << "execute_many is one transaction";
  }());
}

TEST(SqliteConnection, AFileThatCannotBeOpenedFailsConnect) {
  TemporaryDirectory directory;
  EXPECT_THROW(run(sqlite::connect(directory / "no/such/file.db")), sqlite::Error);
}

TEST(SqliteConnection, CloseDrainsAndThenNothingRuns) {
  TemporaryDirectory directory;
  const std::string path = directory / "a.db";
  run([](std::string path) -> Coro<void> {
    auto db = co_await sqlite::connect(path);
    auto created = db.execute("CREATE TABLE t(a)");
    auto inserted = db.execute("INSERT INTO t VALUES(1)");
    co_await db.close();
    EXPECT_TRUE(inserted.done());
    co_await created;
    co_await inserted;
    co_await db.close();
    EXPECT_THROW(static_cast<void>(db.execute("SELECT 1")), RuntimeError);
    auto again = co_await sqlite::connect(path);
    const auto rows = co_await again.execute("SELECT count(*) FROM t");
    EXPECT_EQ(rows[0][0], sqlite::Value(std::int64_t{1}));
  }(path));
}

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

TEST(SqliteConnection, InterruptStopsWhatRuns) {
  run([]() -> Coro<void> {
    auto db = co_await sqlite::connect(":memory:");
    std::promise<void> begun;
    auto endless = db.call([&begun](sqlite::Database& database) {
      sqlite::Statement statement = database.prepare(
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
          "SELECT i FROM n");
      statement.step();
      begun.set_value();
      while (statement.step()) {
      }
    });
    begun.get_future().wait();
    db.interrupt();
    auto stopped = co_await outcome(endless);
    EXPECT_FALSE(stopped);
    const auto rows = co_await db.execute("SELECT 1");
    EXPECT_EQ(rows.size(), 1U);
  }());
}

TEST(SqliteConnection, DestructionAbortsWhatRunsAndFailsWhatWaits) {
  run([]() -> Coro<void> {
    std::optional<sqlite::Connection> db = co_await sqlite::connect(":memory:");
    std::promise<void> begun;
    auto first = db->call([&begun](sqlite::Database& database) {
      begun.set_value();
      return database.scalar(kEndless);
    });
    auto second = db->execute("SELECT 1");
    begun.get_future().wait();
    db.reset();
    const auto first_outcome = co_await outcome(first);
    EXPECT_FALSE(first_outcome);
    const auto second_outcome = co_await outcome(second);
    EXPECT_FALSE(second_outcome);
  }());
}

TEST(SqliteConnection, ACancelledCallThatWaitsIsWithdrawn) {
  run([]() -> Coro<void> {
    auto db = co_await sqlite::connect(":memory:");
    co_await db.execute("CREATE TABLE t(a)");
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    auto hold = [opened](sqlite::Database&) { opened.wait(); };
    auto busy = db.call(hold);
    auto withdrawn = db.execute("INSERT INTO t VALUES(1)");
    auto kept = db.execute("INSERT INTO t VALUES(2)");
    withdrawn.cancel();
    co_await sleep(std::chrono::nanoseconds(0));
    gate.set_value();
    co_await busy;
    co_await kept;
    const auto rows = co_await db.execute("SELECT a FROM t");
    EXPECT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0][0], sqlite::Value(std::int64_t{2}));
  }());
}

}  // namespace
