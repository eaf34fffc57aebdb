// SPDX-License-Identifier: Apache-2.0
/// \file
/// IpNetwork: "10.0.0.0/8", "2001:db8::/32", or one address.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace corolla::inline v0::http {

/// An IP address. IPv4 as it is mapped into IPv6 (RFC 4291, section 2.5.5.2) is IPv4.
class IpAddress {
 public:
  /// Nothing unless `text` is numeric, without brackets.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_ipv4() const noexcept { return is_ipv4_; }

 private:
  friend class IpNetwork;
  std::array<unsigned char, 16> bytes_{};
  bool is_ipv4_ = false;
};

class IpNetwork {
 public:
  /// Nothing for what is neither; bits behind the prefix do not matter.
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

 private:
  IpAddress base_;
  unsigned prefix_ = 0;  // of the 16 bytes
};

}  // namespace corolla::inline v0::http
