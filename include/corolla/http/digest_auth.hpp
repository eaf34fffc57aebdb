// SPDX-License-Identifier: Apache-2.0
/// \file
/// DigestAuth: a user name and a password that are proved, not sent.
///
///     const http::DigestAuth auth("Mufasa", "Circle of Life");
///     auto response = co_await session.get(url).digest_auth(auth);
///     options.middlewares = {auth.middleware()};                      // or for all requests of a session
///
/// Source: RFC 7616; aiohttp's DigestAuthMiddleware. The first request is answered with a challenge (401) and sent again with the
/// proof; later ones to the same protection space carry it at once. Algorithms: SHA-256, SHA-512-256, MD5, each with -sess, too; the
/// strongest one offered is taken. Quality of protection: auth, auth-int (when it alone is offered; for bodies that are no streams), or
/// none (RFC 2069). A request with Authorization of its own goes as it is, as does one that was redirected to another origin. Proofs for
/// one origin are sent to no other, whatever the challenge's domain says. Copies share what they learned. Not thread safe; of one
/// loop.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/runtime/api.hpp>

#include <memory>
#include <string>

namespace corolla::inline v0::http {

/// See the file's comment.
class COROLLA_API DigestAuth {
 public:
  /// ValueError for a ':' in the user's name, or control characters.
  DigestAuth(std::string user, std::string password);
  /// As a session's middleware. A challenge that is malformed, too long or of an unknown algorithm leaves the 401 as the answer.
  [[nodiscard]] ClientMiddleware middleware() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace corolla::inline v0::http
