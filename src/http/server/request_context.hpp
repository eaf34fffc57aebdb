// SPDX-License-Identifier: Apache-2.0
/// \file
/// RequestContext: what an Application knows of a request. Made for the first request of a connection, used again by the next.
#pragma once

#include <corolla/http/server_request.hpp>
#include <corolla/http/state_key.hpp>

#include "http/server/request_path.hpp"
#include "http/server/router.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

class ApplicationState;

/// Where a request came from, as far as trusted proxies say something else than the connection. Empty: they do not.
struct RequestOrigin {
  std::string remote;
  std::string scheme;
  std::string host;
};

class RequestContext {
 public:
  /// The request's context, empty; RuntimeError when an Application has it already.
  [[nodiscard]] static RequestContext& begin(ServerRequest& request);
  /// RuntimeError when the request is with no Application.
  [[nodiscard]] static RequestContext& of(const ServerRequest& request);
  /// The response was sent: drops what was kept for the request.
  static void end(ServerRequest& request) noexcept;

  /// Null before an Application was here.
  [[nodiscard]] static const RequestOrigin* origin_of(const ServerRequest& request) noexcept;

  [[nodiscard]] std::string_view value(std::string_view name) const;

  /// The innermost; it lives as long as the outermost, which the server's handler owns.
  ApplicationState* application = nullptr;
  RequestPath path;
  RouteMatch match;
  KeyedState keyed;
  RequestOrigin origin;
};

}  // namespace corolla::inline v0::http
