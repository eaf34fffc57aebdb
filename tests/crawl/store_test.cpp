// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/jsonl.hpp>
#include <corolla/crawl/store.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/sqlite/database.hpp>

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace crawl = corolla::crawl;
namespace sqlite = corolla::sqlite;
using corolla_tests::read_whole_file;
using corolla_tests::TemporaryDirectory;
using crawl::Batch;
using crawl::FieldValue;
using crawl::FinishedPage;
using crawl::Item;
using crawl::PageState;
using crawl::Store;
using crawl::StoreOptions;

namespace {

FieldValue text(std::string value) { return {.name = {}, .is_list = false, .values = {std::move(value)}, .error = {}}; }
FieldValue none() { return {.name = {}, .is_list = false, .values = {}, .error = {}}; }
FieldValue list(std::vector<std::string> values) {
  return {.name = {}, .is_list = true, .values = std::move(values), .error = {}};
}

Batch seeds(std::vector<std::string> urls) {
  Batch batch;
  for (std::size_t i = 0; i < urls.size(); ++i)
    batch.seeds.push_back({.id = static_cast<crawl::PageId>(i + 1), .url = urls[i]});
  return batch;
}

FinishedPage finished(crawl::PageId id) {
  FinishedPage page;
  page.id = id;
  page.status = 200;
  return page;
}

std::string cell(sqlite::Database& db, const std::string& sql) {
  sqlite::Statement row = db.prepare(sql);
  if (!row.step()) return "(no row)";
  return row.is_null(0) ? "NULL" : std::string(row.column_text(0));
}

TEST(Store, WritesAPageWithEverythingItBrought) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  {
    Store store(path, StoreOptions({"title", "tags", "year"}));
    store.commit(seeds({"http://a.example:8080/"}));
    FinishedPage page = finished(1);
    page.content_type = "text/html; charset=utf-8";
    page.bytes = 1000;
    page.wire_bytes = 300;
    page.fetched_at = std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 12h + 34min + 56s + 789ms;
    page.elapsed = 12345us;
    page.attempts = 2;
    page.digest = "xxh3:00ff";
    page.body = std::string("<p>\0</p>", 8);
    page.items = {{text("It's \"it\""), list({"a", "b\n"}), none()}};
    page.links = {{.id = 2, .url = "http://a.example:8080/x", .depth = 1, .parent = 1},
                  {.id = 3, .url = "http://b.example/", .depth = 1, .priority = -2, .redirects = 4, .parent = 1}};
    Batch batch;
    batch.pages.push_back(std::move(page));
    EXPECT_EQ(store.commit(batch), 1U);
    const auto counts = store.counts();
    EXPECT_EQ(counts.done, 1U);
    EXPECT_EQ(counts.pending, 2U);
    EXPECT_EQ(counts.items, 1U);
  }
  EXPECT_FALSE(std::filesystem::exists(path + "-lock"));
  EXPECT_FALSE(std::filesystem::exists(path + "-wal")) << "a clean end leaves one file";
  sqlite::Database db(path);
  EXPECT_EQ(cell(db,
                 "SELECT concat FROM (SELECT page_id||'|'||url||'|'||title||'|'||tags||'|'||(year IS NULL) AS concat "
                 "FROM items)"),
            "1|http://a.example:8080/|It's \"it\"|[\"a\", \"b\\n\"]|1");
  EXPECT_EQ(cell(db,
                 "SELECT host||' '||state||' '||status||' '||content_type||' '||bytes||' '||wire_bytes||' '||"
                 "fetched_at||' '||elapsed_ms||' '||attempts||' '||digest FROM pages WHERE id = 1"),
            "a.example:8080 done 200 text/html; charset=utf-8 1000 300 2024-02-29T12:34:56.789Z 12.345 2 xxh3:00ff");
  EXPECT_EQ(
      cell(
          db,
          "SELECT depth||' '||priority||' '||redirects||' '||parent_id||' '||host||' '||state FROM pages WHERE id = 3"),
      "1 -2 4 1 b.example pending");
  EXPECT_EQ(db.scalar("SELECT count(*) FROM pages WHERE id > 1 AND status IS NULL AND fetched_at IS NULL"), 2);
  EXPECT_EQ(cell(db, "SELECT hex(body) FROM bodies WHERE page_id = 1"), "3C703E003C2F703E");
  // The layout is what users query, so it is pinned.
  EXPECT_EQ(cell(db, "SELECT group_concat(name, ' ') FROM pragma_table_info('items')"), "page_id url title tags year");
}

