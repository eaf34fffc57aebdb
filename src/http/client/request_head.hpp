// SPDX-License-Identifier: Apache-2.0
/// \file
/// The head of a request as it stands on the wire.
#pragma once

#include <corolla/http/alt_svc.hpp>
#include <corolla/http/client_options.hpp>
#include <corolla/http/request.hpp>

#include "http/client/session_state.hpp"

#include <string>

namespace corolla::inline v0::http {

/// What a session's requests have in common, written once: the fields of those that name none themselves.
[[nodiscard]] std::string make_default_fields(const SessionOptions& options);
/// The fields that a request carries to the server, cookies and credentials among them; not those about its body.
[[nodiscard]] Headers fields_as_sent(const SessionState& session, const RequestData& request);
/// The request line and all fields, in place of what `out` held; with `forwarder` for a proxy that passes the request on, with
/// `alternative` for such a service of the origin's.
void write_request_head(std::string& out, const SessionState& session, const RequestData& request,
                        const Proxy* forwarder, const AltService* alternative);

}  // namespace corolla::inline v0::http
