// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_call.hpp"

#include <corolla/http/cache.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/wait_for.hpp>

#include "http/client/exchange.hpp"
#include "http/client/middleware/hsts.hpp"
#include "http/client/response_state.hpp"

#include <utility>

namespace corolla::inline v0::http {

namespace {

// A large body leaves while the answer is read, from a copy: a middleware may want to see it again.
Coro<Response> exchange_behind_middlewares(SessionState& session, RequestData& request) {
  std::string body;
  const bool apart = request.sends_body_apart();
  if (apart) {
    body = request.body;
    request.move_body_apart();
  }
  auto exchanging = http::exchange(session, request);
  auto result = co_await outcome(std::move(exchanging));
  if (apart) {
    request.source.reset();
    request.body = std::move(body);
  }
  Response response(std::move(result).value());
  co_return response;
}

}  // namespace

Coro<Response> ClientHandler::operator()(RequestData& request) const {
  if (index_ < call_->middlewares.size()) return call_->middlewares[index_](request, ClientHandler(*call_, index_ + 1));
  return exchange_behind_middlewares(call_->session, request);
}

std::vector<ClientMiddleware> middlewares_of(const SessionState& session, const RequestExtras* extras) {
  std::vector<ClientMiddleware> all =
      extras && extras->middlewares ? *extras->middlewares : session.options.middlewares;
  if (extras && extras->retry) all.push_back(*extras->retry);
  else if (session.retry) all.push_back(session.retry);
  if (session.options.hsts) all.push_back(remember_https(session.options.hsts, session.options.ssl));
  if (extras && extras->digest) all.push_back(*extras->digest);
  if (session.options.cache) all.push_back(session.options.cache->middleware());
  if (session.rate_limit) all.push_back(session.rate_limit);
  return all;
}

Coro<Response> call_middlewares(SessionState& session, const std::vector<ClientMiddleware>& middlewares,
                                RequestData& request) {
  const ClientCall call{session, middlewares};
  std::optional<std::chrono::nanoseconds> left;
  if (request.deadline) left = *request.deadline - get_running_loop().time();
  auto calling = wait_for(ClientHandler(call, 0)(request), left);
  auto result = co_await outcome(std::move(calling));
  if (result) {
    Response response = std::move(*result);
    co_return response;
  }
  try {
    std::rethrow_exception(result.error());
  } catch (const TimeoutError&) {
    const Deadlines deadlines(request);
    if (deadlines.total && get_running_loop().time() >= *deadlines.total) deadlines.throw_passed();
    throw;
  }
}

}  // namespace corolla::inline v0::http
