// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a client is answered when a handler gives up by HttpError.
#pragma once

#include <corolla/http/server_response.hpp>

namespace corolla::inline v0::http {

/// The page of the error's status, with the error's own fields.
[[nodiscard]] ServerResponse error_response(const HttpError& error);

}  // namespace corolla::inline v0::http
