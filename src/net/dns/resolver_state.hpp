// SPDX-License-Identifier: Apache-2.0
/// \file
/// ResolverState: what a Resolver and the tasks that wait for it share.
///
/// A look-up stands under its key from its query to its answer, with a future for each task that waits. Tasks may leave
/// it; when none is left at any look-up, all queries are cancelled, which is all that c-ares can do. A look-up that was
/// left alone goes on until then, may be joined again, and fills the cache.
#pragma once

#include "net/dns/resolver_cache.hpp"
#include "net/dns/resolver_channel.hpp"

#include <corolla/net/resolver.hpp>
#include <corolla/runtime/future.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace corolla {
inline namespace v0 {

class ResolverState {
 public:
  using Answer = ResolverCache::Answer;

  explicit ResolverState(ResolverOptions options);
  ResolverState(const ResolverState&) = delete;
  ResolverState& operator=(const ResolverState&) = delete;

  /// Serves the running loop from now on; RuntimeError when another one is served.
  void bind(EventLoop& loop);
  /// What is known already; null when nothing is.
  [[nodiscard]] Answer known(const std::string& key);

  class Wait;
  void clear() noexcept { cache_.clear(); }
  [[nodiscard]] std::size_t cached() const noexcept { return cache_.size(); }
  [[nodiscard]] const ResolverCounters& counters() const noexcept { return counters_; }

 private:
  struct Lookup {
    std::list<Future<Answer>> waiting;
    bool begun = false;
    bool done = false;
  };

  void answered(const std::string& key, const std::string& name, ChannelResult result);
  void remember(const std::string& key, const std::string& name, const Answer& answer, const ChannelResult& result);

  ResolverOptions options_;
  ResolverCounters counters_;
  ResolverCache cache_;
  std::unordered_map<std::string, std::shared_ptr<Lookup>> lookups_;
  std::size_t waiting_ = 0;                   // tasks at all look-ups
  std::unique_ptr<ResolverChannel> channel_;  // last: its end calls nobody back
};

/// One task's place at a look-up, from its construction to its end.
class ResolverState::Wait {
 public:
  Wait(ResolverState& state, EventLoop& loop, const std::string& key);
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait();
  /// Asks the name servers, unless somebody did; the future may be done then.
  void begin(const std::string& key, const std::string& name, SocketAddress::Family family);
  [[nodiscard]] const Future<Answer>& future() const noexcept { return future_; }

 private:
  ResolverState& state_;
  Future<Answer> future_;
  std::shared_ptr<Lookup> lookup_;
  std::list<Future<Answer>>::iterator place_;
};

}  // namespace v0
}  // namespace corolla
