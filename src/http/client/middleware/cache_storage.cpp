// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cache.hpp>

#include <list>
#include <unordered_map>
#include <utility>

namespace corolla::inline v0::http {

namespace {

std::size_t size_of(const Headers& headers) {
  std::size_t size = 0;
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 16;
  return size;
}

std::size_t size_of(const std::string& key, const std::vector<CachedResponse>& variants) {
  std::size_t size = key.size() * 2 + 128;
  for (const CachedResponse& one : variants)
    size += sizeof one + size_of(one.headers) + size_of(one.request_fields) + one.body->size();
  return size;
}

}  // namespace

CacheStorage::~CacheStorage() = default;

class MemoryCacheStorage::State {
 public:
  explicit State(std::size_t most) : max_bytes(most) {}
  struct Entry {
    std::string key;
    std::vector<CachedResponse> variants;
    std::size_t size;
  };
  void erase(std::list<Entry>::iterator entry) {
    bytes -= entry->size;
    by_key.erase(entry->key);
    entries.erase(entry);
  }

  const std::size_t max_bytes;
  std::size_t bytes = 0;
  std::list<Entry> entries;  // what was used last is first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key;
};

MemoryCacheStorage::MemoryCacheStorage(std::size_t max_bytes) : state_(std::make_unique<State>(max_bytes)) {}
MemoryCacheStorage::~MemoryCacheStorage() = default;

std::vector<CachedResponse> MemoryCacheStorage::load(const std::string& key) {
  const auto found = state_->by_key.find(key);
  if (found == state_->by_key.end()) return {};
  state_->entries.splice(state_->entries.begin(), state_->entries, found->second);
  return found->second->variants;
}

void MemoryCacheStorage::store(const std::string& key, std::vector<CachedResponse> variants) {
  if (const auto found = state_->by_key.find(key); found != state_->by_key.end()) state_->erase(found->second);
  const std::size_t size = size_of(key, variants);
  if (variants.empty() || size > state_->max_bytes) return;
  while (state_->bytes + size > state_->max_bytes) state_->erase(std::prev(state_->entries.end()));
  state_->entries.push_front({key, std::move(variants), size});
  state_->by_key.emplace(key, state_->entries.begin());
  state_->bytes += size;
}

void MemoryCacheStorage::clear() {
  state_->by_key.clear();
  state_->entries.clear();
  state_->bytes = 0;
}

std::size_t MemoryCacheStorage::bytes() const noexcept { return state_->bytes; }

}  // namespace corolla::inline v0::http
