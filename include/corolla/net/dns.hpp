// SPDX-License-Identifier: Apache-2.0
/// \file
/// getaddrinfo: the addresses of a host name.
///
/// Source: asyncio's loop.getaddrinfo. The system's resolver runs in the loop's default executor; a numeric address never
/// leaves the loop. Cancelled, the look-up runs on and its result is dropped.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace corolla {
inline namespace v0 {

/// A failed name look-up (Python's socket.gaierror); code() is the resolver's EAI_ code.
class COROLLA_API gaierror : public OSError {  // NOLINT(readability-identifier-naming): Python's name
 public:
  gaierror(int eai_code, std::string_view what);
  ~gaierror() override;
};

/// The category of gaierror's codes.
[[nodiscard]] COROLLA_API const std::error_category& gai_category() noexcept;

/// The stream addresses of `host`, in the system's order of preference (RFC 6724), without duplicates, at least one. An
/// empty host means this machine's loopback. gaierror.
[[nodiscard]] COROLLA_API Coro<std::vector<SocketAddress>> getaddrinfo(
    std::string host, std::uint16_t port, SocketAddress::Family family = SocketAddress::Family::kUnspecified);

}  // namespace v0
}  // namespace corolla
