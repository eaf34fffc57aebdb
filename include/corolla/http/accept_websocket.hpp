// SPDX-License-Identifier: Apache-2.0
/// \file
/// accept_websocket: a server's handler answers a request by switching to WebSocket.
///
///     Coro<http::ServerResponse> echo(http::ServerRequest& request) {
///       auto ws = co_await http::accept_websocket(request);
///       for (;;) {
///         const auto message = co_await ws.receive();
///         if (message.ends()) break;
///         co_await ws.send_text(message.data);
///       }
///       co_return request.respond();                            // dropped: the request has been answered
///     }
///
/// Source: aiohttp's WebSocketResponse; RFC 6455, section 4.2. The connection lives as long as the handler, which closes the
/// WebSocket by close() or by letting it go. WebServer::close() tells open ones 1001: who receives sees the end then.
#pragma once

#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/http/websocket.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <functional>
#include <string_view>

namespace corolla::inline v0::http {

/// What a server's WebSocket may be told.
struct ServerWebSocketOptions : WebSocketOptions {
  ServerWebSocketOptions() { deflate.enabled = true; }
  /// Whether a page of this origin ("https://example.org") may connect; false is answered with 403. Asked where the request
  /// has an Origin field, as browsers' have: a cookie alone does not show that the user wants this. Without a hook the
  /// origin's host and port have to be those that the request was sent to.
  std::function<bool(std::string_view origin, const ServerRequest& request)> check_origin;
};

/// `co_await accept_websocket(request)`: checks the request, answers 101 and returns the WebSocket. The first of
/// options.protocols that the client knows is agreed on; none in common is no error. HttpError, which the handler lets pass:
/// 400 (no handshake), 403 (the origin), 405 (not GET), 426 (not version 13). RuntimeError when the request was upgraded
/// already, ValueError for options out of range.
[[nodiscard]] COROLLA_API Coro<WebSocket> accept_websocket(ServerRequest& request,
                                                           ServerWebSocketOptions options = ServerWebSocketOptions());

/// Whether a request asks to be one: an Upgrade field that lists "websocket".
[[nodiscard]] COROLLA_API bool is_websocket_request(const ServerRequest& request) noexcept;

}  // namespace corolla::inline v0::http
