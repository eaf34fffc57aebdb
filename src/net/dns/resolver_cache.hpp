// SPDX-License-Identifier: Apache-2.0
/// \file
/// ResolverCache: answers of name servers, until they expire or newer ones need the room.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace corolla {
inline namespace v0 {

/// What became of a look-up: addresses with port 0, or an error.
struct ResolverAnswer {
  std::vector<SocketAddress> addresses;
  int error = 0;  // an EAI_ code
  std::string reason;
};

class COROLLA_API ResolverCache {
 public:
  using Answer = std::shared_ptr<const ResolverAnswer>;
  using time_point = EventLoop::time_point;

  explicit ResolverCache(std::size_t capacity) noexcept : capacity_(capacity) {}

  /// Null when there is none that is valid at `now`.
  [[nodiscard]] Answer find(const std::string& key, time_point now);
  /// Keeps an answer that is valid before `expires`; the least recently used one makes room for it.
  void put(const std::string& key, Answer answer, time_point expires);
  /// The answer of `key`, if it is still this one, expires no later than that.
  void shorten(const std::string& key, const Answer& answer, time_point expires) noexcept;
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }

 private:
  struct Entry {
    std::string key;
    Answer answer;
    time_point expires;
  };
  using Entries = std::list<Entry>;
  void erase(Entries::iterator entry) noexcept;

  std::size_t capacity_;
  Entries entries_;                                                // the most recently used first
  std::unordered_map<std::string_view, Entries::iterator> index_;  // the keys stand in the entries
};

}  // namespace v0
}  // namespace corolla
