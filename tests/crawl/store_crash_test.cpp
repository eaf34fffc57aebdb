// SPDX-License-Identifier: Apache-2.0
//
// kill -9 at every write. A child crawls a small random web into a store and a JSONL file; before its n-th system call
// that changes the database it kills itself, in odd cases with the call half done. The parent looks at what is left,
// lets a new child resume, and in the end compares with what a crawl without a crash leaves. n goes through all calls (with a
// sanitizer, through some).
#include <corolla/crawl/frontier.hpp>
#include <corolla/crawl/jsonl.hpp>
#include <corolla/crawl/store.hpp>
#include <corolla/crawl/store_writer.hpp>
#include <corolla/sqlite/database.hpp>

#include "tests/crawl/random_web.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

namespace crawl = corolla::crawl;
namespace sqlite = corolla::sqlite;
using corolla_tests::RandomWeb;
using corolla_tests::TemporaryDirectory;
using crawl::Frontier;

namespace {

#ifdef COROLLA_SANITIZE
constexpr std::uint64_t kStride = 7;  // a fork costs a hundred times more there
constexpr std::uint64_t kSeeds = 2;
#else
constexpr std::uint64_t kStride = 1;
constexpr std::uint64_t kSeeds = 12;
#endif

// Counted in the child only, which has one thread that writes.
std::uint64_t calls_left = 0;  // 0: none is the last one
bool torn = false;

ssize_t dying_pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  if (calls_left != 0 && --calls_left == 0) {
    if (torn) (void)!::pwrite(descriptor, bytes, size / 2, offset);
    ::kill(::getpid(), SIGKILL);
  }
  return ::pwrite(descriptor, bytes, size, offset);
}

int dying_ftruncate(int descriptor, off_t size) {
  if (calls_left != 0 && --calls_left == 0) ::kill(::getpid(), SIGKILL);
  return ::ftruncate(descriptor, size);
}

int dying_unlink(const char* path) {
  if (calls_left != 0 && --calls_left == 0) ::kill(::getpid(), SIGKILL);
  return ::unlink(path);
}

void replace_system_calls() {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  const auto replace = [vfs](const char* name, auto function) {
    if (vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(function)) != SQLITE_OK) ::_exit(3);
  };
  replace("pwrite", &dying_pwrite);
  replace("pwrite64", &dying_pwrite);
  replace("ftruncate", &dying_ftruncate);
  replace("unlink", &dying_unlink);
}

std::string line_of(const std::string& url) { return "{\"url\": \"" + url + "\"}\n"; }

crawl::FinishedPage answer(const RandomWeb& web, Frontier& frontier, const crawl::Request& request) {
  crawl::FinishedPage page;
  page.id = request.id;
  page.status = 200;
  page.body = std::string(static_cast<std::size_t>(RandomWeb::page_of(request.url)) * 37 % 5000, 'b');
  page.items = {{{.name = {}, .is_list = false, .values = {"title of " + request.url}, .error = {}}}};
  page.json_lines = line_of(request.url);
  for (const int to : web.links[static_cast<std::size_t>(RandomWeb::page_of(request.url))])
    if (auto id = frontier.add(web.url(to), request.depth + 1))
      page.links.push_back({.id = *id, .url = web.url(to), .depth = request.depth + 1, .parent = request.id});
  frontier.done(request);
  return page;
}

struct Paths {
  std::string database;
  std::string lines;
};

