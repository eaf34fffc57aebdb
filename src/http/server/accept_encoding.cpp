// SPDX-License-Identifier: Apache-2.0
#include "http/server/accept_encoding.hpp"

#include <corolla/http/headers.hpp>

namespace corolla::inline v0::http {

namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// False for ";q=0", ";q=0.00" …
bool has_weight(std::string_view parameters) noexcept {
  parameters = trim(parameters);
  if (parameters.empty()) return true;
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return true;
  return parameters.substr(2).find_first_not_of("0.") != std::string_view::npos;
}

}  // namespace

bool accepts_coding(std::string_view field, std::string_view coding) noexcept {
  bool any = false;
  for (bool more = true; more;) {
    const auto comma = field.find(',');
    more = comma != std::string_view::npos;
    const std::string_view item = field.substr(0, comma);
    if (more) field.remove_prefix(comma + 1);
    const auto semicolon = item.find(';');
    const std::string_view name = trim(item.substr(0, semicolon));
    const bool wanted = semicolon == std::string_view::npos || has_weight(item.substr(semicolon + 1));
    if (iequals(name, coding) || (coding == "gzip" && iequals(name, "x-gzip"))) return wanted;
    if (name == "*") any = wanted;
  }
  return any;
}

}  // namespace corolla::inline v0::http
