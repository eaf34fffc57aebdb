// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an access log is told about each request. Pure functions, safe from any thread.
///
/// Source: the Common Log Format of the NCSA and Apache httpd. Other formats: access_log_format.hpp.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// One request that was answered. The texts are borrowed during the call, and are as the client sent them: escape them.
struct AccessRecord {
  AccessRecord() {}
  std::string_view remote;  ///< the client's address without its port; or what a trusted proxy says (forwarded.hpp)
  std::string_view method;  ///< empty, as the target is, when the request was not understood
  std::string_view target;
  HttpVersion version = HttpVersion::kHttp11;
  int status = 0;
  std::uint64_t body_bytes = 0;  ///< of the response's body, those that were sent
  const Headers* request_headers = nullptr;
  /// As the handler and the middlewares left them, compression's included; what the server adds while it sends (Date, Server,
  /// Content-Length, Connection) is not among them.
  const Headers* response_headers = nullptr;
  std::chrono::sys_seconds time;         ///< when the request's head was complete
  std::chrono::nanoseconds duration{0};  ///< from then until the response was sent
};

using AccessLog = std::function<void(const AccessRecord&)>;

/// Appends `127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.1" 200 2326` and a line feed. Times are UTC. Quotes,
/// backslashes and bytes that are not printable ASCII are escaped (\xHH), so that a request is always one line.
COROLLA_API void append_common_log(std::string& out, const AccessRecord& record);

}  // namespace corolla::inline v0::http
