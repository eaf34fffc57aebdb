// SPDX-License-Identifier: Apache-2.0
#include "corolla/crawl_report.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace corolla::app {
namespace {

constexpr std::size_t kDefaultWidth = 80;

std::size_t terminal_width() {
  struct winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kDefaultWidth;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text = value;
    return text.find("UTF-8") != text.npos || text.find("utf8") != text.npos;
  }
  return false;
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// What came from outside must not steer the terminal.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return out;
}

std::string_view event_name(const crawl::PageEvent& event) {
  return event.state == crawl::PageState::kPending ? "retry" : to_string(event.state);
}

crawl::JsonObject members_of(const crawl::PageEvent& event) {
  crawl::JsonObject members;
  members.add("event", event_name(event)).add("url", event.url).add("status", event.status);
  members.add("depth", event.depth).add("attempts", event.attempts).add("bytes", event.bytes);
  members.add("ms", static_cast<double>(event.elapsed.count()) / 1000.0).add("new_links", event.new_links);
  if (!event.content_type.empty()) members.add("content_type", event.content_type);
  if (!event.location.empty()) members.add("location", event.location);
  if (!event.error.empty()) members.add("error", event.error);
  if (event.state == crawl::PageState::kPending) members.add("retry_in_ms", event.retry_in.count());
  return members;
}

std::string sentence_of(const crawl::PageEvent& event) {
  std::string text(event.url);
  switch (event.state) {
    case crawl::PageState::kPending:
      return text + ": " + std::string(event.error) + "; again in " + crawl::format_duration(event.retry_in);
    case crawl::PageState::kFailed:
      text += ": " + std::string(event.error);
      if (event.attempts > 1) text += " (" + std::to_string(event.attempts) + " attempts)";
      return text;
    case crawl::PageState::kSkipped: return text + ": skipped, " + std::string(event.error);
    case crawl::PageState::kDone: break;
  }
  text = std::to_string(event.status) + " " + text + "  " + crawl::format_bytes(static_cast<double>(event.bytes)) +
         ", " + crawl::format_duration(event.elapsed);
  if (event.new_links > 0) text += ", " + std::to_string(event.new_links) + " new";
  if (!event.location.empty()) text += ", to " + std::string(event.location);
  if (!event.error.empty()) text += "; " + std::string(event.error);
  return text;
}

// What is worth a line without --verbose: what failed, and whatever is wrong with a page that was asked for by name.
bool is_error(const crawl::PageEvent& event) {
  if (event.state == crawl::PageState::kFailed) return true;
  if (event.state == crawl::PageState::kSkipped) return event.depth == 0;
  return event.state == crawl::PageState::kDone && (event.status >= 500 || (event.status >= 400 && event.depth == 0));
}

}  // namespace

CrawlReport::CrawlReport(const CrawlArguments& arguments)
    : arguments_(arguments),
      terminal_(isatty(STDERR_FILENO) == 1 && arguments.log_format == LogFormat::kText),
      wants_progress_(arguments.wants_progress()) {}

void CrawlReport::page(const crawl::PageEvent& event) {
  const bool is_wrong = is_error(event);
  if (arguments_.quiet || (!is_wrong && arguments_.verbosity == 0)) return;
  crawl::JsonObject members = members_of(event);
  log(is_wrong ? "error" : "info", sentence_of(event), &members);
}

void CrawlReport::progress(const crawl::ProgressSample& sample) {
  if (!wants_progress_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!progress_) {
    crawl::ProgressOptions options;
    options.terminal = terminal_;
    options.ascii = !locale_is_utf8();
    progress_.emplace(options, now, sample);
  }
  const auto text = progress_->update(sample, now, terminal_width());
  if (!text) return;
  if (terminal_) draw_progress(*text);
  else log("info", *text);
}

void CrawlReport::finish_progress(const crawl::ProgressSample& sample) {
  if (!wants_progress_ || !progress_) return;
  const std::string text = progress_->finish(sample, std::chrono::steady_clock::now(), terminal_width());
  if (terminal_) {
    draw_progress(text);
    std::fputc('\n', stderr);
    drawn_.clear();
  } else {
    log("info", text);
  }
}

void CrawlReport::error(std::string_view message) { log("error", message); }

void CrawlReport::note(std::string_view message) {
  if (!arguments_.quiet) log("info", message);
}

void CrawlReport::log(std::string_view level, std::string_view message, crawl::JsonObject* members) {
  std::string line;
  if (arguments_.log_format == LogFormat::kJson) {
    crawl::JsonObject object = members != nullptr ? std::move(*members) : crawl::JsonObject();
    object.add("time", utc_now()).add("level", level).add("message", message);
    line = object.finish();
  } else {
    line = (level == "error" ? "error: " : "") + printable(message);
  }
  line += '\n';
  const std::string progress = drawn_;
  clear_progress();
  std::fwrite(line.data(), 1, line.size(), stderr);
  if (!progress.empty()) draw_progress(progress);
}

void CrawlReport::clear_progress() {
  if (drawn_.empty()) return;
  std::fputs("\r\x1b[K", stderr);
  drawn_.clear();
}

void CrawlReport::draw_progress(std::string_view line) {
  drawn_ = line;
  std::fprintf(stderr, "\r%s\x1b[K", drawn_.c_str());
  std::fflush(stderr);
}

void CrawlReport::summary(const crawl::CrawlSummary& summary, int exit_code) {
  // Standard output may be the lines themselves.
  std::FILE* out = arguments_.options.json_lines == "-" ? stderr : stdout;
  std::string text;
  if (arguments_.json_summary) {
    crawl::JsonObject object;
    object.add("outcome", to_string(summary.outcome)).add("exit_code", exit_code);
    object.add("database", arguments_.options.database).add("known", summary.known);
    object.add("finished", summary.finished).add("pending", summary.pending());
    object.add_raw("run", summary.stats.to_json(summary.elapsed));
    text = object.finish() + "\n";
  } else if (!arguments_.quiet) {
    if (summary.stats.pages() + summary.stats.failures() + summary.stats.skipped() > 0)
      text = summary.stats.summary_table(summary.elapsed);
    text += "sqlite: " + arguments_.options.database + "\n";
  }
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

}  // namespace corolla::app
