// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/stats.hpp>

#include <array>
#include <cmath>
#include <cstdio>

namespace corolla::inline v0::crawl {
namespace {

/// Three significant digits, no exponent: 1.23, 12.3, 123.
std::string three_digits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string format_bytes(double bytes) {
  if (!(bytes > 0)) bytes = 0;
  if (bytes < 999.5) return std::to_string(std::llround(bytes)) + " B";
  constexpr std::array kUnits{"kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  for (bytes /= 1000; bytes >= 999.5 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000;
  return three_digits(bytes) + " " + kUnits[unit];
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const double us = std::chrono::duration<double, std::micro>(duration).count();
  if (us < 999.5) return std::to_string(std::llround(us < 0 ? 0 : us)) + " us";
  if (us < 999.5e3) return three_digits(us / 1e3) + " ms";
  if (us < 99.95e6) return three_digits(us / 1e6) + " s";
  const auto seconds = std::chrono::round<std::chrono::seconds>(duration).count();
  if (seconds < 3600) return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds / 3600) + " h " + std::to_string(seconds % 3600 / 60) + " min";
}

}  // namespace corolla::inline v0::crawl
