// SPDX-License-Identifier: Apache-2.0
/// \file
/// serve and WebServer: a server of HTTP/1.1 and HTTP/2.
///
///     Coro<http::ServerResponse> hello(http::ServerRequest& request) {
///       co_return http::ServerResponse(200, "hello from " + std::string(request.path()) + "\n");
///     }
///
///     auto server = co_await http::serve(hello, "127.0.0.1", 8080);
///     co_await server.serve_forever();                               // until cancelled; then drains
///
/// Source: aiohttp's web.Server; RFC 9110, 9112 and 9113. The handler is called for each request, one
/// at a time per connection of HTTP/1.1, any number side by side. Kept alive, pipelined, chunked and "Expect:
/// 100-continue" requests are taken; what is not HTTP is answered with the right status and the connection closed. An
/// exception that leaves the handler is answered with its status (HttpError) or with 500, which the loop's exception
/// handler hears of. A client that goes away cancels the handler if WebServerOptions::handler_cancellation says so; else
/// that shows when the response is sent. Not thread safe.
#pragma once

#include <corolla/http/access_log.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/net/address.hpp>
#include <corolla/net/server.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/net/tls_context.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

class WebServerState;

/// Calls the handler for one request, which lives until the response is sent.
using RequestHandler = std::function<Coro<ServerResponse>(ServerRequest&)>;

/// Decides about a request with an Expect field before its handler is called: nothing lets it go on, a response is sent instead.
using ExpectHandler = std::function<Coro<std::optional<ServerResponse>>(ServerRequest&)>;

/// How to serve. All of a client's slowness has a limit.
struct WebServerOptions {
  WebServerOptions() {}
  /// Limits of a request's head and of its chunks: 414 and 431.
  ParserLimits parser;
  /// Most bytes of a request's body that a handler is given: 413.
  std::uint64_t max_body_bytes = std::uint64_t{1} << 20U;
  /// Undo Content-Encoding, as aiohttp does: handlers are given the body decoded, and max_body_bytes holds for that, too. An unknown
  /// coding is 415, a body that is not what it says 400. Fields and lengths stay what was sent.
  bool auto_decompress = true;
  /// From the first byte of a request (or from connecting, for the first one) until its head is complete: 408.
  std::chrono::nanoseconds header_timeout = std::chrono::seconds(10);
  /// How long a connection waits for its next request.
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds(75);
  /// Between two pieces of a request's body: 408.
  std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);
  /// How long the client may take for 256 KiB of a response, or for what is left of one.
  std::chrono::nanoseconds send_timeout = std::chrono::seconds(60);
  /// How long shutdown() waits for requests that are under way.
  std::chrono::nanoseconds shutdown_timeout = std::chrono::seconds(60);
  /// Requests on one connection, after which it is closed; 0: any number.
  std::size_t max_requests_per_connection = 0;
  /// Connections at a time; further ones wait in the kernel's queue. 0: as many as there are descriptors.
  std::size_t max_connections = 0;
  /// Length of that queue.
  int backlog = 1024;
  /// Several processes or loops may listen on the same port.
  bool reuse_port = false;
  /// A handler is cancelled when its client goes away while it runs, as aiohttp's web.run_app(handler_cancellation=True) does: at its
  /// next wait it gets CancelledError, what it cleans up is cleaned up, and the access log says 499. Gone is who closes or resets the
  /// connection or, in HTTP/2, the stream. A client of HTTP/1.1 that only shuts down its sending side counts as gone, too: the two
  /// cannot be told apart. One that sends more than 64 KiB ahead, of a body that is not read or of further requests, is not seen to
  /// go; while the handler reads the body, reading fails instead.
  bool handler_cancellation = false;
  /// aiohttp's expect_handler. Null: "100-continue" is taken, and any other expectation refused (417). "100 Continue" is sent when the
  /// handler first reads the body, so a response from here (413, 417, 401 …) saves the client from sending it. HttpError is
  /// answered with its status. Not called in HTTP/1.0, which knows no expectations.
  ExpectHandler expect_handler;
  /// A server's context: https.
  TlsContext ssl;
  /// Over TLS, HTTP/2 is offered besides HTTP/1.1, unless the context has ALPN protocols of its own.
  bool http2 = true;
  /// Without TLS, connections that begin with the preface of HTTP/2 (prior knowledge, "h2c") are served in HTTP/2.
  bool h2c = false;
  /// Requests at a time on one connection of HTTP/2; at least 1.
  std::uint32_t max_concurrent_streams = 100;
  /// What the Server field says; empty: no such field. HeaderInjection if it is no field value.
  std::string server_name = "corolla";
  /// Called after each response; null: no log.
  AccessLog access_log;
};

