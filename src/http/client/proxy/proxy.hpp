// SPDX-License-Identifier: Apache-2.0
/// \file
/// Proxy: a server that requests go through; ProxyRules: which requests go through which.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/http/url.hpp>

#include "http/ip_network.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

struct Proxy {
  enum class Kind : std::uint8_t { kHttp, kHttps, kSocks5, kSocks5h };

  /// ValueError for a scheme that is none of http, https, socks5 and socks5h, or without a host.
  explicit Proxy(const Url& url);
  [[nodiscard]] bool is_http() const noexcept { return kind == Kind::kHttp || kind == Kind::kHttps; }
  [[nodiscard]] std::string peer() const { return hostname + ":" + std::to_string(port); }
  /// The value of Proxy-Authorization; empty without credentials.
  [[nodiscard]] std::string authorization() const;

  Kind kind;
  std::string hostname;
  std::uint16_t port;
  std::string user;
  std::string password;
  /// Tells one proxy from another, credentials included.
  std::string key;
};

/// The hosts that are reached without a proxy: curl's NO_PROXY. A list with commas or spaces between: a name stands for itself
/// and all below it, with or without a leading dot; an address or a network in CIDR notation for itself; "*" for all; ":port"
/// behind it restricts it.
class NoProxy {
 public:
  NoProxy() = default;
  explicit NoProxy(std::string_view list);
  [[nodiscard]] bool matches(const Url& url) const;

 private:
  struct Entry {
    std::string host;        // in lower case without dots at its ends; or an address
    std::uint16_t port = 0;  // 0: any
    std::optional<IpNetwork> network;
  };
  std::vector<Entry> entries_;
  bool all_ = false;
};

class ProxyRules {
 public:
  /// Reads the environment once, where the options say so. ValueError.
  explicit ProxyRules(const SessionOptions& options);
  /// The proxy for this URL; null: none.
  [[nodiscard]] std::shared_ptr<const Proxy> choose(const Url& url) const;

 private:
  std::shared_ptr<const Proxy> for_http_;
  std::shared_ptr<const Proxy> for_https_;
  NoProxy none_;
};

}  // namespace corolla::inline v0::http
