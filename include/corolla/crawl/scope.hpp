// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which of the links that are found belong to the crawl.
#pragma once

#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

struct ScopeOptions {
  /// Instead of the seeds' hosts: these domains and everything below them, on any port.
  std::vector<std::string> domains;
  /// Every host.
  bool any_host = false;
  /// The canonical URL must start with one of these; each is a URL, of which host and path are normalised.
  std::vector<std::string> prefixes;
  /// RE2 expressions, found anywhere in the canonical URL. One of `include` must match, if there are any, and none of
  /// `exclude`.
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  /// Links from a seed; nothing is no limit.
  std::optional<std::uint32_t> max_depth;
  /// Stay at or below the directory of a seed on the same host (wget's --no-parent).
  bool no_parent = false;
  /// Longer URLs are taken for the work of a trap.
  std::size_t max_length = 4096;
  /// So is a path in which up to eight segments are repeated one after another more often than this; 0 is no limit.
  std::uint32_t max_repetitions = 4;

  ScopeOptions() {}
};

/// Decides for one crawl. const member functions are thread safe.
class COROLLA_API Scope {
 public:
  enum class Verdict : std::uint8_t {
    kInside,
    kScheme,       ///< neither http nor https
    kHost,         ///< another host or port
    kParent,       ///< above the seeds' directories
    kPrefix,       ///< none of the prefixes
    kExcluded,     ///< an exclude expression matched
    kNotIncluded,  ///< no include expression matched
    kTooDeep,
    kTrap,  ///< too long, or repeats itself
  };

  /// Throws ValueError for an expression RE2 does not take, a prefix that is no URL, or a domain that is no host.
  explicit Scope(ScopeOptions options = {});
  Scope(Scope&&) noexcept;
  Scope& operator=(Scope&&) noexcept;
  ~Scope();

  /// The seed's host and directory belong to the scope. Call it too for the place a seed redirects to.
  void add_seed(const http::Url& seed);

  /// `canonical` is canonical_url(url).
  [[nodiscard]] Verdict judge(const http::Url& url, std::string_view canonical, std::uint32_t depth) const;
  [[nodiscard]] bool contains(const http::Url& url, std::string_view canonical, std::uint32_t depth) const {
    return judge(url, canonical, depth) == Verdict::kInside;
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A word or two for logs and counters: "other host".
[[nodiscard]] COROLLA_API std::string_view to_string(Scope::Verdict verdict) noexcept;

}  // namespace corolla::inline v0::crawl
