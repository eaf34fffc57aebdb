// SPDX-License-Identifier: Apache-2.0
#include "net/tls/tls_session_cache.hpp"

#include <utility>

namespace corolla {
inline namespace v0 {

SslSessionPtr TlsSessionCache::take(std::string_view server) {
  const std::lock_guard lock(mutex_);
  const auto found = by_server_.find(server);
  if (found == by_server_.end()) return nullptr;
  const Entries::iterator entry = found->second;
  entries_.splice(entries_.begin(), entries_, entry);
  SslSessionPtr session;
  while (!entry->sessions.empty() && !session) {
    SSL_SESSION* const newest = entry->sessions.back().get();
    const bool usable = SSL_SESSION_is_resumable(newest) == 1;
    if (usable && SSL_SESSION_get_protocol_version(newest) != TLS1_3_VERSION) {
      SSL_SESSION_up_ref(newest);
      return SslSessionPtr(newest);
    }
    if (usable) session = std::move(entry->sessions.back());
    entry->sessions.pop_back();
  }
  if (entry->sessions.empty()) forget(entry);
  return session;
}

void TlsSessionCache::put(std::string_view server, SslSessionPtr session) {
  const std::lock_guard lock(mutex_);
  auto found = by_server_.find(server);
  if (found == by_server_.end()) {
    if (entries_.size() == kServers) forget(std::prev(entries_.end()));
    entries_.emplace_front(server);
    found = by_server_.emplace(entries_.front().server, entries_.begin()).first;
  }
  auto& sessions = found->second->sessions;
  // One of TLS 1.2 is good any number of times.
  if (SSL_SESSION_get_protocol_version(session.get()) != TLS1_3_VERSION) sessions.clear();
  if (sessions.size() == kSessionsOfOne) sessions.erase(sessions.begin());
  sessions.push_back(std::move(session));
}

void TlsSessionCache::clear() {
  const std::lock_guard lock(mutex_);
  by_server_.clear();
  entries_.clear();
}

void TlsSessionCache::forget(Entries::iterator entry) {
  by_server_.erase(entry->server);
  entries_.erase(entry);
}

}  // namespace v0
}  // namespace corolla