TEST(Store, AcknowledgesAPageOnce) {
  Store store(":memory:", StoreOptions({"title"}));
  store.commit(seeds({"http://a/", "http://b/"}));
  Batch batch;
  for (int i = 0; i < 2; ++i) {
    batch.pages.push_back(finished(1));
    batch.pages.back().items = {{text("one")}};
    batch.pages.back().links = {{.id = 5, .url = "http://a/5", .depth = 1, .parent = 1}};
  }
  EXPECT_EQ(store.commit(batch), 1U);
  EXPECT_EQ(store.commit(batch), 0U);
  EXPECT_EQ(store.counts().items, 1U);
}

TEST(Store, ABatchIsCommittedWholeOrNotAtAll) {
  TemporaryDirectory directory;
  Store store(directory / "crawl.db", StoreOptions({"title"}));
  auto lines = store.open_jsonl(directory / "out.jsonl");
  store.commit(seeds({"http://a/", "http://b/"}));
  Batch good;
  good.pages.push_back(finished(1));
  good.pages[0].json_lines = "{\"n\": 1}\n";
  store.commit(good, &lines);
  Batch bad;
  bad.pages.push_back(finished(2));
  bad.pages[0].items = {{text("x")}};
  bad.pages[0].json_lines = "{\"n\": 2}\n";
  bad.pages[0].links = {{.id = 9, .url = "http://a/", .depth = 1, .parent = 2}};  // already there
  EXPECT_THROW(store.commit(bad, &lines), sqlite::Error);
  bad.pages[0].links.clear();
  bad.pages[0].items = {{text("x"), text("y")}};
  EXPECT_THROW(store.commit(bad, &lines), corolla::ValueError) << "more fields than columns";
  EXPECT_EQ(store.counts().pending, 1U);
  EXPECT_EQ(store.counts().items, 0U);
  EXPECT_EQ(read_whole_file(directory / "out.jsonl"), "{\"n\": 1}\n");
  bad.pages[0].items = {{text("x")}};
  EXPECT_EQ(store.commit(bad, &lines), 1U) << "the store is usable after an error";
  EXPECT_EQ(read_whole_file(directory / "out.jsonl"), "{\"n\": 1}\n{\"n\": 2}\n");
}

TEST(Store, AFullDiskUnderTheLinesUndoesTheCommit) {
  TemporaryDirectory directory;
  Store store(directory / "crawl.db");
  auto full = store.open_jsonl("/dev/full");
  store.commit(seeds({"http://a/"}));
  Batch batch;
  batch.pages.push_back(finished(1));
  batch.pages[0].json_lines = "{}\n";
  EXPECT_THROW(store.commit(batch, &full), corolla::OSError);
  EXPECT_EQ(store.counts().pending, 1U);
}

TEST(Store, ResumesWithWhatIsPending) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  {
    Store store(path);
    store.commit(seeds({"http://a/", "http://b/", "http://a/2"}));
    Batch batch;
    batch.pages.push_back(finished(1));
    batch.pages.push_back(finished(2));
    batch.pages[1].state = PageState::kFailed;
    batch.pages[1].status = 0;
    batch.pages[1].error = "connection refused";
    store.commit(batch);
  }
  Store store(path);
  std::map<std::string, bool> pages;
  store.for_each_page([&](const crawl::StoredPage& page, bool pending) { pages[page.url] = pending; });
  EXPECT_EQ(pages, (std::map<std::string, bool>{{"http://a/", false}, {"http://a/2", true}, {"http://b/", false}}));
  EXPECT_EQ(store.retry_failed(), 1U);
  EXPECT_EQ(store.counts().pending, 2U);
  EXPECT_EQ(store.counts().failed, 0U);
}

TEST(Store, RefillsByHostInOrderOfId) {
  Store store(":memory:");
  std::vector<std::string> urls;
  for (int i = 1; i <= 20; ++i) urls.push_back("http://h" + std::to_string(i % 2) + "/" + std::to_string(i));
  store.commit(seeds(urls));
  Batch batch;
  batch.pages.push_back(finished(7));
  store.commit(batch);
  const auto rows = store.pending({.host = 0, .host_key = "h1", .first_id = 4, .limit = 3});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].id, 5);
  EXPECT_EQ(rows[1].id, 9) << "7 is done";
  EXPECT_EQ(rows[2].url, "http://h1/11");
}

TEST(Store, LaterRunsAddColumnsAndKeepRows) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  {
    Store store(path, StoreOptions({"title"}));
    store.commit(seeds({"http://a/", "http://b/"}));
    Batch batch;
    batch.pages.push_back(finished(1));
    batch.pages[0].items = {{text("first")}};
    store.commit(batch);
  }
  {
    Store store(path, StoreOptions({"price in €", "TITLE"}));
    Batch batch;
    batch.pages.push_back(finished(2));
    batch.pages[0].items = {{text("7"), text("second")}};
    store.commit(batch);
  }
  sqlite::Database db(path);
  EXPECT_EQ(cell(db, "SELECT group_concat(title || ':' || ifnull(\"price in €\", '-'), ' ') FROM items"),
            "first:- second:7");
}

