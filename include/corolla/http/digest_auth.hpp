// SPDX-License-Identifier: Apache-2.0
/// \file
/// DigestAuth: a user name and a password that are proved, not sent.
///
///     const http::DigestAuth auth("Mufasa", "Circle of Life");
///     auto response = co_await session.get(url).digest_auth(auth);
///     options.middlewares = {auth.middleware()};                      // or for all requests of a session
///
/// Source: RFC 7616; aiohttp's DigestAuthMiddleware. The first request is answered with a challenge (401), and is sent again with
/// the proof; later requests to the same protection space carry it at once. Algorithms: SHA-256, SHA-512-256 and MD5, each also
/// with -sess; the strongest one of those offered is taken. Quality of protection: auth, auth-int (when it alone is offered; the
/// body must not be a stream), or none as in RFC 2069. A request with an Authorization field of its own goes as it is. Proofs
/// made for one origin are sent to no other, whatever the challenge's domain says. Copies share what they learned. Not thread
/// safe; of one loop.
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
