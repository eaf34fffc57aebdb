// SPDX-License-Identifier: Apache-2.0
#include "http/client/proxy/proxy.hpp"

#include <algorithm>
#include <charconv>

namespace corolla::inline v0::http {

namespace {

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

NoProxy::NoProxy(std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", \t"), list.size());
    std::string_view text = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (text.empty()) continue;
    if (text == "*") all_ = true;
    Entry entry;
    // "[::1]:8080", "host:8080"; what has more colons is an address.
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && (text.find(':') == colon || text.substr(0, colon).ends_with(']')) &&
        read_number(text.substr(colon + 1), entry.port))
      text = text.substr(0, colon);
    if (text.find('/') != std::string_view::npos) {
      entry.network = IpNetwork::parse(text);
      if (!entry.network) continue;
    }
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    if (text.starts_with("*.")) text.remove_prefix(2);
    while (text.starts_with('.')) text.remove_prefix(1);
    while (text.ends_with('.')) text.remove_suffix(1);
    entry.host = text;
    for (char& c : entry.host)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (!entry.host.empty()) entries_.push_back(std::move(entry));
  }
}

bool NoProxy::matches(const Url& url) const {
  if (all_) return true;
  std::string_view host = url.hostname();
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto address = IpAddress::parse(host);
  for (const Entry& entry : entries_) {
    if (entry.port != 0 && entry.port != url.effective_port()) continue;
    if (entry.network) {
      if (address && entry.network->contains(*address)) return true;
      continue;
    }
    if (host == entry.host) return true;
    const bool below = host.size() > entry.host.size() && host.ends_with(entry.host) &&
                       host[host.size() - entry.host.size() - 1] == '.';
    if (below && !address) return true;
  }
  return false;
}

}  // namespace corolla::inline v0::http
