// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/address.hpp>

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace corolla {
inline namespace v0 {

static_assert(sizeof(sockaddr_un) <= 112 && sizeof(sockaddr_in6) <= 112);

namespace {

template <class Kernel>
Kernel as(const void* storage) noexcept {
  Kernel address;
  std::memcpy(&address, storage, sizeof address);
  return address;
}

// Bytes of a Unix name; a path may or may not have its closing zero counted in.
std::string_view unix_name(const void* storage, std::size_t size) noexcept {
  const char* const path = static_cast<const char*>(storage) + offsetof(sockaddr_un, sun_path);
  const std::size_t length = size - offsetof(sockaddr_un, sun_path);
  if (length == 0 || path[0] == '\0') return {path, length};
  return {path, ::strnlen(path, length)};
}

bool parse_scope(std::string_view text, std::uint32_t& scope) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), scope);
  if (error == std::errc() && end == text.data() + text.size()) return true;
  char name[IF_NAMESIZE] = {};
  if (text.empty() || text.size() >= sizeof name) return false;
  std::memcpy(name, text.data(), text.size());
  scope = ::if_nametoindex(name);
  return scope != 0;
}

}  // namespace

SocketAddress::SocketAddress(const void* address, std::size_t size) {
  sa_family_t family = AF_UNSPEC;
  if (size >= sizeof family) std::memcpy(&family, address, sizeof family);
  const bool known = (family == AF_INET && size >= sizeof(sockaddr_in)) ||
                     (family == AF_INET6 && size >= sizeof(sockaddr_in6)) ||
                     (family == AF_UNIX && size <= sizeof(sockaddr_un));
  if (!known) throw ValueError("not an IPv4, IPv6 or Unix address");
  if (family == AF_INET) size = sizeof(sockaddr_in);
  if (family == AF_INET6) size = sizeof(sockaddr_in6);
  std::memcpy(storage_, address, size);
  size_ = static_cast<std::uint32_t>(size);
}

bool SocketAddress::parse_ip(std::string_view host, std::uint16_t port, SocketAddress& address) noexcept {
  char text[INET6_ADDRSTRLEN + 1] = {};
  const std::size_t percent = host.find('%');
  const std::string_view number = host.substr(0, percent);
  if (number.size() >= sizeof text || host.find('\0') != std::string_view::npos) return false;
  std::memcpy(text, number.data(), number.size());
  SocketAddress parsed;
  sockaddr_in v4{};
  if (percent == std::string_view::npos && ::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(parsed.storage_, &v4, sizeof v4);
    parsed.size_ = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) return false;
    if (percent != std::string_view::npos && !parse_scope(host.substr(percent + 1), v6.sin6_scope_id)) return false;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(parsed.storage_, &v6, sizeof v6);
    parsed.size_ = sizeof v6;
  }
  address = parsed;
  return true;
}

SocketAddress SocketAddress::ip(std::string_view host, std::uint16_t port) {
  SocketAddress address;
  if (!parse_ip(host, port, address)) throw ValueError("not a numeric address: '" + std::string(host) + "'");
  return address;
}

SocketAddress SocketAddress::unix_path(std::string_view path) {
  sockaddr_un address{};
  if (path.empty()) throw ValueError("a Unix address needs a path");
  if (path.size() >= sizeof address.sun_path)
    throw ValueError("the path of a Unix address is longer than " + std::to_string(sizeof address.sun_path - 1) +
                     " bytes");
  if (path[0] != '\0' && path.find('\0') != std::string_view::npos)
    throw ValueError("a path must not contain a zero byte");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '\0' ? 0 : 1);
  return SocketAddress(&address, size);
}

SocketAddress::Family SocketAddress::family() const noexcept {
  if (size_ == 0) return Family::kUnspecified;
  switch (as<sa_family_t>(storage_)) {
    case AF_INET: return Family::kIPv4;
    case AF_INET6: return Family::kIPv6;
    default: return Family::kUnix;
  }
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  switch (family()) {
    case Family::kIPv4: {
      const auto v4 = as<sockaddr_in>(storage_);
      return ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    }
    case Family::kIPv6: {
      const auto v6 = as<sockaddr_in6>(storage_);
      std::string host = ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
      if (v6.sin6_scope_id != 0) host += "%" + std::to_string(v6.sin6_scope_id);
      return host;
    }
    case Family::kUnix: return std::string(unix_name(storage_, size_));
    case Family::kUnspecified: break;
  }
  return {};
}

std::uint16_t SocketAddress::port() const noexcept {
  if (family() == Family::kIPv4) return ntohs(as<sockaddr_in>(storage_).sin_port);
  if (family() == Family::kIPv6) return ntohs(as<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const noexcept {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  SocketAddress changed = *this;
  const in_port_t value = htons(port);
  if (family() == Family::kIPv4 || family() == Family::kIPv6)
    std::memcpy(changed.storage_ + offsetof(sockaddr_in, sin_port), &value, sizeof value);
  return changed;
}

std::string SocketAddress::to_string() const {
  switch (family()) {
    case Family::kIPv4: return host() + ":" + std::to_string(port());
    case Family::kIPv6: return "[" + host() + "]:" + std::to_string(port());
    case Family::kUnix: {
      std::string name = host();
      if (!name.empty() && name[0] == '\0') name[0] = '@';
      return name;
    }
    case Family::kUnspecified: break;
  }
  return {};
}

}  // namespace v0
}  // namespace corolla
