// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a person, or a program, sees of a crawl: lines on standard error, the progress line among them, and the summary.
#pragma once

#include <corolla/crawl/crawler.hpp>
#include <corolla/crawl/json.hpp>
#include <corolla/crawl/progress.hpp>

#include "corolla/crawl_arguments.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::app {

/// Writes to standard error; on a terminal its last line is the progress. One thread.
class CrawlReport {
 public:
  explicit CrawlReport(const CrawlArguments& arguments);
  CrawlReport(const CrawlReport&) = delete;
  CrawlReport& operator=(const CrawlReport&) = delete;
  ~CrawlReport() { clear_progress(); }

  void page(const crawl::PageEvent& event);
  void progress(const crawl::ProgressSample& sample);
  /// The last state of the progress stays on the screen.
  void finish_progress(const crawl::ProgressSample& sample);
  /// One line, whatever --quiet says.
  void error(std::string_view message);
  /// One line, unless --quiet.
  void note(std::string_view message);
  /// The table, or the JSON object, and where the rows are.
  void summary(const crawl::CrawlSummary& summary, int exit_code);

 private:
  void log(std::string_view level, std::string_view message, crawl::JsonObject* members = nullptr);
  void clear_progress();
  void draw_progress(std::string_view line);

  const CrawlArguments& arguments_;
  bool terminal_;
  bool wants_progress_;
  std::optional<crawl::Progress> progress_;
  std::string drawn_;
};

}  // namespace corolla::app
