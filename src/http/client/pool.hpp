// SPDX-License-Identifier: Apache-2.0
/// \file
/// ConnectionPool: who may have a connection to which host, and which ones are kept.
///
/// A *slot* is the right to one connection. There are `limit` of them, at most `limit_per_host` to a host. Who finds none
/// queues at its host. A host with a queue and with room under its own limit stands in the list of eligible hosts; a slot
/// that becomes free goes to the first of them, which then goes to the end: hosts take turns, and within a host the
/// oldest waiter is first. All of that is constant time.
///
/// In HTTP/2 a connection is shared: a request that has its slot takes a stream of it, as long as the server allows more.
/// Nobody knows which version a server speaks before TLS has agreed on it, so the first to connect to a host over TLS does so
/// alone; who comes meanwhile waits to be told.
///
/// Idle connections stand in their host's stack (the one used last is used first) and in one list by age. They have no
/// slots; their number is bounded, the oldest make room.
#pragma once

#include <corolla/http/alt_svc.hpp>
#include <corolla/http/client_options.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>

#include "http/client/connection.hpp"
#include "http/client/connector.hpp"

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace corolla::inline v0::http {

/// The way of a request.
struct Route {
  Route(const Url& request_url, bool http1) : url(request_url), http1_only(http1) {}
  const Url& url;
  std::shared_ptr<const Proxy> proxy;       // null: none
  const AltService* alternative = nullptr;  // in the place of the URL's host and port
  std::string_view server_hostname;         // whom the certificate must name; "": the URL's host
  bool http1_only;                          // for a request to switch to another protocol
};

/// One scheme, host and port, by way of one proxy or none, or one alternative service of theirs.
class HostPool {
 public:
  HostPool(std::string name, Destination where_to) : key(std::move(name)), destination(std::move(where_to)) {}
  const std::string key;
  const Destination destination;
  std::size_t slots = 0;                // taken
  std::unique_ptr<Connection> idle;     // top of the stack
  std::deque<Future<void>> waiters;     // completed when they get a slot; cancelled ones are skipped
  std::list<HostPool*>::iterator turn;  // meaningful while eligible
  bool eligible = false;
  std::vector<FutureRef<Http2ClientSession>> http2;
  std::vector<Future<void>> curious;  // wait until it is known which version is spoken
  bool asking = false;                // somebody finds out
  bool http1 = false;                 // it is HTTP/1.1
};

/// See the file's comment. Counted by its Session and by the slots; one loop, not thread safe.
class ConnectionPool final : private Http2SessionOwner {
 public:
  explicit ConnectionPool(const SessionOptions& options);
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  /// A slot at the route's host and a kept connection, if both are to be had at once; else null.
  [[nodiscard]] std::unique_ptr<Connection> try_reuse(const Route& route, RequestTrace* trace);
  /// Waits for a slot if need be, and connects if none is kept. With `fresh` a kept one is never used, but for one in
  /// HTTP/2, which knows by itself what it is good for. With http1_only no such one is. `trace` may be null. The route outlives the call.
  /// OSError for an alternative service that speaks another protocol than it should.
  [[nodiscard]] Coro<std::unique_ptr<Connection>> acquire(const Route& route, ClientTimeout timeout, bool fresh,
                                                          RequestTrace* trace);
  /// Gives the slot back; the connection is kept when it is `reusable`, else closed.
  void give_back(std::unique_ptr<Connection> connection, bool reusable) noexcept;
  /// Closes what is idle and keeps nothing any more.
  void close() noexcept;

  [[nodiscard]] std::size_t slots_taken() const noexcept { return slots_; }
  [[nodiscard]] std::size_t idle_count() const noexcept { return idle_count_ + http2_idle_; }

 private:
  ~ConnectionPool();
  [[nodiscard]] HostPool& host_of(const Route& route);
  [[nodiscard]] bool has_room(const HostPool& host) const noexcept;
  Coro<void> wait_for_slot(HostPool& host);
  void take_slot(HostPool& host) noexcept;
  void return_slot(HostPool& host) noexcept;
  void grant_slots() noexcept;
  void update_eligible(HostPool& host);
  [[nodiscard]] std::unique_ptr<Connection> pop_idle(HostPool& host);
  void push_idle(std::unique_ptr<Connection> connection);
  void unlink_idle(Connection& connection) noexcept;
  void drop_oldest_idle() noexcept;
  void drop_expired_idle();
  void forget_if_unused(HostPool& host) noexcept;
  [[nodiscard]] bool may_speak_http2(const HostPool& host) const noexcept;
  [[nodiscard]] std::unique_ptr<Connection> take_http2_stream(HostPool& host);
  [[nodiscard]] Coro<std::unique_ptr<Connection>> connect(HostPool& host, ClientTimeout timeout, bool http1_only,
                                                          RequestTrace* trace);
  void http2_in_use(Http2ClientSession& session, bool in_use) noexcept override;
  void http2_gone(Http2ClientSession& session) noexcept override;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  const std::size_t limit_;
  const std::size_t limit_per_host_;
  const std::size_t idle_limit_;
  const std::chrono::nanoseconds keepalive_timeout_;
  const ParserLimits parser_limits_;
  const Http2Use http2_;
  using Hosts = std::unordered_map<std::string, std::unique_ptr<HostPool>, Hash, std::equal_to<>>;
  Hosts plain_hosts_;
  Hosts tls_hosts_;
  Connector connector_;
  std::list<HostPool*> eligible_;
  std::size_t slots_ = 0;
  std::size_t idle_count_ = 0;
  std::size_t http2_idle_ = 0;
  Connection* oldest_idle_ = nullptr;
  Connection* newest_idle_ = nullptr;
  TimerHandle sweep_;
  std::uint32_t references_ = 1;
  bool closed_ = false;
  bool sweeping_ = false;
};

}  // namespace corolla::inline v0::http
