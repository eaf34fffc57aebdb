// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerSession: what a server keeps for one visitor between requests; the middleware sessions(), which finds it by a cookie.
///
///     app.add_middleware(http::sessions(std::make_shared<http::MemoryStorage>()));
///
///     Coro<http::ServerResponse> count(http::ServerRequest& request) {
///       auto session = co_await http::get_session(request);
///       const int visits = session.contains("visits") ? session.get("visits").get<int>() + 1 : 1;
///       session.set("visits", visits);
///       co_return http::ServerResponse(200, "visit " + std::to_string(visits));
///     }
///
/// Source: the aiohttp_session package. (Session, without Server, is the client.) A session is looked for when a handler first asks
/// for it, so requests that do not ask cost nothing; it is kept after the handler, and before the response's head is sent, if it was
/// changed. That goes for the answer to an HttpError, too; after any other exception nothing is kept. One without values is not kept
/// at all: whoever is served one and left nothing in it gets no cookie. Responses for which the session was asked say
/// "Vary: Cookie", so that a cache does not show one visitor's page to another.
///
/// Two requests of one visitor at a time have a copy each, and what is kept last wins as a whole. But what was invalidated meanwhile does
/// not come back: a storage of the server's forgets it for good.
#pragma once

#include <corolla/http/middleware.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/session_storage.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json_fwd.hpp>

namespace corolla::inline v0::http {

class ServerSessionState;

/// A JSON object and what goes with it; see the file's comment. A handle: copies are the same session, new_session() and invalidate()
/// included. Once the response is on its way it can be read and not changed (RuntimeError): a body's producer comes too late.
/// <nlohmann/json.hpp> is for the caller to include. Not thread safe.
class COROLLA_API ServerSession {
 public:
  explicit ServerSession(std::shared_ptr<ServerSessionState> state) noexcept : state_(std::move(state)) {}

  // -- values; what is borrowed lives until the session is next changed

  /// Null when there is none.
  [[nodiscard]] const nlohmann::json* find(std::string_view key) const;
  /// LookupError when there is none.
  [[nodiscard]] const nlohmann::json& get(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// All of them: an object.
  [[nodiscard]] const nlohmann::json& values() const noexcept;
  [[nodiscard]] bool empty() const noexcept;
  /// Puts `value` in the place of an earlier one. ValueError for text that is not UTF-8.
  void set(std::string_view key, nlohmann::json value);
  /// Whether there was one.
  bool erase(std::string_view key);
  /// Drops the values; what is set from now on belongs to the same visit.
  void clear();

  // -- the session itself

  /// Ends it, as at logout: the storage forgets it, the client is told to forget its cookie, and what is set from now on belongs to a new
  /// session.
  void invalidate();
  /// 192 random bits as base64url; another one after new_session() and invalidate(). Not the cookie's value, which is the storage's.
  [[nodiscard]] const std::string& identity() const noexcept;
  /// The request came without a session, or with one that is over.
  [[nodiscard]] bool is_new() const noexcept;
  /// It will be kept: something was set, erased or dropped.
  [[nodiscard]] bool changed() const noexcept;
  /// When it began.
  [[nodiscard]] std::chrono::sys_seconds created() const noexcept;
  /// How long it lives, from its beginning: its own time, or else SessionCookie::max_age. Nothing: there is no limit.
  [[nodiscard]] std::optional<std::chrono::seconds> max_age() const noexcept;
  /// Gives it a time of its own: "stay logged in"; nothing: that of SessionCookie again. ValueError unless it is positive.
  void set_max_age(std::optional<std::chrono::seconds> age);

 private:
  std::shared_ptr<ServerSessionState> state_;
};

/// The session of the request's visitor, aiohttp_session.get_session: the same one each time during a request. Cookies that are
/// unknown, forged or over make no error, but a new session. RuntimeError when no middleware sessions() is around the handler; what the
/// storage throws. Cancelled, it may be called again.
[[nodiscard]] COROLLA_API Coro<ServerSession> get_session(ServerRequest& request);

/// An empty session of a new identity in the place of the present one, which the storage forgets: for a visitor who logs in, so that
/// whoever slipped him the old cookie does not come in with him (session fixation). Handles of the present one become handles of
/// the new one. Errors and cancellation as get_session().
[[nodiscard]] COROLLA_API Coro<ServerSession> new_session(ServerRequest& request);

/// The middleware that get_session() needs. For the outermost application, and the first one there: a middleware around it that
/// drops the response drops the cookie as well. Sub-applications see the same session, unless they have such a middleware of their own
/// (with another cookie's name, that is). `now` is the clock; tests have their own. ValueError without a storage, and for a cookie that
/// browsers would refuse: a name that is no token or whose prefix promises more, characters that end an attribute, SameSite=None
/// that is not Secure; for an age that is not positive.
///
/// What the storage throws when the session is to be kept leaves the middleware in the response's place (500). A handler that takes the
/// connection over (accept_websocket, upgrade) has sent its head by itself: it may read the session, but its client gets no new cookie.
[[nodiscard]] COROLLA_API Middleware sessions(std::shared_ptr<SessionStorage> storage,
                                              SessionCookie cookie = SessionCookie(),
                                              std::chrono::sys_seconds (*now)() = nullptr);

}  // namespace corolla::inline v0::http
