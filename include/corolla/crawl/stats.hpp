// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a crawl counts, and its summary.
#pragma once

#include <corolla/crawl/retry.hpp>
#include <corolla/runtime/api.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

/// Durations in fixed memory: 64 exact buckets, then 32 for each power of two of microseconds, up to 50 days. A percentile
/// is off by at most 1.6 %; count, mean, least and greatest are exact. Not thread safe.
class COROLLA_API LatencyHistogram {
 public:
  /// Negative durations count as 0.
  void record(std::chrono::microseconds value) noexcept;
  void merge(const LatencyHistogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// All are 0 while nothing was recorded.
  [[nodiscard]] std::chrono::microseconds min() const noexcept;
  [[nodiscard]] std::chrono::microseconds max() const noexcept { return max_; }
  [[nodiscard]] std::chrono::microseconds mean() const noexcept;
  /// The value that `percent` of the records do not exceed; `percent` is cut to 0 … 100.
  [[nodiscard]] std::chrono::microseconds percentile(double percent) const noexcept;

 private:
  static constexpr unsigned kExactBits = 6;
  static constexpr unsigned kMaxBits = 42;
  static constexpr std::size_t kHalf = std::size_t{1} << (kExactBits - 1);
  static constexpr std::size_t kBuckets = 2 * kHalf + (kMaxBits - kExactBits) * kHalf;

  static std::size_t bucket_of(std::uint64_t value) noexcept;
  static std::uint64_t middle_of(std::size_t bucket) noexcept;

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::chrono::microseconds min_{0};
  std::chrono::microseconds max_{0};
};

/// What one host did.
struct HostStats {
  std::uint64_t pages = 0;
  std::uint64_t failures = 0;
  std::uint64_t bytes = 0;
  std::chrono::microseconds total{0};
  std::chrono::microseconds max{0};

  [[nodiscard]] std::chrono::microseconds mean() const noexcept {
    return pages == 0 ? std::chrono::microseconds(0) : total / static_cast<std::int64_t>(pages);
  }
};

/// The counters of one run. Not thread safe: it belongs to the loop's thread. Memory grows with the number of hosts, up
/// to kMaxHosts; the pages of later ones are counted in the totals only.
class COROLLA_API CrawlStats {
 public:
  static constexpr std::size_t kMaxHosts = 65'536;

  /// An answer arrived and its page is finished.
  void page(std::string_view host, int status, std::uint64_t bytes, std::uint64_t wire_bytes,
            std::chrono::microseconds elapsed);
  /// A page failed for good.
  void failure(std::string_view host, Failure kind);
  /// A page was not asked for; `reason` is a word such as "robots".
  void skipped(std::string_view reason);
  /// A request is to be made again.
  void retry() noexcept { ++retries_; }
  void items(std::uint64_t count) noexcept { items_ += count; }
  void links(std::uint64_t found, std::uint64_t fresh) noexcept {
    links_found_ += found;
    links_new_ += fresh;
  }

  [[nodiscard]] std::uint64_t pages() const noexcept { return pages_; }
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
  [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }
  [[nodiscard]] std::uint64_t retries() const noexcept { return retries_; }
  [[nodiscard]] std::uint64_t items() const noexcept { return items_; }
  [[nodiscard]] std::uint64_t links_found() const noexcept { return links_found_; }
  [[nodiscard]] std::uint64_t links_new() const noexcept { return links_new_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t wire_bytes() const noexcept { return wire_bytes_; }
  /// Answers with a status from 100·c to 100·c + 99, c from 1 to 5; 0 for any other c.
  [[nodiscard]] std::uint64_t status_class(int c) const noexcept;
  [[nodiscard]] const std::map<int, std::uint64_t>& statuses() const noexcept { return statuses_; }
  [[nodiscard]] const std::map<Failure, std::uint64_t>& failure_kinds() const noexcept { return failure_kinds_; }
  [[nodiscard]] const LatencyHistogram& latency() const noexcept { return latency_; }
  /// Answers with an error status (4xx, 5xx) and failures: what the progress line calls errors.
  [[nodiscard]] std::uint64_t errors() const noexcept { return failures_ + status_class(4) + status_class(5); }
  /// The hosts with the longest mean time, slowest first.
  [[nodiscard]] std::vector<std::pair<std::string, HostStats>> slowest_hosts(std::size_t count) const;

  /// The table shown at the end of a run; some lines of text, the last with its newline.
  [[nodiscard]] std::string summary_table(std::chrono::nanoseconds elapsed) const;
  /// The same and more as one JSON object.
  [[nodiscard]] std::string to_json(std::chrono::nanoseconds elapsed) const;

 private:
  HostStats* host_of(std::string_view host);

  std::uint64_t pages_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint64_t retries_ = 0;
  std::uint64_t items_ = 0;
  std::uint64_t links_found_ = 0;
  std::uint64_t links_new_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t wire_bytes_ = 0;
  std::map<int, std::uint64_t> statuses_;
  std::map<Failure, std::uint64_t> failure_kinds_;
  std::map<std::string, std::uint64_t, std::less<>> skip_reasons_;
  std::map<std::string, HostStats, std::less<>> hosts_;
  LatencyHistogram latency_;
};

/// "512 B", "1.5 kB", "50.7 MB": powers of 1000, three digits.
[[nodiscard]] COROLLA_API std::string format_bytes(double bytes);
/// "850 us", "12.3 ms", "4.20 s", "3 min 20 s", "2 h 5 min".
[[nodiscard]] COROLLA_API std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace corolla::inline v0::crawl
