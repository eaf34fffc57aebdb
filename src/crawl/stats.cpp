// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/json.hpp>
#include <corolla/crawl/stats.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace corolla::inline v0::crawl {
namespace {

using std::chrono::microseconds;

constexpr std::size_t kHostsShown = 5;
constexpr std::size_t kHostColumn = 28;

double per_second(double amount, std::chrono::nanoseconds elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds > 0 ? amount / seconds : 0;
}

std::string one_decimal(double value) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string left_padded(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

/// One line: a heading, then values apart by three blanks.
void line(std::string& out, std::string_view heading, const std::vector<std::string>& values) {
  out += padded(std::string(heading), 10);
  for (std::size_t i = 0; i < values.size(); ++i) out += (i == 0 ? "" : "   ") + values[i];
  out += '\n';
}

double in_ms(microseconds value) { return static_cast<double>(value.count()) / 1000.0; }

}  // namespace

HostStats* CrawlStats::host_of(std::string_view host) {
  const auto found = hosts_.find(host);
  if (found != hosts_.end()) return &found->second;
  if (hosts_.size() >= kMaxHosts) return nullptr;
  return &hosts_.emplace(host, HostStats()).first->second;
}

void CrawlStats::page(std::string_view host, int status, std::uint64_t bytes, std::uint64_t wire_bytes,
                      microseconds elapsed) {
  ++pages_;
  ++statuses_[status];
  bytes_ += bytes;
  wire_bytes_ += wire_bytes;
  latency_.record(elapsed);
  if (HostStats* stats = host_of(host)) {
    ++stats->pages;
    stats->bytes += bytes;
    stats->total += elapsed;
    stats->max = std::max(stats->max, elapsed);
  }
}

void CrawlStats::failure(std::string_view host, Failure kind) {
  ++failures_;
  ++failure_kinds_[kind];
  if (HostStats* stats = host_of(host)) ++stats->failures;
}

void CrawlStats::skipped(std::string_view reason) {
  ++skipped_;
  const auto found = skip_reasons_.find(reason);
  ++(found != skip_reasons_.end() ? found->second : skip_reasons_[std::string(reason)]);
}

std::uint64_t CrawlStats::status_class(int c) const noexcept {
  std::uint64_t count = 0;
  if (c < 1 || c > 5) return count;
  for (auto at = statuses_.lower_bound(c * 100); at != statuses_.end() && at->first < (c + 1) * 100; ++at)
    count += at->second;
  return count;
}

std::vector<std::pair<std::string, HostStats>> CrawlStats::slowest_hosts(std::size_t count) const {
  std::vector<std::pair<std::string, HostStats>> hosts;
  for (const auto& [name, stats] : hosts_)
    if (stats.pages > 0) hosts.emplace_back(name, stats);
  const auto slower = [](const auto& a, const auto& b) {
    return a.second.mean() != b.second.mean() ? a.second.mean() > b.second.mean() : a.first < b.first;
  };
  count = std::min(count, hosts.size());
  std::partial_sort(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(count), hosts.end(), slower);
  hosts.resize(count);
  return hosts;
}

std::string CrawlStats::summary_table(std::chrono::nanoseconds elapsed) const {
  std::string out;
  line(out, "pages",
       {std::to_string(pages_) + " done", std::to_string(failures_) + " failed", std::to_string(skipped_) + " skipped",
        "in " + format_duration(elapsed)});
  line(out, "rate",
       {one_decimal(per_second(static_cast<double>(pages_), elapsed)) + " pages/s",
        format_bytes(per_second(static_cast<double>(bytes_), elapsed)) + "/s"});
  std::vector<std::string> classes;
  for (int c = 1; c <= 5; ++c)
    if (c > 1 || status_class(c) > 0) classes.push_back(std::to_string(c) + "xx " + std::to_string(status_class(c)));
  line(out, "status", classes);
  line(out, "bytes",
       {format_bytes(static_cast<double>(bytes_)) + " decoded",
        format_bytes(static_cast<double>(wire_bytes_)) + " received"});
  line(out, "latency",
       {"min " + format_duration(latency_.min()), "p50 " + format_duration(latency_.percentile(50)),
        "p90 " + format_duration(latency_.percentile(90)), "p99 " + format_duration(latency_.percentile(99)),
        "max " + format_duration(latency_.max())});
  line(out, "links", {std::to_string(links_found_) + " found", std::to_string(links_new_) + " new"});
  if (items_ > 0) line(out, "items", {std::to_string(items_)});
  if (retries_ > 0) line(out, "retries", {std::to_string(retries_)});
  std::vector<std::string> kinds;
  for (const auto& [kind, count] : failure_kinds_)
    kinds.push_back(std::string(to_string(kind)) + " " + std::to_string(count));
  if (!kinds.empty()) line(out, "failures", kinds);
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : skip_reasons_) reasons.push_back(reason + " " + std::to_string(count));
  if (!reasons.empty()) line(out, "skipped", reasons);

  const auto hosts = slowest_hosts(kHostsShown);
  if (hosts.empty()) return out;
  out += padded("slowest hosts", kHostColumn) + left_padded("pages", 10) + left_padded("failed", 10) +
         left_padded("mean", 12) + left_padded("max", 12) + '\n';
  for (const auto& [name, stats] : hosts)
    out += padded(name, kHostColumn) + left_padded(std::to_string(stats.pages), 10) +
           left_padded(std::to_string(stats.failures), 10) + left_padded(format_duration(stats.mean()), 12) +
           left_padded(format_duration(stats.max), 12) + '\n';
  return out;
}

std::string CrawlStats::to_json(std::chrono::nanoseconds elapsed) const {
  JsonObject statuses;
  for (const auto& [status, count] : statuses_) statuses.add(std::to_string(status), count);
  JsonObject kinds;
  for (const auto& [kind, count] : failure_kinds_) kinds.add(to_string(kind), count);
  JsonObject reasons;
  for (const auto& [reason, count] : skip_reasons_) reasons.add(reason, count);
  JsonObject latency;
  latency.add("min", in_ms(latency_.min())).add("mean", in_ms(latency_.mean()));
  for (const double percent : {50.0, 90.0, 95.0, 99.0})
    latency.add("p" + std::to_string(static_cast<int>(percent)), in_ms(latency_.percentile(percent)));
  latency.add("max", in_ms(latency_.max()));
  std::string hosts = "[";
  for (const auto& [name, stats] : slowest_hosts(kHostsShown)) {
    JsonObject host;
    host.add("host", name).add("pages", stats.pages).add("failed", stats.failures).add("bytes", stats.bytes);
    host.add("mean_ms", in_ms(stats.mean())).add("max_ms", in_ms(stats.max));
    hosts += (hosts.size() > 1 ? ", " : "") + host.finish();
  }
  JsonObject object;
  object.add("seconds", std::chrono::duration<double>(elapsed).count());
  object.add("pages", pages_).add("failed", failures_).add("skipped", skipped_).add("retries", retries_);
  object.add("items", items_).add("links_found", links_found_).add("links_new", links_new_);
  object.add("bytes", bytes_).add("wire_bytes", wire_bytes_);
  object.add("pages_per_second", per_second(static_cast<double>(pages_), elapsed));
  object.add("bytes_per_second", per_second(static_cast<double>(bytes_), elapsed));
  object.add_raw("status", statuses.finish()).add_raw("failures", kinds.finish());
  object.add_raw("skip_reasons", reasons.finish()).add_raw("latency_ms", latency.finish());
  object.add_raw("slowest_hosts", hosts + "]");
  return object.finish();
}

}  // namespace corolla::inline v0::crawl
