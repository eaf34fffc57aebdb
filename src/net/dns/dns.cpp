// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/dns.hpp>

#include <corolla/runtime/executor.hpp>

#include "net/dns/numeric_host.hpp"
#include "net/dns/resolver_threads.hpp"
#include "net/socket/socket_options.hpp"

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

[[noreturn]] void fail(int error, int system_error, const std::string& what) {
  if (error == EAI_SYSTEM) throw OSError(system_error, what);
  throw gaierror(error, what);
}

// In a resolver thread.
std::vector<SocketAddress> look_up(const std::string& host, std::uint16_t port, SocketAddress::Family family) {
  addrinfo hints{};
  hints.ai_family = family_constant(family);
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  const int system_error = errno;
  const std::string what = "cannot resolve '" + host + "'";
  if (error != 0) fail(error, system_error, what);
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

constexpr std::pair<NameInfoFlags, int> kNameInfoFlags[] = {
    {NameInfoFlags::kNumericHost, NI_NUMERICHOST}, {NameInfoFlags::kNumericService, NI_NUMERICSERV},
    {NameInfoFlags::kNameRequired, NI_NAMEREQD},   {NameInfoFlags::kDatagram, NI_DGRAM},
    {NameInfoFlags::kNoFqdn, NI_NOFQDN},
};

[[nodiscard]] bool has(NameInfoFlags flags, NameInfoFlags flag) noexcept { return (flags | flag) == flags; }

// In a resolver thread, unless both parts are numeric.
std::pair<std::string, std::string> look_up_name(const SocketAddress& address, NameInfoFlags flags) {
  int system_flags = 0;
  for (const auto& [flag, constant] : kNameInfoFlags)
    if (has(flags, flag)) system_flags |= constant;
  char host[NI_MAXHOST] = {};
  char service[NI_MAXSERV] = {};
  const int error = ::getnameinfo(static_cast<const sockaddr*>(address.data()), static_cast<socklen_t>(address.size()),
                                  host, sizeof host, service, sizeof service, system_flags);
  const int system_error = errno;
  if (error != 0) fail(error, system_error, "no name for " + address.to_string());
  return {host, service};
}

}  // namespace

const std::error_category& gai_category() noexcept {
  static const GaiCategory category;
  return category;
}

gaierror::gaierror(int eai_code, std::string_view what) : OSError(std::error_code(eai_code, gai_category()), what) {}
gaierror::~gaierror() = default;

std::vector<SocketAddress> numeric_host(const std::string& host, std::uint16_t port, SocketAddress::Family family) {
  SocketAddress numeric;
  if (SocketAddress::parse_ip(host, port, numeric)) {
    if (family != SocketAddress::Family::kUnspecified && family != numeric.family())
      throw gaierror(EAI_ADDRFAMILY, "cannot resolve '" + host + "'");
    return std::vector<SocketAddress>(1, numeric);
  }
  // A name with a zero byte in it would be cut there.
  if (host.find('\0') != std::string::npos) throw gaierror(EAI_NONAME, "cannot resolve a name with a zero byte");
  return {};
}

Coro<std::vector<SocketAddress>> getaddrinfo(std::string host, std::uint16_t port, SocketAddress::Family family) {
  auto numeric = numeric_host(host, port, family);
  if (!numeric.empty()) co_return std::move(numeric);
  auto answer = run_in_executor(resolver_threads(), look_up, std::move(host), port, family);
  co_return co_await std::move(answer);
}

Coro<std::pair<std::string, std::string>> getnameinfo(SocketAddress address, NameInfoFlags flags) {
  if (address.family() != SocketAddress::Family::kIPv4 && address.family() != SocketAddress::Family::kIPv6)
    throw ValueError("getnameinfo needs an IP address");
  constexpr NameInfoFlags kNumeric = NameInfoFlags::kNumericHost | NameInfoFlags::kNumericService;
  if (has(flags, kNumeric)) co_return look_up_name(address, flags);
  auto answer = run_in_executor(resolver_threads(), look_up_name, address, flags);
  co_return co_await std::move(answer);
}

}  // namespace v0
}  // namespace corolla
