// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/stats.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using corolla::crawl::CrawlStats;
using corolla::crawl::Failure;
using corolla::crawl::format_bytes;
using corolla::crawl::format_duration;
using corolla::crawl::LatencyHistogram;
using std::chrono::microseconds;

namespace {

TEST(LatencyHistogram, IsEmptyAtFirst) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(50), 0us);
  EXPECT_EQ(histogram.min(), 0us);
  EXPECT_EQ(histogram.mean(), 0us);
}

TEST(LatencyHistogram, IsExactForSmallValues) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 60; ++i) histogram.record(microseconds(i));
  EXPECT_EQ(histogram.percentile(0), 1us);
  EXPECT_EQ(histogram.percentile(50), 30us);
  EXPECT_EQ(histogram.percentile(90), 54us);
  EXPECT_EQ(histogram.percentile(100), 60us);
  EXPECT_EQ(histogram.mean(), 30us);
}

TEST(LatencyHistogram, PercentilesAreWithinTwoPercentOfTheSortedList) {
  std::mt19937_64 random(9);
  std::lognormal_distribution<double> distribution(9, 3);
  LatencyHistogram histogram;
  std::vector<double> values;
  for (int i = 0; i < 50'000; ++i) {
    const auto value = microseconds(static_cast<std::int64_t>(distribution(random)));
    values.push_back(static_cast<double>(value.count()));
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.0, 1.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(percent / 100 * 50'000)));
    const double exact = values[rank - 1];
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent).count()), exact, exact * 0.016 + 1) << percent;
  }
  EXPECT_EQ(static_cast<double>(histogram.min().count()), values.front());
  EXPECT_EQ(static_cast<double>(histogram.max().count()), values.back());
}

TEST(LatencyHistogram, TakesAnyValueAndMerges) {
  LatencyHistogram a;
  a.record(-5us);
  a.record(microseconds::max());
  EXPECT_EQ(a.min(), 0us);
  EXPECT_EQ(a.max(), microseconds::max());
  LatencyHistogram b;
  b.record(7us);
  LatencyHistogram merged;
  merged.merge(b);
  EXPECT_EQ(merged.min(), 7us) << "an empty histogram has no least value to keep";
  merged.merge(a);
  merged.merge(LatencyHistogram());
  EXPECT_EQ(merged.count(), 3U);
  EXPECT_EQ(merged.percentile(50), 7us);
  EXPECT_EQ(merged.max(), microseconds::max());
}

// Every boundary between buckets: a larger value never has a smaller percentile.
TEST(LatencyHistogram, IsMonotonic) {
  microseconds before{0};
  for (std::int64_t value = 1; value < (std::int64_t{1} << 43); value += 1 + value / 97) {
    LatencyHistogram histogram;
    histogram.record(microseconds(value));
    histogram.record(microseconds(std::int64_t{1} << 50));
    const auto median = histogram.percentile(50);
    ASSERT_GE(median, before) << value;
    if (value < (std::int64_t{1} << 42)) {
      ASSERT_NEAR(static_cast<double>(median.count()), static_cast<double>(value),
                  static_cast<double>(value) * 0.016 + 1);
    }
    before = median;
  }
}

CrawlStats sample() {
  CrawlStats stats;
  for (int i = 0; i < 8; ++i) stats.page("fast.example", 200, 1000, 400, 1ms);
  stats.page("slow.example", 301, 0, 100, 50ms);
  stats.page("slow.example", 404, 500, 500, 150ms);
  stats.page("mid.example:8080", 503, 20, 20, 10ms);
  stats.failure("mid.example:8080", Failure::kTimeout);
  stats.failure("dead.example", Failure::kConnect);
  stats.skipped("robots");
  stats.skipped("robots");
  stats.retry();
  stats.items(8);
  stats.links(1200, 13);
  return stats;
}

