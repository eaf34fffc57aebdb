// SPDX-License-Identifier: Apache-2.0
/// \file
/// Redirects: where they lead and what changes in the request on the way. Source: RFC 9110, section 15.4.
#pragma once

#include <corolla/http/request.hpp>
#include <corolla/http/url.hpp>

#include "http/client/response_state.hpp"

#include <optional>

namespace corolla::inline v0::http {

/// The target of a redirect: a 301, 302, 303, 307 or 308 with a usable Location. Its fragment, or the old one.
[[nodiscard]] std::optional<Url> redirect_target(const ResponseHead& head, const Url& from);

/// Turns the request into the one for the next hop. ClientError when the target's scheme is not http.
void prepare_redirect(RequestData& request, int status, Url target);

/// Reads what is left of a body if that is little, so that the connection can be used again; else closes it.
Coro<void> discard_body(ResponseState& state);

}  // namespace corolla::inline v0::http
