// SPDX-License-Identifier: Apache-2.0
/// \file
/// SessionStorage: where the sessions of a server's visitors are kept; SessionCookie: the cookie that leads there.
///
/// Source: aiohttp_session's AbstractStorage. Two are here: memory_storage.hpp, on the server's side, and encrypted_cookie_storage.hpp,
/// with the client. A database is a third:
///
///     class Database : public http::SessionStorage {
///       Coro<std::optional<http::SessionRecord>> load(const http::SessionCookie&, std::string value) override;   // SELECT
///       Coro<std::optional<std::string>> save(const http::SessionCookie&, http::SessionRecord record) override;  // INSERT, UPDATE
///       Coro<void> remove(std::string identity) override;                                                        // DELETE
///     };
#pragma once

#include <corolla/http/cookie.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace corolla::inline v0::http {

/// The cookie of sessions, as RFC 6265bis describes one.
struct SessionCookie {
  SessionCookie() {}
  /// "__Host-" before it keeps other hosts of the domain from planting one of their own; it wants `secure` to be true.
  std::string name = "COROLLA_SESSION";
  std::string path = "/";
  /// Empty: the host that was asked, and none below it.
  std::string domain;
  /// For https alone. Nothing: when the request is https (ServerRequest::scheme, so behind forwarded() what the proxy says).
  std::optional<bool> secure;
  /// Scripts of the page do not see it.
  bool http_only = true;
  /// Which requests that other sites cause carry it: links that are followed, by default, and no forms that are sent.
  Cookie::SameSite same_site = Cookie::SameSite::kLax;
  /// How long a session lives from its beginning; then it is over, whatever the client sends. Nothing: until the browser ends, as far as
  /// that obeys, and as long as the storage keeps it; with EncryptedCookieStorage for ever.
  std::optional<std::chrono::seconds> max_age;
};

/// A session as a storage keeps it.
struct SessionRecord {
  using time_point = std::chrono::sys_seconds;
  SessionRecord() {}
  /// When it is over, by its own time or the cookie's. Nothing: never.
  [[nodiscard]] COROLLA_API std::optional<time_point> expires(const SessionCookie& cookie) const noexcept;

  /// Random, made by the library: 32 characters of base64url.
  std::string identity;
  /// A JSON object as text, in UTF-8.
  std::string values = "{}";
  time_point created{};
  /// Its own time to live, if it has one.
  std::optional<std::chrono::seconds> max_age;
  /// It was never kept before.
  bool is_new = true;
};

/// See the file's comment. What its functions throw ends the request (500). The cookie lives as long as the middleware; other
/// arguments are the callee's. They may be cancelled, as handlers may.
class COROLLA_API SessionStorage {
 public:
  SessionStorage() = default;
  SessionStorage(const SessionStorage&) = delete;
  SessionStorage& operator=(const SessionStorage&) = delete;
  virtual ~SessionStorage();

  /// The session that a cookie's value stands for, with is_new false. The value is a stranger's, of any content: nothing for one that is
  /// not known. The middleware looks whether it is over.
  [[nodiscard]] virtual Coro<std::optional<SessionRecord>> load(const SessionCookie& cookie, std::string value) = 0;
  /// Keeps it; what the cookie is to say. Nothing, and nothing is kept, for a session that is not new and not there any more:
  /// another request ended it meanwhile, and it must not come back.
  [[nodiscard]] virtual Coro<std::optional<std::string>> save(const SessionCookie& cookie, SessionRecord record) = 0;
  /// Forgets it, if it is there.
  [[nodiscard]] virtual Coro<void> remove(std::string identity) = 0;
};

}  // namespace corolla::inline v0::http
