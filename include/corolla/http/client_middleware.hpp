// SPDX-License-Identifier: Apache-2.0
/// \file
/// ClientMiddleware: a coroutine around a session's requests.
///
///     Coro<http::Response> with_token(http::RequestData& request, http::ClientHandler next) {
///       request.headers.set("Authorization", "Bearer " + token());
///       auto response = co_await next(request);
///       if (response.status() != 401) co_return response;
///       renew_token();
///       request.headers.set("Authorization", "Bearer " + token());
///       co_return co_await next(request);
///     }
///     options.middlewares = {with_token};
///
/// Source: aiohttp's "Client Middleware". A middleware is called for each hop: a redirect's target is a request of its own, with
/// the fields of the first one and without what middlewares did to that one. The first of the list is the outermost. It may
/// change the request, its URL too; call next() never (and return a Response it made), once, or several times (a body must be
/// repeatable() for that); and do as it likes with the response, whose body is not read yet. What it throws comes out of the
/// request. The request's total time holds for all of it. The library's own stand behind the session's in this order: retry
/// (retry.hpp), HSTS (hsts.hpp), digest authentication (digest_auth.hpp), the cache (cache.hpp), limit_rate (rate_limit.hpp).
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <functional>

namespace corolla::inline v0::http {

class Response;
struct ClientCall;
struct RequestData;

/// What stands behind a middleware: the next one, or at last the exchange with the server. For as long as the middleware it was
/// given to runs.
class COROLLA_API ClientHandler {
 public:
  ClientHandler(const ClientCall& call, std::size_t index) noexcept : call_(&call), index_(index) {}
  /// Errors as Request::send's.
  [[nodiscard]] Coro<Response> operator()(RequestData& request) const;
  /// For the library.
  [[nodiscard]] const ClientCall& call() const noexcept { return *call_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

 private:
  const ClientCall* call_;
  std::size_t index_;
};

/// One for all requests of a session, also for those that are under way at the same time.
using ClientMiddleware = std::function<Coro<Response>(RequestData&, ClientHandler)>;

}  // namespace corolla::inline v0::http
