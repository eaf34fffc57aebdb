// SPDX-License-Identifier: Apache-2.0
#include "corolla/crawl_command.hpp"

#include <corolla/crawl/crawler.hpp>
#include <corolla/runtime/run.hpp>

#include "corolla/command.hpp"
#include "corolla/crawl_arguments.hpp"
#include "corolla/crawl_report.hpp"
#include "corolla/termination_signals.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

namespace corolla::app {
namespace {

constexpr const char* kFooter = R"(Fields:
  title=css:title               text of the first match        links[]=css:a::attr(href)   all, as a list
  price=css:.price::text        its own text, as it is         body=css:article::html      with its markup
  score='xpath://strong[@property="v:average"]/text()'         year='re:\((\d{4})\)'

Examples:
  corolla crawl example.org
      Fetches the site into example.org.sqlite. Interrupted (Ctrl-C, power cut), the same command goes on.
  corolla crawl http://localhost:8000/ -F title=css:title -F h1=css:h1 --db site.sqlite
      sqlite3 site.sqlite 'SELECT url, title, h1 FROM items LIMIT 10'
  corolla crawl http://example.org/blog/ --no-parent --depth 3 --delay 1 --jsonl posts.jsonl -F text=css:article
  corolla crawl --seeds urls.txt --depth 0 --no-requisites -c 500 --jsonl - | jq .url
  sqlite3 example.org.sqlite "SELECT url, status, error FROM pages WHERE status >= 400 OR state = 'failed'"

Exit codes:
    0  done; or a limit was reached (--max-…) and nothing failed
    1  done, but pages failed: no usable answer after all attempts, or a server error (5xx). 404s are answers
    2  usage: a bad option, URL or selector. Nothing was fetched
    3  the database or the file of lines cannot be written. What was stored before is still there
    4  nothing could be fetched: no page was answered with a status below 400
  130  interrupted (Ctrl-C, SIGTERM). What was fetched is stored; the same command goes on
)";

// SIGTERM and SIGHUP end a crawl as Ctrl-C does.
Coro<void> crawl_until_terminated(crawl::Crawler& crawler) {
  const TerminationSignals signals([&crawler] { crawler.stop(); });
  auto running = crawler.run();
  co_await std::move(running);
}

bool was_interrupted(const crawl::CrawlSummary& summary) {
  return summary.outcome == crawl::CrawlOutcome::kInterrupted || summary.outcome == crawl::CrawlOutcome::kStopped;
}

// "--fresh": the file goes, if it is a crawl's that nobody has open; opening it is what checks that.
void forget_database(const std::string& path) {
  if (path == ":memory:" || !std::filesystem::exists(path)) return;
  {
    const crawl::Store store(path);
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
}

int exit_code_of(const crawl::CrawlSummary& summary) {
  const crawl::CrawlStats& stats = summary.stats;
  const std::uint64_t good = stats.status_class(2) + stats.status_class(3);
  if (was_interrupted(summary)) return kInterrupted;
  if (good == 0 && stats.pages() + stats.failures() + stats.skipped() > 0) return kNothing;
  return stats.failures() + stats.status_class(5) > 0 ? kIncomplete : kOk;
}

void say_how_it_ended(CrawlReport& report, const crawl::CrawlSummary& summary, int exit_code) {
  using crawl::CrawlOutcome;
  const std::string left = std::to_string(summary.pending()) + " are left; the same command goes on";
  if (was_interrupted(summary))
    report.error("interrupted: " + std::to_string(summary.finished) + " pages are stored, " + left);
  else if (summary.outcome == CrawlOutcome::kTimeLimit || summary.outcome == CrawlOutcome::kByteLimit)
    report.note(std::string(to_string(summary.outcome)) + ": " + left);
  else if (summary.outcome == CrawlOutcome::kPageLimit)
    report.note("page limit reached: " + std::to_string(summary.pending()) + " known pages were left out");
  else if (summary.stats.pages() + summary.stats.failures() + summary.stats.skipped() == 0)
    report.note("nothing left to fetch: the database has all " + std::to_string(summary.finished) +
                " pages (--fresh starts over, --retry-failed tries failures again)");
  if (exit_code == kNothing) report.error("nothing could be fetched");
}

// Also of a crawl that was cut short.
bool save_cookies(CrawlReport& report, const CrawlArguments& arguments) {
  if (arguments.cookies_after.empty()) return true;
  try {
    arguments.options.cookie_jar->save(arguments.cookies_after);
    return true;
  } catch (const Error& error) {
    report.error("--save-cookies: " + std::string(error.what()));
    return false;
  }
}

int crawl_pages(CrawlArguments& arguments) {
  CrawlReport report(arguments);
  std::unique_ptr<crawl::Crawler> crawler;
  try {
    complete_options(arguments);
    crawl::CrawlCallbacks callbacks;
    if (!arguments.quiet) callbacks.on_page = [&report](const crawl::PageEvent& event) { report.page(event); };
    if (arguments.wants_progress())
      callbacks.on_progress = [&report](const crawl::ProgressSample& sample) { report.progress(sample); };
    crawler = std::make_unique<crawl::Crawler>(arguments.options, std::move(callbacks));
  } catch (const Error& error) {
    report.error(error.what());
    return kUsage;
  }
  try {
    if (arguments.fresh) forget_database(arguments.options.database);
  } catch (const std::exception& error) {
    report.error(error.what());
    return kOutput;
  }
  int exit_code = kOk;
  try {
    run(crawl_until_terminated(*crawler));
    exit_code = exit_code_of(crawler->summary());
  } catch (const KeyboardInterrupt&) {
    exit_code = kInterrupted;
  } catch (const crawl::OutputError& error) {
    report.finish_progress(crawler->progress());
    report.error(error.what());
    exit_code = kOutput;
    if (crawler->summary().stats.pages() == 0) return exit_code;  // nothing to sum up
    report.summary(crawler->summary(), exit_code);
    return exit_code;
  }
  report.finish_progress(crawler->progress());
  if (!save_cookies(report, arguments) && exit_code == kOk) exit_code = kOutput;
  say_how_it_ended(report, crawler->summary(), exit_code);
  report.summary(crawler->summary(), exit_code);
  return exit_code;
}

}  // namespace

void add_crawl_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "crawl", "Fetch pages and what they link to, extract fields, store both in SQLite; continue where it stopped");
  command->footer(kFooter);
  auto arguments = std::make_shared<CrawlArguments>();
  add_crawl_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = crawl_pages(*arguments); });
}

}  // namespace corolla::app
