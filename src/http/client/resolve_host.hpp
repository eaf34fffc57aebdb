// SPDX-License-Identifier: Apache-2.0
/// \file
/// The look-up of a host that somebody may watch.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/resolver.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace corolla::inline v0::http {

class RequestTrace;

/// The host's addresses, at least one; a numeric host is its own. `resolver` and `trace` may be null. gaierror.
[[nodiscard]] Coro<std::vector<SocketAddress>> resolve_host(std::shared_ptr<Resolver> resolver, std::string host,
                                                            std::uint16_t port, RequestTrace* trace);

}  // namespace corolla::inline v0::http
