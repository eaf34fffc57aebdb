// SPDX-License-Identifier: Apache-2.0
/// \file
/// HostLookup: the addresses of a session's hosts: pinned ones, the user's look-up, a resolver, getaddrinfo.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/net/address.hpp>
#include <corolla/net/resolver.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

class RequestTrace;

class HostLookup {
 public:
  /// ValueError for a pinned host that is none, or without an address.
  explicit HostLookup(const SessionOptions& options);

  /// The host's addresses, at least one; a numeric host that is not pinned is its own. `trace` may be null. gaierror, and what the
  /// user's look-up throws.
  [[nodiscard]] Coro<std::vector<SocketAddress>> find(std::string host, std::uint16_t port, RequestTrace* trace) const;

 private:
  using Addresses = std::vector<SocketAddress>;
  [[nodiscard]] const Addresses* pinned(const std::string& host, std::uint16_t port, bool is_name) const;
  [[nodiscard]] Coro<Addresses> ask(std::string host, std::uint16_t port) const;
  [[nodiscard]] Coro<Addresses> ask_watched(std::string host, std::uint16_t port, RequestTrace& trace) const;

  std::map<std::pair<std::string, std::uint16_t>, Addresses> pins_;  // "*": any name; 0: any port
  const std::function<Coro<Addresses>(std::string host, std::uint16_t port)> own_;
  const std::shared_ptr<Resolver> resolver_;
};

}  // namespace corolla::inline v0::http
