// SPDX-License-Identifier: Apache-2.0
/// \file
/// One request and one response head on one connection.
#pragma once

#include <corolla/http/request.hpp>
#include <corolla/runtime/coro.hpp>

#include "http/client/response_state.hpp"
#include "http/client/session_state.hpp"

#include <memory>

namespace corolla::inline v0::http {

/// Gets a connection, sends the request, reads the head. A kept connection that the server closed meanwhile is replaced
/// once by a new one, if the method is idempotent and not a byte of a response came.
[[nodiscard]] Coro<std::unique_ptr<ResponseState>> exchange(SessionState& session, const RequestData& request);

}  // namespace corolla::inline v0::http
