// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which fields may follow a body (RFC 9110, section 6.5.1).
#pragma once

#include <corolla/http/headers.hpp>

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// ValueError for a field that has to be known before the body: it frames or routes the message, proves who sent it, or says how to
/// treat it.
void require_trailer(std::string_view name);
/// Drops such fields from what a peer sent.
void drop_forbidden_trailers(Headers& trailers);
/// The last chunk of a body, and what follows it (RFC 9112, section 7.1).
[[nodiscard]] std::string last_chunk(const Headers& trailers);

}  // namespace corolla::inline v0::http
