// SPDX-License-Identifier: Apache-2.0
#include <corolla/sqlite/database.hpp>

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sqlite = corolla::sqlite;
using corolla_tests::TemporaryDirectory;

namespace {

TEST(SqliteDatabase, RoundTripsEveryStorageClass) {
  sqlite::Database db(":memory:");
  db.execute("CREATE TABLE t(a, b, c, d, e)");
  const std::string with_nul("x\0y", 3);
  db.run("INSERT INTO t VALUES(?, ?, ?, ?, ?)", std::numeric_limits<std::int64_t>::min(), 0.1, with_nul,
         sqlite::Blob(with_nul), sqlite::Null{});
  sqlite::Statement row = db.prepare("SELECT * FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.column_count(), 5);
  EXPECT_EQ(row.column_name(1), "b");
  EXPECT_EQ(row.column_value(0), sqlite::Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(row.column_value(1), sqlite::Value(0.1));
  EXPECT_EQ(row.column_value(2), sqlite::Value(with_nul));
  EXPECT_EQ(row.column_value(3), sqlite::Value(sqlite::Blob(with_nul)));
  EXPECT_EQ(row.column_value(4), sqlite::Value(sqlite::Null{}));
  EXPECT_TRUE(row.is_null(4));
  EXPECT_FALSE(row.step());
}

TEST(SqliteDatabase, EmptyTextAndEmptyBlobAreNotNull) {
  sqlite::Database db(":memory:");
  db.execute("CREATE TABLE t(a, b, c, d)");
  sqlite::Statement insert = db.prepare("INSERT INTO t VALUES(?, ?, ?, ?)");
  insert.bind(1, std::string_view()).bind(2, sqlite::BlobView({})).bind_borrowed(3, std::string_view());
  insert.bind_borrowed(4, sqlite::BlobView({}));
  insert.execute();
  EXPECT_EQ(db.scalar("SELECT typeof(a)='text' AND typeof(b)='blob' AND typeof(c)='text' AND typeof(d)='blob' FROM t"),
            1);
}

TEST(SqliteDatabase, StatementIsReusedAfterDoneAndAfterError) {
  sqlite::Database db(":memory:");
  db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)");
  sqlite::Statement insert = db.prepare("INSERT INTO t VALUES(?, ?)");
  insert.run(1, "one");
  EXPECT_THROW(insert.run(1, "again"), sqlite::Error);
  insert.run(2, std::optional<std::string>());
  EXPECT_EQ(db.changes(), 1);
  EXPECT_EQ(db.last_insert_rowid(), 2);
  EXPECT_EQ(db.scalar("SELECT count(*) FROM t WHERE name IS NULL"), 1);
}

TEST(SqliteDatabase, ErrorsCarryCodeMessageAndStatement) {
  sqlite::Database db(":memory:");
  db.execute("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)");
  try {
    db.run("INSERT INTO t VALUES(?)", 1);
    FAIL() << "the constraint was not enforced";
  } catch (const sqlite::Error& error) {
    EXPECT_TRUE(error.is_constraint());
    EXPECT_EQ(error.code(), 2067);  // SQLITE_CONSTRAINT_UNIQUE
    EXPECT_EQ(error.sql(), "INSERT INTO t VALUES(?)");
    EXPECT_NE(std::string(error.what()).find("UNIQUE constraint failed: t.a"), std::string::npos) << error.what();
  }
  EXPECT_THROW((void)db.prepare("SELEKT 1"), sqlite::Error);
  EXPECT_THROW((void)db.prepare("   -- nothing\n"), sqlite::Error);
  EXPECT_THROW((void)db.prepare("SELECT 1; SELECT 2"), sqlite::Error);
  EXPECT_NO_THROW((void)db.prepare("SELECT 1; -- the end\n /* really */ ;"));
  EXPECT_THROW(db.prepare("SELECT ?").bind(2, 1), sqlite::Error);
  EXPECT_THROW((void)db.scalar("SELECT a FROM t WHERE a = 7"), sqlite::Error);
}

TEST(SqliteDatabase, UnopenableFileIsNamed) {
  TemporaryDirectory directory;
  const std::string path = directory / "no/such/dir.db";
  try {
    sqlite::Database db(path);
    FAIL();
  } catch (const sqlite::Error& error) {
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
  }
  EXPECT_THROW(sqlite::Database(directory / "absent.db", {.create = false}), sqlite::Error);
  corolla_tests::write_whole_file(directory / "text.db", std::string(4096, 'x'));
  EXPECT_THROW(sqlite::Database(directory / "text.db"), sqlite::Error);
}

TEST(SqliteDatabase, OptionsReachTheConnection) {
  TemporaryDirectory directory;
  sqlite::Database db(directory / "a.db", {.busy_timeout = std::chrono::milliseconds(1234)});
  EXPECT_EQ(db.scalar("PRAGMA synchronous"), 1);
  EXPECT_EQ(db.scalar("PRAGMA busy_timeout"), 1234);
  EXPECT_EQ(db.scalar("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
  sqlite::Database full(directory / "b.db", {.wal = false, .synchronous = sqlite::Synchronous::kFull});
  EXPECT_EQ(full.scalar("PRAGMA synchronous"), 2);
  EXPECT_EQ(full.scalar("SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
  sqlite::Database reader(directory / "a.db", {.read_only = true});
  EXPECT_THROW(reader.execute("CREATE TABLE t(a)"), sqlite::Error);
}

TEST(SqliteDatabase, StatementKeepsItsDatabaseOpen) {
  std::optional<sqlite::Database> db(std::in_place, ":memory:");
  sqlite::Statement statement = db->prepare("SELECT 42");
  db.reset();
  ASSERT_TRUE(statement.step());
  EXPECT_EQ(statement.column_int64(0), 42);
}

TEST(SqliteDatabase, MovesLeaveOneOwner) {
  sqlite::Database a(":memory:");
  a.execute("CREATE TABLE t(a)");
  sqlite::Database b(std::move(a));
  sqlite::Database c(":memory:");
  c = std::move(b);
  EXPECT_EQ(c.scalar("SELECT count(*) FROM t"), 0);
  sqlite::Statement one = c.prepare("SELECT 1");
  sqlite::Statement two = c.prepare("SELECT 2");
  one = std::move(two);
  ASSERT_TRUE(one.step());
  EXPECT_EQ(one.column_int64(0), 2);
}

TEST(SqliteTransaction, RollsBackUnlessCommitted) {
  sqlite::Database db(":memory:");
  db.execute("CREATE TABLE t(a)");
  {
    sqlite::Transaction transaction(db);
    db.execute("INSERT INTO t VALUES(1)");
  }
  EXPECT_EQ(db.scalar("SELECT count(*) FROM t"), 0);
  {
    sqlite::Transaction transaction(db);
    db.execute("INSERT INTO t VALUES(1)");
    transaction.commit();
    EXPECT_THROW(transaction.commit(), sqlite::Error);
  }
  EXPECT_EQ(db.scalar("SELECT count(*) FROM t"), 1);
  EXPECT_TRUE(db.is_autocommit());
}

TEST(SqliteTransaction, SurvivesARollbackOfSqliteItself) {
  sqlite::Database db(":memory:");
  db.execute("CREATE TABLE t(a UNIQUE ON CONFLICT ROLLBACK); INSERT INTO t VALUES(1)");
  {
    sqlite::Transaction transaction(db);
    EXPECT_THROW(db.execute("INSERT INTO t VALUES(1)"), sqlite::Error);
    EXPECT_TRUE(db.is_autocommit());
  }
  sqlite::Transaction next(db);
  next.commit();
}

TEST(SqliteTransaction, ImmediateWritersExcludeEachOther) {
  TemporaryDirectory directory;
  const std::string path = directory / "a.db";
  sqlite::Database first(path);
  sqlite::Database second(path, {.busy_timeout = std::chrono::milliseconds(0)});
  sqlite::Transaction transaction(first);
  try {
    sqlite::Transaction other(second);
    FAIL();
  } catch (const sqlite::Error& error) {
    EXPECT_TRUE(error.is_busy());
  }
}

TEST(SqliteDatabase, InterruptStopsAStatementFromAnotherThread) {
  sqlite::Database db(":memory:");
  sqlite::Statement endless =
      db.prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
  ASSERT_TRUE(endless.step());
  std::thread([&] { db.interrupt(); }).join();
  EXPECT_THROW(endless.execute(), sqlite::Error);
}

TEST(SqliteDatabase, QuotesIdentifiers) {
  EXPECT_EQ(sqlite::quote_identifier("plain"), "\"plain\"");
  EXPECT_EQ(sqlite::quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_THROW((void)sqlite::quote_identifier(""), corolla::ValueError);
  EXPECT_THROW((void)sqlite::quote_identifier(std::string_view("a\0b", 3)), corolla::ValueError);
  sqlite::Database db(":memory:");
  db.execute("CREATE TABLE t(" + sqlite::quote_identifier("x\"; DROP TABLE t; --") + ")");
  EXPECT_EQ(db.scalar("SELECT count(*) FROM pragma_table_info('t')"), 1);
}

}  // namespace