/// Opens or resumes, and crawls to the end.
void crawl_all(const RandomWeb& web, const Paths& paths, bool with_writer) {
  crawl::Store store(paths.database, crawl::StoreOptions({"title"}));
  auto lines = store.open_jsonl(paths.lines);
  Frontier frontier({.per_host = 1000, .memory_limit = with_writer ? std::size_t{100'000} : std::size_t{20}});
  store.for_each_page([&](const crawl::StoredPage& page, bool pending) { frontier.restore(page, pending); });
  std::mt19937_64 random(frontier.known());
  std::vector<crawl::NewPage> seeds;
  if (auto id = frontier.add(web.url(0), 0)) seeds.push_back({.id = *id, .url = web.url(0)});
  if (with_writer) {
    crawl::StoreWriter writer(std::move(store), std::move(lines),
                              {.batch_pages = 4, .interval = std::chrono::milliseconds(1)});
    writer.submit_seeds(std::move(seeds));
    while (auto request = frontier.next({})) writer.submit(answer(web, frontier, *request));
    writer.close();
    return;
  }
  store.commit({.seeds = std::move(seeds), .pages = {}}, &lines);
  while (!frontier.is_finished()) {
    crawl::Batch batch;
    for (std::uint64_t n = 1 + random() % 9; n > 0; --n)
      if (auto request = frontier.next({})) batch.pages.push_back(answer(web, frontier, *request));
    store.commit(batch, &lines);
    for (const auto& wanted : frontier.take_refills()) frontier.refill(wanted, store.pending(wanted));
  }
}

/// Runs a crawl in a child that dies before its `last_call`-th call; true when it ended before.
bool crawl_in_child(const RandomWeb& web, const Paths& paths, std::uint64_t last_call, bool tear, bool with_writer) {
  const pid_t child = ::fork();
  if (child == 0) {
    calls_left = last_call;
    torn = tear;
    replace_system_calls();
    try {
      crawl_all(web, paths, with_writer);
    } catch (const std::exception& error) {
      (void)!::write(2, error.what(), std::char_traits<char>::length(error.what()));
      ::_exit(2);
    }
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) {
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    return false;
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return true;
}

/// What must hold whenever the child died; returns the number of finished pages.
std::size_t check(const RandomWeb& web, const Paths& paths) {
  crawl::Store store(paths.database, crawl::StoreOptions({"title"}));
  std::set<std::string> done;
  std::set<std::string> known;
  store.for_each_page([&](const crawl::StoredPage& page, bool pending) {
    EXPECT_TRUE(known.insert(page.url).second);
    if (!pending) done.insert(page.url);
  });
  std::set<std::string> expected;
  if (!known.empty()) expected.insert(web.url(0));
  for (const std::string& url : done)
    for (const int to : web.links[static_cast<std::size_t>(RandomWeb::page_of(url))]) expected.insert(web.url(to));
  EXPECT_EQ(known, expected) << "pages are the seed and the links of finished pages, no more and no fewer";
  {
    const auto lines = store.open_jsonl(paths.lines);
    std::istringstream text(corolla_tests::read_whole_file(paths.lines));
    std::set<std::string> in_lines;
    for (std::string line; std::getline(text, line);) {
      EXPECT_TRUE(in_lines.insert(line + "\n").second) << line << " is there twice";
      EXPECT_FALSE(text.eof()) << "the last line is torn";
    }
    std::set<std::string> expected_lines;
    for (const std::string& url : done) expected_lines.insert(line_of(url));
    EXPECT_EQ(in_lines, expected_lines);
  }
  sqlite::Database db(paths.database);
  EXPECT_EQ(db.scalar("SELECT count(*) FROM items"), static_cast<std::int64_t>(done.size()));
  EXPECT_EQ(db.scalar("SELECT count(DISTINCT page_id) FROM items"), static_cast<std::int64_t>(done.size()));
  EXPECT_EQ(db.scalar("SELECT count(*) FROM items JOIN pages ON pages.id = page_id WHERE state <> 'done' OR "
                      "pages.url <> items.url OR title <> 'title of ' || items.url"),
            0);
  EXPECT_EQ(db.scalar("SELECT count(*) FROM bodies JOIN pages ON pages.id = page_id WHERE state = 'done'"),
            static_cast<std::int64_t>(done.size()));
  sqlite::Statement integrity = db.prepare("PRAGMA integrity_check");
  EXPECT_TRUE(integrity.step());
  EXPECT_EQ(integrity.column_text(0), "ok");
  return done.size();
}

TEST(StoreCrash, AKillAtAnyWriteLosesOnlyWhatWasInFlight) {
  std::mt19937_64 random(11);
  const RandomWeb web(random, 30, 3);
  std::uint64_t call = 1;
  int killed = 0;
  std::set<std::size_t> progress;
  for (bool ended = false; !ended; call += kStride) {
    for (const bool tear : {false, true}) {
      TemporaryDirectory directory;
      const Paths paths{directory / "crawl.db", directory / "out.jsonl"};
      ended = crawl_in_child(web, paths, call, tear, false);
      if (ended) break;
      ++killed;
      ASSERT_NO_FATAL_FAILURE(progress.insert(check(web, paths)));
      ASSERT_TRUE(crawl_in_child(web, paths, 0, false, false));
      ASSERT_EQ(check(web, paths), 30U) << "killed at call " << call;
      if (testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(killed, 100 / static_cast<int>(kStride)) << "the crawl made too few calls for this test to mean much";
  EXPECT_GT(progress.size(), 5U);
}

TEST(StoreCrash, ACrawlThatIsKilledAgainAndAgainArrives) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random(seed);
    const RandomWeb web(random, 150, 1 + static_cast<int>(random() % 5));
    TemporaryDirectory directory;
    const Paths paths{directory / "crawl.db", directory / "out.jsonl"};
    std::size_t before = 0;
    int kills = 0;
    while (!crawl_in_child(web, paths, 4 + random() % 120, random() % 2 == 0, random() % 2 == 0)) {
      const std::size_t now = check(web, paths);
      ASSERT_GE(now, before) << "a finished page was forgotten";
      before = now;
      ++kills;
      ASSERT_LT(kills, 1000);
    }
    ASSERT_EQ(check(web, paths), 150U);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
