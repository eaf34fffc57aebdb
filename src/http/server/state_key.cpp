// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/state_key.hpp>

#include <corolla/runtime/error.hpp>

#include <string>

namespace corolla::inline v0::http {

void KeyedState::put(const void* key, std::shared_ptr<void> value) {
  for (Entry& entry : entries_) {
    if (entry.key != key) continue;
    entry.value = std::move(value);
    return;
  }
  entries_.push_back({key, std::move(value)});
}

void* KeyedState::look_up(const void* key) const noexcept {
  for (const Entry& entry : entries_)
    if (entry.key == key) return entry.value.get();
  return nullptr;
}

void KeyedState::fail(const char* name) {
  throw LookupError("nothing is kept under the key \"" + std::string(name) + "\"");
}

void KeyedState::clear() noexcept {
  while (!entries_.empty()) entries_.pop_back();
}

}  // namespace corolla::inline v0::http
