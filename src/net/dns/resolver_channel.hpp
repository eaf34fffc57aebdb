// SPDX-License-Identifier: Apache-2.0
/// \file
/// ResolverChannel: c-ares, driven by a loop.
///
/// c-ares opens its sockets itself, says what it waits for on which, and closes them when it likes. So each socket and
/// direction has a poll operation as long as c-ares says so; the last thing it says before it closes a socket is that it
/// waits for nothing there, and then the operation is withdrawn. One timer stands for the earliest of its timeouts.
/// Whatever c-ares calls back happens inside a call of this class, which must not be destroyed meanwhile: who is told puts
/// tasks on the ready queue and does nothing else.
#pragma once

#include "net/dns/resolver_cache.hpp"

#include <corolla/net/resolver.hpp>
#include <corolla/runtime/callback.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

struct ares_addrinfo;
struct ares_channeldata;

namespace corolla {
inline namespace v0 {

/// What c-ares found.
struct ChannelResult {
  ResolverAnswer answer;
  std::uint32_t ttl = 0;  // seconds; of addresses alone
  bool missing = false;   // there is no such name, or it has no address
};

class ResolverChannel {
 public:
  using Done = std::function<void(ChannelResult)>;
  using TtlDone = std::function<void(std::uint32_t seconds)>;

  /// ValueError for name servers or numbers that c-ares does not take.
  explicit ResolverChannel(const ResolverOptions& options);
  ResolverChannel(const ResolverChannel&) = delete;
  ResolverChannel& operator=(const ResolverChannel&) = delete;
  ~ResolverChannel();

  /// The loop it works in; once, before it is asked anything.
  void attach(EventLoop& loop);
  /// The loop it works in, null when there is none or it was closed.
  [[nodiscard]] EventLoop* loop() const noexcept { return core_ ? core_->loop() : nullptr; }
  [[nodiscard]] bool attached() const noexcept { return core_ != nullptr; }

  /// Looks up the addresses of a name; `done` may be called before this returns.
  void look_up(const std::string& name, SocketAddress::Family family, Done done);
  /// How long names of the zone of `name` count as missing; `done` is not called when nobody says so.
  void look_up_negative_ttl(const std::string& name, TtlDone done);
  /// Ends all look-ups; nobody is told.
  void cancel() noexcept;

 private:
  class Poll;
  struct Request;
  using Place = std::pair<int, bool>;  // descriptor, for writing

  static void socket_changed(void* self, int descriptor, int readable, int writable) noexcept;
  static void addresses_found(void* request, int status, int timeouts, ares_addrinfo* found) noexcept;
  static void soa_found(void* request, int status, int timeouts, unsigned char* message, int size) noexcept;

  void watch(Place place, bool wanted);
  void ready(Poll& poll, int result);
  void stop(Poll& poll) noexcept;
  void time_out();
  void arm_timer();

  LoopCore* core_ = nullptr;
  ares_channeldata* channel_ = nullptr;
  std::map<Place, Poll*> polls_;
  TimerHandle timer_;
};

}  // namespace v0
}  // namespace corolla
