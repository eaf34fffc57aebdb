// SPDX-License-Identifier: Apache-2.0
// The middleware of sessions, and what finds a request's.
#include <corolla/http/server_session.hpp>

#include <corolla/http/state_key.hpp>
#include <corolla/runtime/error.hpp>

#include "http/server/server_session_state.hpp"
#include "http/server/session_cookie.hpp"

#include <memory>
#include <utility>

namespace corolla::inline v0::http {

namespace {

/// The innermost middleware's session. Shared, so that it may be put back however the middleware ends.
struct Current {
  std::shared_ptr<ServerSessionState> session;
};

const RequestKey<std::shared_ptr<Current>> kCurrent("session");

std::chrono::sys_seconds system_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// Puts a session in the place of that of a middleware further out, which comes back behind this one. The outermost one's stays: who
/// prepares the response may still read it. One that was there and is over is that of an earlier attempt, of a middleware that calls
/// next() again.
class Turn {
 public:
  Turn(ServerRequest& request, std::shared_ptr<ServerSessionState> session) : session_(std::move(session)) {
    if (const auto* found = request.find(kCurrent)) current_ = *found;
    else current_ = request.set(kCurrent, std::make_shared<Current>());
    outer_ = std::exchange(current_->session, session_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    session_->close();
    if (outer_ && !outer_->closed()) current_->session = std::move(outer_);
  }

 private:
  std::shared_ptr<ServerSessionState> session_;
  std::shared_ptr<Current> current_;
  std::shared_ptr<ServerSessionState> outer_;
};

Coro<ServerResponse> serve_with_session(std::shared_ptr<const SessionSite> site, ServerRequest& request,
                                        NextHandler next) {
  const auto session = std::make_shared<ServerSessionState>(std::move(site));
  const Turn turn(request, session);
  auto handling = next(request);
  ServerResponse response = co_await std::move(handling);
  auto keeping = session->keep(request, response);
  co_await std::move(keeping);
  co_return response;
}

std::shared_ptr<ServerSessionState> session_of(const ServerRequest& request) {
  const auto* current = request.find(kCurrent);
  if (current == nullptr) throw RuntimeError("no middleware sessions() is around the handler");
  return (*current)->session;
}

}  // namespace

Middleware sessions(std::shared_ptr<SessionStorage> storage, SessionCookie cookie, std::chrono::sys_seconds (*now)()) {
  if (!storage) throw ValueError("sessions need a storage");
  require_session_cookie(cookie);
  auto site = std::make_shared<const SessionSite>(
      SessionSite{std::move(storage), std::move(cookie), now == nullptr ? system_now : now});
  return [site = std::move(site)](ServerRequest& request, NextHandler next) {
    return serve_with_session(site, request, next);
  };
}

Coro<ServerSession> get_session(ServerRequest& request) {
  const auto session = session_of(request);
  auto loading = session->load(request);
  co_await std::move(loading);
  co_return ServerSession(session);
}

Coro<ServerSession> new_session(ServerRequest& request) {
  const auto session = session_of(request);
  auto loading = session->load(request);
  co_await std::move(loading);
  session->replace();
  co_return ServerSession(session);
}

}  // namespace corolla::inline v0::http
