// SPDX-License-Identifier: Apache-2.0
/// \file
/// AddressPair: both addresses of a connection, for as long as its transport is asked for them, that is also when it is lost.
///
/// A SocketAddress has room for the longest Unix path; here IP takes what it needs, and others a block of their own.
#pragma once

#include <corolla/net/address.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace corolla {
inline namespace v0 {

class AddressPair {
 public:
  AddressPair(const SocketAddress& peer, const SocketAddress& own);

  [[nodiscard]] SocketAddress peername() const { return long_ ? long_->first : peer_.address(); }
  [[nodiscard]] SocketAddress sockname() const { return long_ ? long_->second : own_.address(); }

 private:
  /// An address of IP, or none.
  struct Short {
    unsigned char bytes[28];  // a sockaddr_in6
    std::uint8_t size = 0;

    [[nodiscard]] SocketAddress address() const { return size == 0 ? SocketAddress() : SocketAddress(bytes, size); }
    [[nodiscard]] bool save(const SocketAddress& address) noexcept;
  };

  Short peer_;
  Short own_;
  std::unique_ptr<const std::pair<SocketAddress, SocketAddress>> long_;
};

}  // namespace v0
}  // namespace corolla
