// SPDX-License-Identifier: Apache-2.0
/// \file
/// What `corolla crawl` was told on its command line.
#pragma once

#include <corolla/crawl/options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace corolla::app {

enum class LogFormat : std::uint8_t { kText, kJson };

/// The options as they were written, and what they mean to the crawler.
struct CrawlArguments {
  crawl::CrawlOptions options;

  std::vector<std::string> urls;
  std::vector<std::string> fields;
  std::vector<std::string> headers;
  std::string authorities;  // a file
  std::string certificate;  // a file
  std::string key;          // a file
  bool insecure = false;
  std::string proxy;
  std::string cookies_before;  // files
  std::string cookies_after;
  bool no_cookies = false;
  std::string seeds_file;
  std::string scope = "host";
  std::string order = "breadth";
  std::optional<std::string> database;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint32_t> depth;
  std::uint32_t retries = 2;
  bool no_requisites = false;
  bool no_robots = false;
  bool fresh = false;

  bool quiet = false;
  int verbosity = 0;
  bool json_summary = false;
  bool progress = false;
  bool no_progress = false;
  [[nodiscard]] bool wants_progress() const { return !no_progress && (progress || !quiet); }
  LogFormat log_format = LogFormat::kText;
};

/// Adds all options to the subcommand; they write into `arguments`.
void add_crawl_options(CLI::App& command, CrawlArguments& arguments);

/// Completes arguments.options once the command line was read: seeds, fields, headers, names of files. Throws
/// corolla::Error, in a line that names the option.
void complete_options(CrawlArguments& arguments);

}  // namespace corolla::app
