// SPDX-License-Identifier: Apache-2.0
/// \file
/// getaddrinfo and getnameinfo: the addresses of a host name, the name of an address.
///
/// Source: asyncio's loop.getaddrinfo and loop.getnameinfo. The system's resolver blocks, so it runs in threads of its own,
/// four at most for the whole process and started as they are needed: other work in the default executor never looks like
/// a slow name server, and slow name servers hold up nothing else. What is numeric never leaves the loop. Cancelled, the
/// look-up runs on and its result is dropped; nothing waits for it, not even the end of run(). resolver.hpp has a resolver
/// without threads.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
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

/// How getnameinfo answers; combined with |.
enum class NameInfoFlags : std::uint8_t {
  kNone = 0,
  kNumericHost = 1,     ///< the address as text (NI_NUMERICHOST)
  kNumericService = 2,  ///< the port as text (NI_NUMERICSERV)
  kNameRequired = 4,    ///< an address without a name is an error (NI_NAMEREQD)
  kDatagram = 8,        ///< the service as UDP has it (NI_DGRAM)
  kNoFqdn = 16,         ///< of local hosts the first label alone (NI_NOFQDN)
};
[[nodiscard]] constexpr NameInfoFlags operator|(NameInfoFlags a, NameInfoFlags b) noexcept {
  return static_cast<NameInfoFlags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// The host and the service of an IP address, `auto [host, service] = co_await getnameinfo(address)`: their names, or where
/// there is none the numbers. ValueError for another kind of address, gaierror.
[[nodiscard]] COROLLA_API Coro<std::pair<std::string, std::string>> getnameinfo(
    SocketAddress address, NameInfoFlags flags = NameInfoFlags::kNone);

}  // namespace v0
}  // namespace corolla
