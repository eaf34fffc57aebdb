// SPDX-License-Identifier: Apache-2.0
#include "net/transport/address_pair.hpp"

#include <cstring>

#include <netinet/in.h>

namespace corolla {
inline namespace v0 {

bool AddressPair::Short::save(const SocketAddress& address) noexcept {
  static_assert(sizeof bytes == sizeof(sockaddr_in6));
  if (address.size() > sizeof bytes) return false;
  std::memcpy(bytes, address.data(), address.size());
  size = static_cast<std::uint8_t>(address.size());
  return true;
}

AddressPair::AddressPair(const SocketAddress& peer, const SocketAddress& own) {
  if (!peer_.save(peer) || !own_.save(own))
    long_ = std::make_unique<std::pair<SocketAddress, SocketAddress>>(peer, own);
}

}  // namespace v0
}  // namespace corolla
