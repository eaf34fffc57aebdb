// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/error.hpp>

#include "crawl/store_schema.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

namespace corolla::inline v0::crawl {
namespace {

// Marks the file as a crawl's ("coro"), so that no other program's database is ever changed.
constexpr std::int64_t kApplicationId = 0x636f726f;
constexpr std::int64_t kSchemaVersion = 1;
constexpr std::size_t kMaxFields = 1000;  // SQLite's own limit of columns is 2000, of parameters 32766
constexpr std::size_t kMaxFieldName = 128;

constexpr const char* kSchema = R"sql(
CREATE TABLE runs(
  id INTEGER PRIMARY KEY,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  arguments TEXT NOT NULL,
  outcome TEXT
);
CREATE TABLE pages(
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK(state IN ('pending', 'done', 'failed', 'skipped')),
  depth INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  redirects INTEGER NOT NULL,
  parent_id INTEGER REFERENCES pages(id),
  status INTEGER,
  content_type TEXT,
  location TEXT,
  bytes INTEGER,
  wire_bytes INTEGER,
  fetched_at TEXT,
  elapsed_ms REAL,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  digest TEXT
);
CREATE INDEX pages_pending ON pages(host, id) WHERE state = 'pending';
CREATE TABLE items(page_id INTEGER NOT NULL REFERENCES pages(id), url TEXT NOT NULL);
CREATE INDEX items_page ON items(page_id);
CREATE TABLE bodies(page_id INTEGER PRIMARY KEY REFERENCES pages(id), body BLOB NOT NULL);
CREATE TABLE sinks(path TEXT PRIMARY KEY, bytes INTEGER NOT NULL);
)sql";

// SQLite compares column names without regard to the case of ASCII letters.
std::string folded(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

void check_field_names(const std::vector<std::string>& fields) {
  if (fields.size() > kMaxFields)
    throw ValueError("too many fields: " + std::to_string(fields.size()) + ", at most " + std::to_string(kMaxFields));
  std::set<std::string> seen{"url", "page_id"};
  for (const std::string& field : fields) {
    if (field.empty() || field.size() > kMaxFieldName || field.find('\0') != std::string::npos)
      throw ValueError("not a field name: '" + field + "'");
    if (!seen.insert(folded(field)).second)
      throw ValueError("the field name '" + field + "' is reserved or used twice (case does not count)");
  }
}

}  // namespace

void prepare_schema(sqlite::Database& database, const std::string& path, const std::vector<std::string>& fields) {
  check_field_names(fields);
  sqlite::Transaction transaction(database);
  if (database.scalar("SELECT count(*) FROM sqlite_schema") == 0) {
    database.execute(kSchema);
    database.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
    database.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  } else if (database.scalar("PRAGMA application_id") != kApplicationId) {
    throw ValueError(path + " is a database of another program");
  } else if (database.scalar("PRAGMA user_version") != kSchemaVersion) {
    throw ValueError(path + " was written by another version of this program (format " +
                     std::to_string(database.scalar("PRAGMA user_version")) +
                     ", known: " + std::to_string(kSchemaVersion) + ")");
  }
  std::set<std::string> columns;
  sqlite::Statement info = database.prepare("SELECT name FROM pragma_table_info('items')");
  while (info.step()) columns.insert(folded(info.column_text(0)));
  for (const std::string& field : fields)
    if (!columns.contains(folded(field)))
      database.execute("ALTER TABLE items ADD COLUMN " + sqlite::quote_identifier(field) + " TEXT");
  transaction.commit();
}

std::string insert_item_sql(const std::vector<std::string>& fields) {
  std::string names = "INSERT INTO items(page_id, url";
  std::string places = ") VALUES(?, (SELECT url FROM pages WHERE id = ?1)";
  for (const std::string& field : fields) {
    names += ", " + sqlite::quote_identifier(field);
    places += ", ?";
  }
  return names + places + ")";
}

}  // namespace corolla::inline v0::crawl
