// SPDX-License-Identifier: Apache-2.0
#include "net/dns/resolver_cache.hpp"

#include <algorithm>
#include <utility>

namespace corolla {
inline namespace v0 {

ResolverCache::Answer ResolverCache::find(const std::string& key, time_point now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  const auto entry = found->second;
  if (entry->expires <= now) {
    erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->answer;
}

void ResolverCache::put(const std::string& key, Answer answer, time_point expires) {
  if (capacity_ == 0) return;
  if (const auto found = index_.find(key); found != index_.end()) erase(found->second);
  if (index_.size() == capacity_) erase(std::prev(entries_.end()));
  entries_.push_front(Entry{key, std::move(answer), expires});
  try {
    index_.emplace(entries_.front().key, entries_.begin());
  } catch (...) {
    entries_.pop_front();
    throw;
  }
}

void ResolverCache::shorten(const std::string& key, const Answer& answer, time_point expires) noexcept {
  const auto found = index_.find(key);
  if (found == index_.end() || found->second->answer != answer) return;
  found->second->expires = std::min(found->second->expires, expires);
}

void ResolverCache::clear() noexcept {
  index_.clear();
  entries_.clear();
}

void ResolverCache::erase(Entries::iterator entry) noexcept {
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace v0
}  // namespace corolla
