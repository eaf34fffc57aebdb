// SPDX-License-Identifier: Apache-2.0
#include "http/server/domain_table.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.back() != '.' && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), is_host_character);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

}  // namespace

void DomainTable::add(std::string_view pattern, ApplicationState& application) {
  std::string name = lower(pattern);
  const bool below = name.starts_with("*.");
  if (below) name.erase(0, 2);
  if (!is_name(name) && (below || !name.starts_with('[')))
    throw ValueError("\"" + std::string(pattern) + "\" is no domain: a name in ASCII without port, or \"*.\" and one");
  if (!(below ? below_ : exact_).emplace(std::move(name), &application).second)
    throw ValueError("the domain \"" + std::string(pattern) + "\" is taken");
}

ApplicationState* DomainTable::find(std::string_view host) const {
  if (exact_.empty() && below_.empty()) return nullptr;
  // The port of "[::1]:80" is behind the bracket.
  const auto bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  host = bracket == std::string_view::npos ? host.substr(0, host.find(':')) : host.substr(0, bracket + 1);
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name = lower(host);
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
  if (below_.empty()) return nullptr;
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
    name.erase(0, dot + 1);
    if (const auto found = below_.find(name); found != below_.end()) return found->second;
  }
  return nullptr;
}

}  // namespace corolla::inline v0::http
