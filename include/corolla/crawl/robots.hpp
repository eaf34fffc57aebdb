// SPDX-License-Identifier: Apache-2.0
/// \file
/// robots.txt: what a site asks crawlers not to fetch.
///
/// Source: RFC 9309; Crawl-delay and Sitemap as the large crawlers read them.
#pragma once

#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

/// The rules for one crawler, ready to be asked. Immutable; const member functions are thread safe.
class COROLLA_API RobotsRules {
 public:
  /// Everything is allowed.
  RobotsRules() = default;
  [[nodiscard]] static RobotsRules allow_all() { return RobotsRules(); }
  [[nodiscard]] static RobotsRules disallow_all();

  /// Whether the target of a request (path and query, from '/' on) may be fetched. The longest matching rule decides,
  /// Allow at equal length; /robots.txt always may. Encoded and plain forms of a character are the same.
  [[nodiscard]] bool allows(std::string_view request_target) const;

  /// The Crawl-delay of the groups that apply; nothing where none is given or it is no number. At most one day.
  [[nodiscard]] std::optional<std::chrono::milliseconds> crawl_delay() const noexcept { return crawl_delay_; }
  [[nodiscard]] bool is_empty() const noexcept { return rules_.empty(); }

 private:
  friend class RobotsTxt;

  struct Rule {
    std::string pattern;  ///< percent-encoding normalised; without a trailing '*' or '$'
    bool allow = false;
    bool anchored = false;   ///< ended with '$'
    std::size_t length = 0;  ///< of the pattern with its '$': what "longest" means

    [[nodiscard]] bool matches(std::string_view target) const noexcept;
  };

  std::vector<Rule> rules_;  // longest first, Allow before Disallow
  std::optional<std::chrono::milliseconds> crawl_delay_;
};

/// A parsed file. Any bytes parse: lines that say nothing are left out.
class COROLLA_API RobotsTxt {
 public:
  /// What is read of a file; the rest is ignored, as RFC 9309 allows from 500 KiB on.
  static constexpr std::size_t kMaxBytes = std::size_t{500} * 1024;

  [[nodiscard]] static RobotsTxt parse(std::string_view bytes);

  /// The rules of all groups that name `product_token`, whatever its case, or of those for "*" where none does.
  [[nodiscard]] RobotsRules rules_for(std::string_view product_token) const;

  /// The URLs of Sitemap lines, as written, in order.
  [[nodiscard]] const std::vector<std::string>& sitemaps() const noexcept { return sitemaps_; }

 private:
  struct Line {
    std::string path;
    bool allow = false;
  };
  struct Group {
    std::vector<std::string> agents;  ///< product tokens in lower case, or "*"
    std::vector<Line> lines;
    std::optional<std::chrono::milliseconds> crawl_delay;
  };

  std::vector<Group> groups_;
  std::vector<std::string> sitemaps_;
};

/// What the answer to GET /robots.txt means (RFC 9309, section 2.3.1): 2xx is parsed; 4xx allows everything; anything else,
/// and no answer at all (status 0), allows nothing until it is asked again. Redirections are the caller's.
[[nodiscard]] COROLLA_API RobotsRules robots_rules_of(int status, std::string_view body,
                                                      std::string_view product_token);

}  // namespace corolla::inline v0::crawl
