// SPDX-License-Identifier: Apache-2.0
/// \file
/// A crawl's progress in one line, after tqdm.
#pragma once

#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace corolla::inline v0::crawl {

/// Where a crawl stands.
struct ProgressSample {
  std::uint64_t done = 0;   ///< pages that ended, well or not
  std::uint64_t known = 0;  ///< pages met so far, those done included
  std::uint64_t bytes = 0;  ///< decoded
  std::uint64_t in_flight = 0;
  std::uint64_t errors = 0;
};

/// How fast it goes.
struct ProgressRates {
  double pages = 0;      ///< a second
  double bytes = 0;      ///< a second
  bool growing = false;  ///< pages are still being discovered, so the time left is a lower bound
};

/// tqdm's exponential moving average: the weighted sum is divided by the sum of its weights, so that it is right from the
/// first value on.
class COROLLA_API MovingAverage {
 public:
  explicit MovingAverage(double smoothing) : alpha_(smoothing) {}
  void add(double value) noexcept;
  [[nodiscard]] double value() const noexcept { return weight_ > 0 ? sum_ / weight_ : 0; }

 private:
  double alpha_;
  double sum_ = 0;
  double weight_ = 0;
};

/// "00:07", "12:34", "1:02:03".
[[nodiscard]] COROLLA_API std::string format_clock(std::chrono::nanoseconds duration);

/// The time left: "00:42"; with '+' while pages are being discovered; "?" where it cannot be told; at most "99:59:59+".
[[nodiscard]] COROLLA_API std::string format_eta(const ProgressSample& sample, const ProgressRates& rates);

/// One line of at most `width` columns, without control characters or newline:
///
///      45%|████▌     | 236/524 [00:03<00:04, 71.2 pages/s, 6.92 MB/s, 16 in flight, 0 errors]
///
/// Where there is no room the bar goes first, then what stands at the end. `ascii` draws with '#'.
[[nodiscard]] COROLLA_API std::string render_progress(const ProgressSample& sample, const ProgressRates& rates,
                                                      std::chrono::nanoseconds elapsed, std::size_t width,
                                                      bool ascii = false);

/// The same facts as a sentence for a log.
[[nodiscard]] COROLLA_API std::string render_progress_log(const ProgressSample& sample, const ProgressRates& rates,
                                                          std::chrono::nanoseconds elapsed);

struct ProgressOptions {
  /// Rewrite one line (a terminal), or write lines at growing intervals (a file or a pipe).
  bool terminal = true;
  bool ascii = false;
  /// Between two renderings on a terminal.
  std::chrono::milliseconds interval{100};
  /// Between the first two lines of a log; each next one comes after twice the time, up to the longest.
  std::chrono::milliseconds first_log_interval{1000};
  std::chrono::milliseconds longest_log_interval{60'000};
  /// Weight of the newest measurement, tqdm's `smoothing`.
  double smoothing = 0.3;
};

/// Decides when to show what. The time is passed in; nothing is written here. Not thread safe.
class COROLLA_API Progress {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `initial` is where an earlier run ended: rates count from there.
  Progress(ProgressOptions options, TimePoint start, ProgressSample initial = {});

  /// The text to show now, if it is time; call it as often as you like. `width` is the terminal's.
  [[nodiscard]] std::optional<std::string> update(const ProgressSample& sample, TimePoint now, std::size_t width);
  /// The last text, with the rates of the whole run.
  [[nodiscard]] std::string finish(const ProgressSample& sample, TimePoint now, std::size_t width) const;
  /// When update() will next have something.
  [[nodiscard]] TimePoint next_update() const noexcept { return next_; }

 private:
  [[nodiscard]] std::string render(const ProgressSample& sample, const ProgressRates& rates, TimePoint now,
                                   std::size_t width) const;

  ProgressOptions options_;
  TimePoint start_;
  TimePoint last_;
  TimePoint next_;
  std::chrono::milliseconds log_interval_;
  ProgressSample first_sample_;
  ProgressSample last_sample_;
  MovingAverage pages_;
  MovingAverage bytes_;
  MovingAverage discovered_;
  MovingAverage seconds_;
};

}  // namespace corolla::inline v0::crawl