TEST(CrawlStats, Counts) {
  const CrawlStats stats = sample();
  EXPECT_EQ(stats.pages(), 11U);
  EXPECT_EQ(stats.failures(), 2U);
  EXPECT_EQ(stats.skipped(), 2U);
  EXPECT_EQ(stats.bytes(), 8520U);
  EXPECT_EQ(stats.wire_bytes(), 3820U);
  EXPECT_EQ(stats.status_class(2), 8U);
  EXPECT_EQ(stats.status_class(3), 1U);
  EXPECT_EQ(stats.status_class(4), 1U);
  EXPECT_EQ(stats.status_class(5), 1U);
  EXPECT_EQ(stats.status_class(9), 0U);
  EXPECT_EQ(stats.errors(), 4U);
  const auto slowest = stats.slowest_hosts(2);
  ASSERT_EQ(slowest.size(), 2U);
  EXPECT_EQ(slowest[0].first, "slow.example");
  EXPECT_EQ(slowest[0].second.mean(), 100ms);
  EXPECT_EQ(slowest[0].second.max, 150ms);
  EXPECT_EQ(slowest[1].first, "mid.example:8080");
  EXPECT_EQ(stats.slowest_hosts(9).size(), 3U) << "a host that never answered has no time";
}

TEST(CrawlStats, SummaryTable) {
  EXPECT_EQ(sample().summary_table(2s),
            "pages     11 done   2 failed   2 skipped   in 2.00 s\n"
            "rate      5.5 pages/s   4.26 kB/s\n"
            "status    2xx 8   3xx 1   4xx 1   5xx 1\n"
            "bytes     8.52 kB decoded   3.82 kB received\n"
            "latency   min 1.00 ms   p50 1.00 ms   p90 49.7 ms   p99 150 ms   max 150 ms\n"
            "links     1200 found   13 new\n"
            "items     8\n"
            "retries   1\n"
            "failures  connect 1   timeout 1\n"
            "skipped   robots 2\n"
            "slowest hosts                    pages    failed        mean         max\n"
            "slow.example                         2         0      100 ms      150 ms\n"
            "mid.example:8080                     1         1     10.0 ms     10.0 ms\n"
            "fast.example                         8         0     1.00 ms     1.00 ms\n");
  EXPECT_EQ(CrawlStats().summary_table(0s),
            "pages     0 done   0 failed   0 skipped   in 0 us\n"
            "rate      0.0 pages/s   0 B/s\n"
            "status    2xx 0   3xx 0   4xx 0   5xx 0\n"
            "bytes     0 B decoded   0 B received\n"
            "latency   min 0 us   p50 0 us   p90 0 us   p99 0 us   max 0 us\n"
            "links     0 found   0 new\n");
}

TEST(CrawlStats, Json) {
  const auto json = nlohmann::json::parse(sample().to_json(2s));
  EXPECT_EQ(json["pages"], 11);
  EXPECT_EQ(json["pages_per_second"], 5.5);
  EXPECT_EQ(json["status"]["200"], 8);
  EXPECT_EQ(json["failures"]["timeout"], 1);
  EXPECT_EQ(json["skip_reasons"]["robots"], 2);
  EXPECT_EQ(json["latency_ms"]["max"], 150.0);
  EXPECT_EQ(json["slowest_hosts"][0]["host"], "slow.example");
  EXPECT_EQ(json["slowest_hosts"].size(), 3U);
}

TEST(CrawlStats, HostsAreBounded) {
  CrawlStats stats;
  for (std::size_t i = 0; i < CrawlStats::kMaxHosts + 10; ++i) stats.page(std::to_string(i), 200, 1, 1, 1us);
  EXPECT_EQ(stats.pages(), CrawlStats::kMaxHosts + 10);
  EXPECT_EQ(stats.slowest_hosts(1'000'000).size(), CrawlStats::kMaxHosts);
}

TEST(Format, Bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.00 kB");
  EXPECT_EQ(format_bytes(9'994), "9.99 kB");
  EXPECT_EQ(format_bytes(9'996), "10.0 kB");
  EXPECT_EQ(format_bytes(50'700'000), "50.7 MB");
  EXPECT_EQ(format_bytes(999'600), "1.00 MB");
  EXPECT_EQ(format_bytes(-1), "0 B");
  EXPECT_EQ(format_bytes(std::nan("")), "0 B");
  EXPECT_EQ(format_bytes(5e18), "5000 PB");
}

TEST(Format, Durations) {
  EXPECT_EQ(format_duration(0s), "0 us");
  EXPECT_EQ(format_duration(850us), "850 us");
  EXPECT_EQ(format_duration(999'600ns), "1.00 ms");
  EXPECT_EQ(format_duration(12'340us), "12.3 ms");
  EXPECT_EQ(format_duration(4200ms), "4.20 s");
  EXPECT_EQ(format_duration(200s), "3 min 20 s");
  EXPECT_EQ(format_duration(99'960ms), "1 min 40 s");
  EXPECT_EQ(format_duration(7500s), "2 h 5 min");
}

}  // namespace
