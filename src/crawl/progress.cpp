// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/progress.hpp>
#include <corolla/crawl/stats.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {
namespace {

constexpr std::size_t kLeastBar = 5;
constexpr std::size_t kLongestBar = 40;
constexpr double kLongestEta = 359'999;  // 99:59:59

double difference(std::uint64_t after, std::uint64_t before) {
  return after > before ? static_cast<double>(after - before) : 0.0;
}

/// printf for one number.
template <class Number>
std::string formatted(const char* format, Number value) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

double seconds_of(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

double share_of(const ProgressSample& sample) {
  if (sample.known == 0) return 0;
  return std::min(1.0, static_cast<double>(sample.done) / static_cast<double>(sample.known));
}

std::string percent_of(const ProgressSample& sample) {
  // Rounded down: 100 % is said when nothing is left.
  return formatted("%3d%%", static_cast<int>(share_of(sample) * 100));
}

std::string bar(double share, std::size_t width, bool ascii) {
  constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<std::size_t>(share * static_cast<double>(width) * 8);
  const std::size_t full = eighths / 8;
  const std::size_t part = ascii ? 0 : eighths % 8;
  std::string text;
  for (std::size_t i = 0; i < full; ++i) text += ascii ? std::string_view("#") : std::string_view("█");
  text += kEighths[part];
  text.append(width - full - (part == 0 ? 0 : 1), ' ');
  return text;
}

std::string count_of(const ProgressSample& sample) {
  return std::to_string(sample.done) + "/" + std::to_string(sample.known);
}

/// What stands behind the times, the most wanted first.
std::vector<std::string> facts(const ProgressSample& sample, const ProgressRates& rates) {
  return {formatted("%.1f pages/s", rates.pages), format_bytes(rates.bytes) + "/s",
          std::to_string(sample.in_flight) + " in flight",
          std::to_string(sample.errors) + (sample.errors == 1 ? " error" : " errors")};
}

}  // namespace

void MovingAverage::add(double value) noexcept {
  sum_ = alpha_ * value + (1 - alpha_) * sum_;
  weight_ = alpha_ + (1 - alpha_) * weight_;
}

std::string format_clock(std::chrono::nanoseconds duration) {
  const auto total = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(duration).count());
  std::array<char, 64> text{};
  const long long hours = total / 3600;
  const auto minutes = static_cast<int>(total / 60 % 60);
  const auto seconds = static_cast<int>(total % 60);
  const int size = hours > 0 ? std::snprintf(text.data(), text.size(), "%lld:%02d:%02d", hours, minutes, seconds)
                             : std::snprintf(text.data(), text.size(), "%02d:%02d", minutes, seconds);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string format_eta(const ProgressSample& sample, const ProgressRates& rates) {
  const std::uint64_t left = sample.known > sample.done ? sample.known - sample.done : 0;
  if (left == 0) return rates.growing ? "?" : "00:00";
  if (!(rates.pages > 0) || !std::isfinite(rates.pages)) return "?";
  const double seconds = static_cast<double>(left) / rates.pages;
  if (seconds > kLongestEta) return "99:59:59+";
  return format_clock(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9))) + (rates.growing ? "+" : "");
}

std::string render_progress(const ProgressSample& sample, const ProgressRates& rates, std::chrono::nanoseconds elapsed,
                            std::size_t width, bool ascii) {
  const std::string head = percent_of(sample);
  const std::string count = " " + count_of(sample);
  const std::string times = " [" + format_clock(elapsed) + "<" + format_eta(sample, rates);
  std::string tail;
  std::size_t room = width;
  const std::size_t fixed = head.size() + count.size() + times.size() + 1;
  if (fixed > room) {  // not even the times fit
    std::string text = head + count;
    text.resize(std::min(text.size(), room));
    return text;
  }
  room -= fixed;
  for (const std::string& fact : facts(sample, rates)) {
    if (fact.size() + 2 > room) break;
    tail += ", " + fact;
    room -= fact.size() + 2;
  }
  std::string text = head;
  if (room >= kLeastBar + 2) text += "|" + bar(share_of(sample), std::min(room - 2, kLongestBar), ascii) + "|";
  return text + count + times + tail + "]";
}

std::string render_progress_log(const ProgressSample& sample, const ProgressRates& rates,
                                std::chrono::nanoseconds elapsed) {
  std::string text = count_of(sample) + " pages";
  for (const std::string& fact : facts(sample, rates)) text += ", " + fact;
  return text + ", elapsed " + format_clock(elapsed) + ", left " + format_eta(sample, rates);
}

Progress::Progress(ProgressOptions options, TimePoint start, ProgressSample initial)
    : options_(options),
      start_(start),
      last_(start),
      next_(start + (options.terminal ? std::chrono::milliseconds(0) : options.first_log_interval)),
      log_interval_(options.first_log_interval),
      first_sample_(initial),
      last_sample_(initial),
      pages_(options.smoothing),
      bytes_(options.smoothing),
      discovered_(options.smoothing),
      seconds_(options.smoothing) {}

std::string Progress::render(const ProgressSample& sample, const ProgressRates& rates, TimePoint now,
                             std::size_t width) const {
  return options_.terminal ? render_progress(sample, rates, now - start_, width, options_.ascii)
                           : render_progress_log(sample, rates, now - start_);
}

std::optional<std::string> Progress::update(const ProgressSample& sample, TimePoint now, std::size_t width) {
  if (now < next_) return std::nullopt;
  if (now > last_) {
    pages_.add(difference(sample.done, last_sample_.done));
    bytes_.add(difference(sample.bytes, last_sample_.bytes));
    discovered_.add(difference(sample.known, last_sample_.known));
    seconds_.add(seconds_of(now - last_));
    last_ = now;
    last_sample_ = sample;
  }
  if (options_.terminal) {
    next_ = now + options_.interval;
  } else {
    log_interval_ = std::min(log_interval_ * 2, options_.longest_log_interval);
    next_ = now + log_interval_;
  }
  ProgressRates rates;
  if (seconds_.value() > 0) {
    rates.pages = pages_.value() / seconds_.value();
    rates.bytes = bytes_.value() / seconds_.value();
    // A few stragglers do not change the time left by more than its last digit.
    rates.growing = discovered_.value() > pages_.value() / 50;
  }
  return render(sample, rates, now, width);
}

std::string Progress::finish(const ProgressSample& sample, TimePoint now, std::size_t width) const {
  ProgressRates rates;
  const double seconds = seconds_of(now - start_);
  if (seconds > 0) {
    rates.pages = difference(sample.done, first_sample_.done) / seconds;
    rates.bytes = difference(sample.bytes, first_sample_.bytes) / seconds;
  }
  return render(sample, rates, now, width);
}

}  // namespace corolla::inline v0::crawl
