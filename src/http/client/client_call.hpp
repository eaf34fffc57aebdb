// SPDX-License-Identifier: Apache-2.0
/// \file
/// ClientCall: one hop of a request on its way through the middlewares.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/runtime/coro.hpp>

#include "http/client/session_state.hpp"

#include <vector>

namespace corolla::inline v0::http {

/// Outlives the middlewares that it is passed through.
struct ClientCall {
  SessionState& session;
  const std::vector<ClientMiddleware>& middlewares;
};

/// The middlewares of requests with these options, outermost first; `extras` may be null.
[[nodiscard]] std::vector<ClientMiddleware> middlewares_of(const SessionState& session, const RequestExtras* extras);

/// Passes the request through the middlewares, within the time it has.
[[nodiscard]] Coro<Response> call_middlewares(SessionState& session, const std::vector<ClientMiddleware>& middlewares,
                                              RequestData& request);

}  // namespace corolla::inline v0::http
