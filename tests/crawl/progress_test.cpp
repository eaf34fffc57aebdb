// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/progress.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using corolla::crawl::format_clock;
using corolla::crawl::format_eta;
using corolla::crawl::MovingAverage;
using corolla::crawl::Progress;
using corolla::crawl::ProgressRates;
using corolla::crawl::ProgressSample;
using corolla::crawl::render_progress;
using corolla::crawl::render_progress_log;

namespace {

constexpr Progress::TimePoint kStart{500s};
const ProgressSample kSample{.done = 236, .known = 524, .bytes = 20'000'000, .in_flight = 16, .errors = 1};
const ProgressRates kRates{.pages = 71.23, .bytes = 6.92e6, .growing = false};

/// Columns of a UTF-8 line in which each character takes one.
std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0 : 1;
  return count;
}

TEST(Progress, Line) {
  EXPECT_EQ(render_progress(kSample, kRates, 3500ms, 100),
            " 45%|██████████▊             | 236/524 [00:03<00:04, 71.2 pages/s, 6.92 MB/s, 16 in flight, 1 error]");
  EXPECT_EQ(render_progress(kSample, kRates, 3500ms, 100, true),
            " 45%|##########              | 236/524 [00:03<00:04, 71.2 pages/s, 6.92 MB/s, 16 in flight, 1 error]");
}

TEST(Progress, LineFitsAnyWidth) {
  std::size_t before = 0;
  for (std::size_t width = 0; width < 200; ++width) {
    const std::string line = render_progress(kSample, kRates, 3500ms, width);
    EXPECT_LE(columns(line), width) << line;
    EXPECT_GE(columns(line) + 16, before) << "little is lost when there is more room: " << line;
    EXPECT_EQ(line.find_first_of("\r\n\t\x1b"), std::string::npos);
    before = columns(line);
  }
  EXPECT_EQ(render_progress(kSample, kRates, 3500ms, 30), " 45% 236/524 [00:03<00:04]");
  EXPECT_EQ(render_progress(kSample, kRates, 3500ms, 12), " 45% 236/524");
}

TEST(Progress, BarIsFullOnlyAtTheEnd) {
  const std::string almost = render_progress({.done = 9999, .known = 10000}, kRates, 1s, 200, true);
  EXPECT_EQ(almost.substr(0, 4), " 99%");
  EXPECT_NE(almost.find("# |"), std::string::npos) << almost;
  const std::string end = render_progress({.done = 10000, .known = 10000}, kRates, 1s, 200, true);
  EXPECT_EQ(end.substr(0, 4), "100%");
  EXPECT_EQ(end.find("# |"), std::string::npos) << end;
  EXPECT_EQ(render_progress({.done = 5, .known = 3}, kRates, 1s, 200, true).substr(0, 4), "100%");
  EXPECT_EQ(render_progress({}, {}, 0s, 200, true).substr(0, 4), "  0%");
}

TEST(Progress, TimeLeft) {
  const ProgressSample sample{.done = 100, .known = 220};
  EXPECT_EQ(format_eta(sample, {.pages = 2}), "01:00");
  EXPECT_EQ(format_eta(sample, {.pages = 2, .growing = true}), "01:00+");
  EXPECT_EQ(format_eta(sample, {.pages = 0}), "?");
  EXPECT_EQ(format_eta(sample, {.pages = 1e-300}), "99:59:59+");
  EXPECT_EQ(format_eta(sample, {.pages = std::nan("")}), "?");
  EXPECT_EQ(format_eta(sample, {.pages = std::numeric_limits<double>::infinity()}), "?");
  EXPECT_EQ(format_eta({.done = std::uint64_t{0}, .known = UINT64_MAX}, {.pages = 1}), "99:59:59+");
  EXPECT_EQ(format_eta({.done = 7, .known = 7}, {}), "00:00");
  EXPECT_EQ(format_eta({.done = 7, .known = 7}, {.growing = true}), "?");
  EXPECT_EQ(format_eta({.done = 9, .known = 7}, {.pages = 3}), "00:00");
}

TEST(Progress, Clock) {
  EXPECT_EQ(format_clock(0s), "00:00");
  EXPECT_EQ(format_clock(59'999ms), "00:59");
  EXPECT_EQ(format_clock(60s), "01:00");
  EXPECT_EQ(format_clock(3723s), "1:02:03");
  EXPECT_EQ(format_clock(-5s), "00:00");
}

TEST(Progress, MovingAverageIsTqdms) {
  MovingAverage average(0.3);
  EXPECT_EQ(average.value(), 0);
  average.add(10);
  EXPECT_DOUBLE_EQ(average.value(), 10) << "the first value counts whole";
  average.add(20);
  // (0.3·20 + 0.7·0.3·10) / (1 − 0.7²)
  EXPECT_DOUBLE_EQ(average.value(), (6 + 2.1) / 0.51);
  for (int i = 0; i < 100; ++i) average.add(5);
  EXPECT_NEAR(average.value(), 5, 1e-9);
}

TEST(Progress, TerminalIsRewrittenAtIntervals) {
  Progress progress({}, kStart);
  EXPECT_TRUE(progress.update({}, kStart, 80));
  EXPECT_FALSE(progress.update({}, kStart + 99ms, 80));
  const auto line = progress.update({.done = 10, .known = 10, .bytes = 5000}, kStart + 100ms, 120);
  ASSERT_TRUE(line);
  EXPECT_NE(line->find("100.0 pages/s, 50.0 kB/s"), std::string::npos) << *line;
  EXPECT_EQ(progress.next_update(), kStart + 200ms);
}

TEST(Progress, LogLinesComeAtGrowingIntervals) {
  Progress progress({.terminal = false, .longest_log_interval = 10s}, kStart);
  std::vector<int> seconds;
  for (auto now = kStart; now <= kStart + 60s; now += 500ms)
    if (progress.update(kSample, now, 80)) seconds.push_back(static_cast<int>((now - kStart) / 1s));
  EXPECT_EQ(seconds, (std::vector<int>{1, 3, 7, 15, 25, 35, 45, 55}));
}

TEST(Progress, LogLine) {
  EXPECT_EQ(render_progress_log(kSample, kRates, 65s),
            "236/524 pages, 71.2 pages/s, 6.92 MB/s, 16 in flight, 1 error, elapsed 01:05, left 00:04");
}

TEST(Progress, RatesFollowTheCrawlAndTellGrowth) {
  Progress progress({}, kStart, {.done = 1000, .known = 2000});
  ProgressSample sample{.done = 1000, .known = 2000};
  auto now = kStart;
  std::string line;
  for (int i = 0; i < 50; ++i) {
    now += 1s;
    sample.done += 10;
    sample.known += 10;
    line = progress.update(sample, now, 120).value();
  }
  EXPECT_NE(line.find("10.0 pages/s"), std::string::npos) << "what an earlier run did does not count: " << line;
  EXPECT_NE(line.find("<01:40+,"), std::string::npos) << line;
  for (int i = 0; i < 50; ++i) {
    now += 1s;
    sample.done += 20;
    line = progress.update(sample, now, 120).value();
  }
  EXPECT_NE(line.find("20.0 pages/s"), std::string::npos) << line;
  EXPECT_NE(line.find("<00:00,"), std::string::npos) << line;
  EXPECT_NE(progress.finish(sample, now, 120).find("15.0 pages/s"), std::string::npos);
}

}  // namespace
