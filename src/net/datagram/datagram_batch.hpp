// SPDX-License-Identifier: Apache-2.0
/// \file
/// Many datagrams with one system call.
#pragma once

#include <corolla/net/address.hpp>

#include <cstddef>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// The most datagrams of a call.
inline constexpr std::size_t kMostDatagrams = 16;

/// A received datagram; borrowed from the thread's memory until the next call.
struct ReceivedDatagram {
  std::string_view data;
  SocketAddress from;
  bool truncated;
};

/// Receives what is there, up to kMostDatagrams of 64 KiB, or with `long_ones` 4 of 256 KiB: how many, or -errno.
/// `exhausted`: there were no more.
[[nodiscard]] int receive_datagrams(int descriptor, bool long_ones, bool& exhausted) noexcept;
/// One of those that the last receive_datagrams brought.
[[nodiscard]] ReceivedDatagram received_datagram(std::size_t index) noexcept;

/// A datagram to send; without an address to the peer.
struct OutgoingDatagram {
  std::string_view data;
  const SocketAddress* to;
};
/// Sends up to kMostDatagrams: how many, or -errno of the first.
[[nodiscard]] int send_datagrams(int descriptor, const OutgoingDatagram* datagrams, std::size_t count) noexcept;

}  // namespace v0
}  // namespace corolla
