// SPDX-License-Identifier: Apache-2.0
/// \file
/// TlsSessionCache: sessions a client may take up again, by server.
#pragma once

#include "net/tls/openssl_ptr.hpp"

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace corolla {
inline namespace v0 {

/// Bounded; the server not asked for longest makes room. Thread safe, since connections of several loops share it.
class TlsSessionCache {
 public:
  static constexpr std::size_t kServers = 256;
  static constexpr std::size_t kSessionsOfOne = 4;

  /// A session for a new connection, null when there is none. One of TLS 1.3 is handed out once (RFC 8446, C.4).
  [[nodiscard]] SslSessionPtr take(std::string_view server);
  void put(std::string_view server, SslSessionPtr session);
  void clear();

 private:
  struct Entry {
    explicit Entry(std::string_view name) : server(name) {}
    std::string server;
    std::vector<SslSessionPtr> sessions;  // the newest last
  };
  using Entries = std::list<Entry>;
  void forget(Entries::iterator entry);

  std::mutex mutex_;
  Entries entries_;  // the one asked for last is first
  std::unordered_map<std::string_view, Entries::iterator> by_server_;
};

}  // namespace v0
}  // namespace corolla
