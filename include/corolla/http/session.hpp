// SPDX-License-Identifier: Apache-2.0
/// \file
/// Session: a client of HTTP/1.1 and HTTP/2 with a pool of connections.
///
///     http::Session session;
///     auto response = co_await session.get("http://example.org/").timeout(5s);
///     std::cout << co_await response.text();
///
/// Source: aiohttp's ClientSession. Connections are kept alive and shared by requests to the same host and port, within
/// limits; a request that finds no room waits its turn, in order, hosts in rotation. https is HTTP over TLS, its
/// certificates verified unless SessionOptions::ssl says otherwise. Redirects are followed, credentials stripped across
/// origins, of which http and https are two. A kept connection that turns out to be closed is replaced once, unseen, when the method is
/// idempotent. Cancelling a request closes its connection. Not thread safe; one loop.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/http/url.hpp>
#include <corolla/http/websocket.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

/// What a client's WebSocket may be told. Compression is off unless deflate.enabled is set, as in aiohttp.
struct ClientWebSocketOptions : WebSocketOptions {
  ClientWebSocketOptions() {}
  /// Further fields of the handshake: "Origin", "Authorization" …
  Headers headers;
  /// See Request::server_hostname; "": the URL's host.
  std::string server_hostname;
};

/// See the file's comment.
class COROLLA_API Session {
 public:
  explicit Session(const SessionOptions& options = SessionOptions());
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Closes idle connections at once; requests under way go on, and their connections close with the responses.
  ~Session();

  /// A request with any method; the URL may be relative to SessionOptions::base_url. InvalidUrl; ClientError for a scheme
  /// that is neither http nor https.
  Request request(std::string_view method, std::string_view url);
  Request request(std::string_view method, Url url);
  Request get(std::string_view url) { return request("GET", url); }
  Request get(Url url) { return request("GET", std::move(url)); }
  Request head(std::string_view url) { return request("HEAD", url); }
  Request post(std::string_view url) { return request("POST", url); }
  Request put(std::string_view url) { return request("PUT", url); }
  Request patch(std::string_view url) { return request("PATCH", url); }
  Request delete_(std::string_view url) { return request("DELETE", url); }
  Request options(std::string_view url) { return request("OPTIONS", url); }

  /// `co_await session.ws_connect("wss://example.org/feed")`: a WebSocket, asked for by a GET request like any other of this
  /// session: cookies, credentials, redirects and time-outs until the answer are its. The connection leaves the pool for good.
  /// WSServerHandshakeError when the server does not agree, ValueError for options out of range, errors as a request's.
  [[nodiscard]] Coro<WebSocket> ws_connect(std::string url, ClientWebSocketOptions options = ClientWebSocketOptions());

  /// Waits until the requests under way have their responses' heads, and closes. New ones are RuntimeError.
  Coro<void> close();

  /// The session's cookies.
  [[nodiscard]] CookieJar& cookie_jar() noexcept;

  /// Connections in use, and connections kept for the next request.
  [[nodiscard]] std::size_t connections_in_use() const noexcept;
  [[nodiscard]] std::size_t connections_idle() const noexcept;

 private:
  std::shared_ptr<SessionState> private_;
};

}  // namespace corolla::inline v0::http
