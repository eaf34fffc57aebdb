// SPDX-License-Identifier: Apache-2.0
/// \file
/// SocketAddress: where a socket is bound or connected to: IPv4, IPv6 or a Unix path.
///
/// Source: the address tuples of Python's socket module. A value; thread safe as values are.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// See the file's comment. The default one is unspecified: no address at all.
class COROLLA_API SocketAddress {
 public:
  enum class Family : std::uint8_t { kUnspecified, kIPv4, kIPv6, kUnix };

  SocketAddress() noexcept {}
  /// From the kernel's form (a struct sockaddr). ValueError when it is of another family or too short.
  SocketAddress(const void* address, std::size_t size);

  /// A numeric address, "127.0.0.1", "::1" or "fe80::1%2"; ValueError for anything else.
  [[nodiscard]] static SocketAddress ip(std::string_view host, std::uint16_t port);
  /// As ip(), but false when `host` is not numeric.
  [[nodiscard]] static bool parse_ip(std::string_view host, std::uint16_t port, SocketAddress& address) noexcept;
  /// A path in the file system, or with a leading zero byte an abstract name; ValueError when it is too long or empty.
  [[nodiscard]] static SocketAddress unix_path(std::string_view path);

  [[nodiscard]] Family family() const noexcept;
  /// The numeric address without brackets; the path of a Unix address.
  [[nodiscard]] std::string host() const;
  /// 0 for a Unix address.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// The same address with another port; a Unix address as it is.
  [[nodiscard]] SocketAddress with_port(std::uint16_t port) const noexcept;
  /// "127.0.0.1:80", "[::1]:80", a Unix path ('@' for a leading zero byte), "" when unspecified.
  [[nodiscard]] std::string to_string() const;

  /// The kernel's form.
  [[nodiscard]] const void* data() const noexcept { return storage_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
    return std::string_view(reinterpret_cast<const char*>(a.storage_), a.size_) ==
           std::string_view(reinterpret_cast<const char*>(b.storage_), b.size_);
  }

 private:
  alignas(8) unsigned char storage_[112] = {};
  std::uint32_t size_ = 0;
};

}  // namespace v0
}  // namespace corolla
