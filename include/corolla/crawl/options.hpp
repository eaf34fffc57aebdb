// SPDX-License-Identifier: Apache-2.0
/// \file
/// All that a crawl may be told.
#pragma once

#include <corolla/crawl/fields.hpp>
#include <corolla/crawl/frontier.hpp>
#include <corolla/crawl/retry.hpp>
#include <corolla/crawl/scope.hpp>
#include <corolla/http/cookie_jar.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/url.hpp>
#include <corolla/net/tls_context.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

/// How long the parts of one request may take; nullopt: for ever.
struct CrawlTimeouts {
  using duration = std::chrono::nanoseconds;
  CrawlTimeouts() {}
  /// Resolving and connecting.
  std::optional<duration> connect = std::chrono::seconds(10);
  /// Between two pieces that arrive.
  std::optional<duration> read = std::chrono::seconds(30);
  /// A page as a whole, its body included.
  std::optional<duration> total = std::chrono::seconds(120);
};

/// The politeness that robots.txt asks for.
struct RobotsOptions {
  RobotsOptions() {}
  bool obey = true;
  /// The name looked for in robots.txt; empty: the user agent up to its first '/' or space.
  std::string product_token;
  /// A longer Crawl-delay counts as this one.
  std::chrono::nanoseconds longest_delay = std::chrono::seconds(30);
};

/// See the file's comment. Sensible as it is: only `seeds` is needed.
struct CrawlOptions {
  CrawlOptions() {}

  /// Where it starts: absolute http or https URLs.
  std::vector<std::string> seeds;
  /// What is extracted from each HTML page that was answered with 2xx.
  std::vector<FieldSpec> fields;

  /// The SQLite file; ":memory:" keeps nothing. A crawl that was interrupted goes on when its file is named again.
  std::string database = ":memory:";
  /// A file of JSON lines, an object for each page (each item, where there are fields); empty: none, "-": standard output.
  std::string json_lines;
  /// Keep the bodies, in the database.
  bool save_bodies = false;
  /// Wait for the disk at each commit.
  bool power_safe = false;
  /// Pages that failed in an earlier run are tried again.
  bool retry_failed = false;
  /// What the run is called in the database, such as the command line.
  std::string description;

  ScopeOptions scope;
  /// Order, delay, requests to one host at a time, limits of pages; strict_levels is set for a crawl with a depth limit.
  FrontierOptions frontier;
  RetryOptions retry;
  RobotsOptions robots;

  /// Requests in flight at once.
  std::size_t concurrency = 64;
  CrawlTimeouts timeouts;
  std::string user_agent = std::string(kUserAgent);
  /// Sent with each request.
  http::Headers headers;
  /// For https; without one certificates are verified against the system's authorities.
  TlsContext ssl;
  /// As SessionOptions has them: pages are fetched through the proxy, but for the hosts of `no_proxy`.
  std::optional<http::Url> proxy;
  std::string no_proxy;
  bool trust_env = false;
  /// The jar; null: one that begins empty and is forgotten.
  std::shared_ptr<http::CookieJar> cookie_jar;
  bool use_cookies = true;
  /// A larger body, as sent or decoded, is a failure.
  std::uint64_t max_body_bytes = std::uint64_t{32} << 20U;
  /// Longer chains of redirections are failures.
  std::uint16_t max_redirects = 10;
  /// Follow what pages show (images, scripts, style sheets), not only where they lead.
  bool requisites = true;

  /// The crawl stops, and can be continued, after this time or when this much was received; nothing or 0: no limit.
  std::optional<std::chrono::nanoseconds> max_time;
  std::uint64_t max_bytes = 0;

  /// Threads that parse; 0: one for each core.
  std::size_t parser_threads = 0;
  /// A page up to this size is parsed in the loop's thread, unless it has fields: see engine/page_parser.hpp.
  std::size_t inline_bytes = std::size_t{64} * 1024;

  static constexpr std::string_view kUserAgent = "corolla/0.1";
};

/// The name that robots.txt knows a user agent by: what stands before the first '/' or space.
[[nodiscard]] COROLLA_API std::string_view product_token_of(std::string_view user_agent) noexcept;

}  // namespace corolla::inline v0::crawl
