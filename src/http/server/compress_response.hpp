// SPDX-License-Identifier: Apache-2.0
/// \file
/// The compression that a handler enabled, applied before the head is written.
#pragma once

#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>

namespace corolla::inline v0::http {

/// Replaces the body by a compressed one, or one that will be compressed while it is sent, where both ends want it; sets the
/// fields that go with it. A response that did not enable compression is left alone.
void compress_response(const ServerRequest& request, ServerResponse& response);

}  // namespace corolla::inline v0::http