/// A running server. Movable; destroying it aborts: it stops listening and cancels the requests under way.
class COROLLA_API WebServer {
 public:
  WebServer(Server server, std::shared_ptr<WebServerState> state) noexcept;
  WebServer(WebServer&& other) noexcept;
  WebServer& operator=(WebServer&& other) noexcept;
  ~WebServer();

  /// Stops listening, closes idle connections and lets the others finish the request they are at. Idempotent.
  void close() noexcept;
  /// `co_await server.shutdown()`: close(), then waits until all connections are done; those that are not after
  /// shutdown_timeout are cut. Cancelled, it cuts them at once and goes on when their handlers have ended; cancelled again, without that.
  [[nodiscard]] Coro<void> shutdown();
  /// `co_await server.serve_forever()`: until the task is cancelled; then shuts down and goes on with the CancelledError.
  [[nodiscard]] Coro<void> serve_forever();

  [[nodiscard]] bool is_serving() const noexcept;
  /// Where it listens, with the ports that were given for port 0.
  [[nodiscard]] std::vector<SocketAddress> addresses() const;
  /// The port of the first address.
  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:8080/", from the first address; https with a TlsContext. Of a Unix socket the path: "unix:/run/web.sock".
  [[nodiscard]] std::string url() const;
  /// Connections open.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  Server server_;
  std::shared_ptr<WebServerState> state_;
};

/// serve for a type-erased handler.
[[nodiscard]] COROLLA_API Coro<WebServer> start_web_server(RequestHandler handler, std::string host, std::uint16_t port,
                                                           WebServerOptions options);
/// As above on given addresses, Unix paths included.
[[nodiscard]] COROLLA_API Coro<WebServer> start_web_server(RequestHandler handler, std::vector<SocketAddress> addresses,
                                                           WebServerOptions options);
/// As above on a bound stream socket, aiohttp's SockSite. ValueError unless it is one; OSError. A Unix socket's file stays.
[[nodiscard]] COROLLA_API Coro<WebServer> start_web_server(RequestHandler handler, Socket listening,
                                                           WebServerOptions options);

/// `co_await http::serve(handler, "127.0.0.1", 8080)` with handler(ServerRequest&) -> Coro<ServerResponse>. "" listens on
/// all interfaces, port 0 takes a free one. The handler is copied. gaierror, OSError (EADDRINUSE …).
template <class Handler>
  requires std::is_invocable_r_v<Coro<ServerResponse>, std::decay_t<Handler>&, ServerRequest&>
[[nodiscard]] Coro<WebServer> serve(Handler&& handler, std::string host, std::uint16_t port,
                                    WebServerOptions options = WebServerOptions()) {
  require_safe_closure<Handler>();
  return start_web_server(RequestHandler(std::forward<Handler>(handler)), std::move(host), port, std::move(options));
}
/// As above on given addresses, Unix paths included.
template <class Handler>
  requires std::is_invocable_r_v<Coro<ServerResponse>, std::decay_t<Handler>&, ServerRequest&>
[[nodiscard]] Coro<WebServer> serve(Handler&& handler, std::vector<SocketAddress> addresses,
                                    WebServerOptions options = WebServerOptions()) {
  require_safe_closure<Handler>();
  return start_web_server(RequestHandler(std::forward<Handler>(handler)), std::move(addresses), std::move(options));
}
/// As above on a bound stream socket: inherited (listen_fds), say, or with options of its own.
template <class Handler>
  requires std::is_invocable_r_v<Coro<ServerResponse>, std::decay_t<Handler>&, ServerRequest&>
[[nodiscard]] Coro<WebServer> serve(Handler&& handler, Socket listening,
                                    WebServerOptions options = WebServerOptions()) {
  require_safe_closure<Handler>();
  return start_web_server(RequestHandler(std::forward<Handler>(handler)), std::move(listening), std::move(options));
}

}  // namespace corolla::inline v0::http
