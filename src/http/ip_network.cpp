// SPDX-License-Identifier: Apache-2.0
#include "http/ip_network.hpp"

#include <corolla/net/address.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <netinet/in.h>

namespace corolla::inline v0::http {

namespace {

constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  SocketAddress address;
  if (!SocketAddress::parse_ip(text, 0, address)) return std::nullopt;
  IpAddress result;
  if (address.family() == SocketAddress::Family::kIPv4) {
    std::copy(kMapped.begin(), kMapped.end(), result.bytes_.begin());
    std::memcpy(result.bytes_.data() + 12, &static_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
  } else {
    std::memcpy(result.bytes_.data(), &static_cast<const sockaddr_in6*>(address.data())->sin6_addr, 16);
  }
  result.is_ipv4_ = std::equal(kMapped.begin(), kMapped.end(), result.bytes_.begin());
  return result;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  IpNetwork network;
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  network.base_ = *base;
  const unsigned most = base->is_ipv4() ? 32 : 128;
  network.prefix_ = most;
  if (slash < text.size()) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix_);
    if (error != std::errc() || end != digits.data() + digits.size() || network.prefix_ > most) return std::nullopt;
  }
  network.prefix_ += 128 - most;
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  if (address.is_ipv4() != base_.is_ipv4()) return false;
  const std::size_t whole = prefix_ / 8;
  if (!std::equal(base_.bytes_.begin(), base_.bytes_.begin() + whole, address.bytes_.begin())) return false;
  const unsigned mask = 0xFF00U >> (prefix_ % 8) & 0xFFU;
  return mask == 0 || (base_.bytes_[whole] & mask) == (address.bytes_[whole] & mask);
}

}  // namespace corolla::inline v0::http
