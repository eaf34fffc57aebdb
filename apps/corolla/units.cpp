// SPDX-License-Identifier: Apache-2.0
#include "corolla/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace corolla::app {
namespace {

struct Quantity {
  double number;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
  Quantity quantity{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), quantity.number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(quantity.number) || quantity.number < 0) return std::nullopt;
  quantity.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return quantity;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> kUnits{
      {{"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86'400}}};
  constexpr double kLongest = 100.0 * 365 * 86'400;
  const auto quantity = split(text);
  if (!quantity) return std::nullopt;
  for (const auto& [unit, seconds] : kUnits)
    if (quantity->unit == unit && quantity->number * seconds <= kLongest)
      return std::chrono::nanoseconds(std::llround(quantity->number * seconds * 1e9));
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::string_view kPrefixes = "kmgt";
  const auto quantity = split(text);
  if (!quantity) return std::nullopt;
  std::string_view unit = quantity->unit;
  double factor = 1;
  if (!unit.empty() && unit != "B") {
    const char letter =
        unit.front() >= 'A' && unit.front() <= 'Z' ? static_cast<char>(unit.front() + ('a' - 'A')) : unit.front();
    const std::size_t power = kPrefixes.find(letter);
    unit.remove_prefix(1);
    if (power == std::string_view::npos || !(unit.empty() || unit == "B" || unit == "iB")) return std::nullopt;
    factor = std::pow(unit == "iB" ? 1024.0 : 1000.0, static_cast<double>(power + 1));
  }
  const double bytes = quantity->number * factor;
  if (bytes > 1e18) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(bytes));
}

std::string with_scheme(const std::string& url) { return url.find("://") == std::string::npos ? "http://" + url : url; }

}  // namespace corolla::app
