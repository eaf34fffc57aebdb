// SPDX-License-Identifier: Apache-2.0
/// \file
/// interleave: the order in which the addresses of a host are tried, for who looks names up apart from connecting.
///
///     auto addresses = co_await getaddrinfo(host, 443);
///     ByteStream stream = co_await connect_to(interleave(addresses, 1));
///
/// Source: RFC 8305, section 4. connect_tcp does it by itself. Thread safe.
#pragma once

#include <corolla/net/address.hpp>

#include <cstddef>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The families take turns, after `first_family_count` (at least 1) addresses of the one that comes first; within a family
/// the order stays.
[[nodiscard]] COROLLA_API std::vector<SocketAddress> interleave(const std::vector<SocketAddress>& addresses,
                                                                std::size_t first_family_count);

}  // namespace v0
}  // namespace corolla
