// SPDX-License-Identifier: Apache-2.0
/// \file
/// What need not be looked up, the same for getaddrinfo and Resolver.
#pragma once

#include <corolla/net/address.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The address that `host` is; none when it is a name. gaierror when it is of another family or no host at all.
[[nodiscard]] std::vector<SocketAddress> numeric_host(const std::string& host, std::uint16_t port,
                                                      SocketAddress::Family family);

}  // namespace v0
}  // namespace corolla
