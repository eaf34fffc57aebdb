// SPDX-License-Identifier: Apache-2.0
#include "http/server/accept_encoding.hpp"

#include <corolla/http/headers.hpp>

#include <cstddef>

namespace corolla::inline v0::http {

namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "q=0.25" is 250.
int weight_of(std::string_view parameters) noexcept {
  parameters = trim(parameters);
  if (parameters.empty()) return 1000;
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return 1000;
  const std::string_view number = parameters.substr(2);
  if (number.empty() || number.size() > 5 || (number[0] != '0' && number[0] != '1')) return 0;
  int weight = number[0] == '1' ? 1000 : 0;
  if (number.size() > 1 && number[1] != '.') return 0;
  int unit = 100;
  for (std::size_t i = 2; i < number.size(); ++i, unit /= 10) {
    if (number[i] < '0' || number[i] > '9') return 0;
    weight += (number[i] - '0') * unit;
  }
  return weight <= 1000 ? weight : 0;
}

}  // namespace

int coding_weight(std::string_view field, std::string_view coding) noexcept {
  int any = 0;
  for (bool more = true; more;) {
    const auto comma = field.find(',');
    more = comma != std::string_view::npos;
    const std::string_view item = field.substr(0, comma);
    if (more) field.remove_prefix(comma + 1);
    const auto semicolon = item.find(';');
    const std::string_view name = trim(item.substr(0, semicolon));
    const int weight = semicolon == std::string_view::npos ? 1000 : weight_of(item.substr(semicolon + 1));
    if (iequals(name, coding) || (coding == "gzip" && iequals(name, "x-gzip"))) return weight;
    if (name == "*") any = weight;
  }
  return any;
}

}  // namespace corolla::inline v0::http