TEST(Store, RefusesFieldNamesThatCannotBeColumns) {
  for (const std::vector<std::string>& fields : std::vector<std::vector<std::string>>{
           {"url"}, {"Page_ID"}, {""}, {"a", "A"}, {std::string(129, 'x')}, {std::string("a\0b", 3)}})
    EXPECT_THROW(Store(":memory:", StoreOptions(fields)), corolla::ValueError) << fields[0];
  EXPECT_THROW(Store(":memory:", StoreOptions(std::vector<std::string>(1001, "x"))), corolla::ValueError);
  EXPECT_NO_THROW(Store(":memory:", StoreOptions({"select", "a\"b", "'; DROP TABLE pages; --"})));
}

TEST(Store, OneOwnerAtATime) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  {
    Store first(path);
    EXPECT_THROW(Store second(path), corolla::RuntimeError);
    sqlite::Database reader(path, {.read_only = true});
    EXPECT_EQ(reader.scalar("SELECT count(*) FROM pages"), 0) << "anybody may read";
    first.commit(seeds({"http://a/"}));
    EXPECT_EQ(reader.scalar("SELECT count(*) FROM pages"), 1);
  }
  EXPECT_NO_THROW(Store third(path));
  corolla_tests::write_whole_file(path + "-lock", "");
  EXPECT_NO_THROW(Store fourth(path)) << "a lock file that a crash left behind";
}

TEST(Store, LeavesOtherProgramsFilesAlone) {
  TemporaryDirectory directory;
  const std::string path = directory / "other.db";
  {
    sqlite::Database(path).execute("CREATE TABLE precious(a)");
  }
  EXPECT_THROW(Store store(path), corolla::ValueError);
  corolla_tests::write_whole_file(directory / "text",
                                  "not a database, and longer than a header of one hundred bytes "
                                  "so that it cannot be taken for an empty file by anybody");
  EXPECT_THROW(Store store(directory / "text"), sqlite::Error);
  EXPECT_THROW(Store store(directory / "no/such/place.db"), corolla::OSError);
  {
    Store store(directory / "new.db");
  }
  sqlite::Database(directory / "new.db").execute("PRAGMA user_version = 99");
  EXPECT_THROW(Store store(directory / "new.db"), corolla::ValueError);
}

TEST(Store, RecordsRuns) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  const auto start = std::chrono::sys_days{std::chrono::year{2025} / 1 / 2} + 0ms;
  for (int i = 0; i < 2; ++i) {
    Store store(path);
    store.begin_run("crawl http://a/", start);
    if (i == 1) store.finish_run("finished", start + 90s);
  }
  sqlite::Database db(path);
  EXPECT_EQ(cell(db, "SELECT started_at || ' ' || (finished_at IS NULL) FROM runs WHERE id = 1"),
            "2025-01-02T00:00:00.000Z 1");
  EXPECT_EQ(cell(db, "SELECT finished_at || ' ' || outcome || ' ' || arguments FROM runs WHERE id = 2"),
            "2025-01-02T00:01:30.000Z finished crawl http://a/");
}

TEST(Store, JsonlIsCutToTheCommittedLength) {
  TemporaryDirectory directory;
  const std::string path = directory / "crawl.db";
  const std::string out = directory / "out.jsonl";
  {
    Store store(path);
    auto lines = store.open_jsonl(out);
    lines.write("{\"lost in a crash before the first commit\": 1}\n");
  }
  {
    Store store(path);
    auto lines = store.open_jsonl(out);
    EXPECT_EQ(lines.size(), 0U);
    store.commit(seeds({"http://a/"}));
    Batch batch;
    batch.pages.push_back(finished(1));
    batch.pages[0].json_lines = "{\"url\": \"http://a/\"}\n";
    store.commit(batch, &lines);
    lines.write("{\"lost\": true}\n{\"torn");
  }
  {
    Store store(path);
    auto lines = store.open_jsonl(directory / "./x/../out.jsonl");
    EXPECT_EQ(read_whole_file(out), "{\"url\": \"http://a/\"}\n");
  }
  std::filesystem::remove(out);
  Store store(path);
  EXPECT_THROW((void)store.open_jsonl(out), corolla::ValueError) << "lines that the store counts are gone";
}

}  // namespace
