// SPDX-License-Identifier: Apache-2.0
#include "http/client/proxy/proxy.hpp"

#include <corolla/net/address.hpp>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <netinet/in.h>

namespace corolla::inline v0::http {

namespace {

// An address as 16 bytes, IPv4 as mapped ones, so that both compare alike.
using Bytes = std::array<unsigned char, 16>;

std::optional<Bytes> bytes_of(std::string_view text, bool& is_ipv4) {
  SocketAddress address;
  if (!SocketAddress::parse_ip(text, 0, address)) return std::nullopt;
  is_ipv4 = address.family() == SocketAddress::Family::kIPv4;
  Bytes bytes{};
  if (is_ipv4) {
    bytes[10] = bytes[11] = 0xFF;
    std::memcpy(bytes.data() + 12, &static_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
  } else {
    std::memcpy(bytes.data(), &static_cast<const sockaddr_in6*>(address.data())->sin6_addr, bytes.size());
  }
  return bytes;
}

bool in_network(std::string_view host, std::string_view network, int prefix) {
  bool host_is_ipv4 = false;
  bool network_is_ipv4 = false;
  const auto a = bytes_of(host, host_is_ipv4);
  const auto b = bytes_of(network, network_is_ipv4);
  if (!a || !b || host_is_ipv4 != network_is_ipv4) return false;
  const auto bits = static_cast<std::size_t>(prefix + (host_is_ipv4 ? 96 : 0));
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((*a)[bit / 8] & mask) != ((*b)[bit / 8] & mask)) return false;
  }
  return true;
}

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
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
      bool is_ipv4 = false;
      if (!read_number(text.substr(slash + 1), entry.prefix) || entry.prefix < 0 || entry.prefix > 128) continue;
      text = text.substr(0, slash);
      if (!bytes_of(text, is_ipv4) || (is_ipv4 && entry.prefix > 32)) continue;
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
  for (const Entry& entry : entries_) {
    if (entry.port != 0 && entry.port != url.effective_port()) continue;
    if (entry.prefix >= 0) {
      if (in_network(host, entry.host, entry.prefix)) return true;
      continue;
    }
    bool unused = false;
    if (host == entry.host) return true;
    const bool below = host.size() > entry.host.size() && host.ends_with(entry.host) &&
                       host[host.size() - entry.host.size() - 1] == '.';
    if (below && !bytes_of(host, unused)) return true;
  }
  return false;
}

}  // namespace corolla::inline v0::http
