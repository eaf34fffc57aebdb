// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/memory_storage.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace corolla::inline v0::http {

class MemoryStorage::State {
 public:
  explicit State(MemoryStorageOptions options) : options_(options) {
    if (options_.max_sessions == 0) throw ValueError("a storage needs room for a session");
    if (options_.idle_timeout.count() <= 0) throw ValueError("the idle time of sessions has to be positive");
  }

  /// Null when it is not there; in use just now otherwise.
  [[nodiscard]] SessionRecord* touch(const std::string& identity) {
    drop_idle();
    const auto found = by_identity_.find(identity);
    if (found == by_identity_.end()) return nullptr;
    entries_.splice(entries_.end(), entries_, found->second);
    found->second->used = get_running_loop().time();
    return &found->second->record;
  }
  void add(SessionRecord record) {
    entries_.push_back({std::move(record), get_running_loop().time()});
    by_identity_[entries_.back().record.identity] = std::prev(entries_.end());
    if (entries_.size() > options_.max_sessions) drop(entries_.begin());
  }
  void remove(const std::string& identity) {
    if (const auto found = by_identity_.find(identity); found != by_identity_.end()) drop(found->second);
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  void clear() noexcept {
    by_identity_.clear();
    entries_.clear();
  }

 private:
  struct Entry {
    SessionRecord record;
    EventLoop::time_point used;
  };
  using Entries = std::list<Entry>;

  // No timer: what is idle is in front, and goes when somebody comes.
  void drop_idle() {
    const auto now = get_running_loop().time();
    while (!entries_.empty() && now - entries_.front().used >= options_.idle_timeout) drop(entries_.begin());
  }
  void drop(Entries::iterator entry) {
    by_identity_.erase(entry->record.identity);
    entries_.erase(entry);
  }

  const MemoryStorageOptions options_;
  Entries entries_;  // the one that was used longest ago first
  std::unordered_map<std::string, Entries::iterator> by_identity_;
};

MemoryStorage::MemoryStorage(MemoryStorageOptions options) : state_(std::make_unique<State>(options)) {}

MemoryStorage::~MemoryStorage() = default;

Coro<std::optional<SessionRecord>> MemoryStorage::load(const SessionCookie&, std::string value) {
  const SessionRecord* found = state_->touch(value);
  if (found == nullptr) co_return std::nullopt;
  co_return *found;
}

Coro<std::optional<std::string>> MemoryStorage::save(const SessionCookie&, SessionRecord record) {
  std::string identity = record.identity;
  SessionRecord* found = state_->touch(identity);
  if (found == nullptr && !record.is_new) co_return std::nullopt;
  record.is_new = false;
  if (found != nullptr) *found = std::move(record);
  else state_->add(std::move(record));
  co_return identity;
}

Coro<void> MemoryStorage::remove(std::string identity) {
  state_->remove(identity);
  co_return;
}

std::size_t MemoryStorage::size() const noexcept { return state_->size(); }

void MemoryStorage::clear() noexcept { state_->clear(); }

}  // namespace corolla::inline v0::http
