// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/dns.hpp>

#include <corolla/runtime/executor.hpp>

#include "net/socket_options.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>

namespace corolla {
inline namespace v0 {

namespace {

class GaiCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "getaddrinfo"; }
  [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
};

// In a thread of the executor.
std::vector<SocketAddress> look_up(const std::string& host, std::uint16_t port, SocketAddress::Family family) {
  addrinfo hints{};
  hints.ai_family = family_constant(family);
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  const int system_error = errno;
  const std::string what = "cannot resolve '" + host + "'";
  if (error == EAI_SYSTEM) throw OSError(system_error, what);
  if (error != 0) throw gaierror(error, what);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    const SocketAddress address(entry->ai_addr, entry->ai_addrlen);
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  if (addresses.empty()) throw gaierror(EAI_NONAME, what);
  return addresses;
}

}  // namespace

const std::error_category& gai_category() noexcept {
  static const GaiCategory category;
  return category;
}

gaierror::gaierror(int eai_code, std::string_view what) : OSError(std::error_code(eai_code, gai_category()), what) {}
gaierror::~gaierror() = default;

Coro<std::vector<SocketAddress>> getaddrinfo(std::string host, std::uint16_t port, SocketAddress::Family family) {
  SocketAddress numeric;
  if (SocketAddress::parse_ip(host, port, numeric)) {
    if (family != SocketAddress::Family::kUnspecified && family != numeric.family())
      throw gaierror(EAI_ADDRFAMILY, "cannot resolve '" + host + "'");
    co_return std::vector<SocketAddress>(1, numeric);
  }
  // A name with a zero byte in it would be cut there.
  if (host.find('\0') != std::string::npos) throw gaierror(EAI_NONAME, "cannot resolve a name with a zero byte");
  auto answer = to_thread(look_up, std::move(host), port, family);
  co_return co_await std::move(answer);
}

}  // namespace v0
}  // namespace corolla
