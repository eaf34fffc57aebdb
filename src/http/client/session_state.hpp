// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a Session consists of.
#pragma once

#include <corolla/http/session.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task.hpp>

#include "http/client/netrc.hpp"
#include "http/client/pool.hpp"
#include "http/client/proxy/proxy.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace corolla::inline v0::http {

/// Shared with its requests, which may outlive it.
class SessionState : public std::enable_shared_from_this<SessionState> {
 public:
  explicit SessionState(const SessionOptions& session_options);
  SessionState(const SessionState&) = delete;
  SessionState& operator=(const SessionState&) = delete;
  ~SessionState() = default;

  /// A task of the session's own: close() waits for it, the session's end cancels it. Its work counts as UnderWay from now on.
  void begin(Coro<void> work);
  void cancel_background() noexcept;

  const SessionOptions options;
  const FutureRef<ConnectionPool> pool;
  const ProxyRules proxies;
  const std::shared_ptr<CookieJar> cookie_jar;
  const Netrc netrc;
  AltSvcStore* const alt_svc;                                 // null: none is heeded
  const std::shared_ptr<const ResponseCheck> check_response;  // null: none
  const ClientMiddleware retry;                               // empty: none
  const ClientMiddleware rate_limit;                          // empty: none
  const std::vector<ClientMiddleware> middlewares;
  const std::string default_fields;    // as they stand on the wire, for requests that name none themselves
  std::vector<Task<void>> background;  // those that are done, too, until the next one begins
  std::size_t under_way = 0;
  Future<void> drained;
  bool closed = false;
};

/// Counts a request for as long as it has no response, a task of the session's for as long as it runs.
class UnderWay {
 public:
  explicit UnderWay(SessionState& session) noexcept : session_(session) { ++session_.under_way; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    if (--session_.under_way == 0 && session_.drained.valid() && !session_.drained.done())
      session_.drained.set_result();
  }

 private:
  SessionState& session_;
};

/// The coroutine behind Request::send.
Coro<Response> send_request(std::shared_ptr<SessionState> shared, RequestData request);
/// As above for a session with watchers.
Coro<Response> send_traced(std::shared_ptr<SessionState> shared, RequestData request);

}  // namespace corolla::inline v0::http
