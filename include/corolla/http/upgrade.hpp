// SPDX-License-Identifier: Apache-2.0
/// \file
/// upgrade and accept_connect: a handler takes its connection over, for another protocol or as a tunnel.
///
///     Coro<http::ServerResponse> shout(http::ServerRequest& request) {
///       ByteStream stream = co_await http::upgrade(request, "shout");
///       for (;;) {
///         const std::string_view bytes = co_await stream.receive();
///         if (bytes.empty()) break;
///         co_await stream.send_all(upper(bytes));
///         stream.consume(bytes.size());
///       }
///       stream.close();
///       co_return request.respond();                            // dropped: the request has been answered
///     }
///
/// Source: RFC 9110, sections 7.8 (Upgrade) and 9.3.6 (CONNECT); RFC 9113, section 8.5 (CONNECT in HTTP/2); node's "upgrade" and
/// "connect" events. The stream is the handler's: what the client sent behind its head is the first thing it receives, it has no
/// deadline, and its end ends with the handler: close() sends what is left first, letting it go aborts. What the handler returns is
/// dropped, what it throws is reported. handler_cancellation does not reach it any more: its stream tells that the client is gone.
/// WebServer::close() leaves it alone; shutdown() waits for it, and cuts it after shutdown_timeout.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <string>

namespace corolla::inline v0::http {

/// `co_await upgrade(request, "protocol")`: answers 101 with Upgrade, Connection and `fields`. The client has to have named the
/// protocol in its Upgrade field ("name" or "name/version", whatever its case). HttpError, which the handler lets pass: 426 when it did
/// not, with the protocol in an Upgrade field; 400 in HTTP/1.0 and HTTP/2, which know no upgrade, and for a body that the handler
/// has not read. RuntimeError when the request was answered already; HeaderInjection. accept_websocket is for WebSockets.
[[nodiscard]] COROLLA_API Coro<ByteStream> upgrade(ServerRequest& request, std::string protocol,
                                                   Headers fields = Headers());

/// Where a CONNECT wants to go.
struct ConnectTarget {
  std::string host;  ///< a name in ASCII or a numeric address, without brackets
  std::uint16_t port = 0;
};
/// The target of a CONNECT, "host:port". HttpError: 405 for another method, 400 for a target that is none.
[[nodiscard]] COROLLA_API ConnectTarget connect_target(const ServerRequest& request);

/// `co_await accept_connect(request)`: answers a CONNECT with 200 and `fields`; the tunnel, a connection of HTTP/1 or a stream of
/// HTTP/2, is the stream returned. A handler that refuses returns a response as usual (403, 407, 502 …). HttpError (405, with
/// Allow) for another method; RuntimeError when the request was answered already. In an Application CONNECT is a method of the path
/// "/": `app.add_route("CONNECT", "/", handler)`.
[[nodiscard]] COROLLA_API Coro<ByteStream> accept_connect(ServerRequest& request, Headers fields = Headers());

}  // namespace corolla::inline v0::http
