// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerRequest: a request as a server's handler sees it.
///
/// Source: aiohttp's web.Request. The head is there; the body is read by read() or chunk(), or left: what the handler does
/// not read is skipped, or the connection is closed after the response where that would be too much. The object belongs to
/// its connection and lives until the response is sent; the handler must not keep it. Not thread safe.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/net/address.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

class ServerConnection;
class ServerResponse;

/// See the file's comment.
class COROLLA_API ServerRequest {
 public:
  explicit ServerRequest(ServerConnection& connection) noexcept : connection_(connection) {}
  ServerRequest(const ServerRequest&) = delete;
  ServerRequest& operator=(const ServerRequest&) = delete;

  /// "GET", "HEAD" …, in upper case.
  [[nodiscard]] const std::string& method() const noexcept;
  /// The target as it was sent: "/a%20b?c=d", "*", "http://host/a" or "host:443".
  [[nodiscard]] const std::string& target() const noexcept;
  /// The target's path, still encoded; "/" where the target is a bare authority, "*" for OPTIONS *.
  [[nodiscard]] std::string_view path() const noexcept;
  /// What follows the first '?', still encoded; "" without one.
  [[nodiscard]] std::string_view query() const noexcept;
  /// The authority of the target, or else the Host field, as it was sent; "" in HTTP/1.0 without either.
  [[nodiscard]] std::string_view host() const noexcept;
  [[nodiscard]] HttpVersion version() const noexcept;
  [[nodiscard]] const Headers& headers() const noexcept;
  /// Content-Length; nullopt when there is no body or it is chunked.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;
  /// A body was announced, of a length above zero or chunked.
  [[nodiscard]] bool has_body() const noexcept;
  /// The other end of the connection.
  [[nodiscard]] SocketAddress peername() const;

  /// `co_await request.chunk()`: the next piece of the body, empty at its end; borrowed until the next call. The first call
  /// answers "Expect: 100-continue". HttpError (413, above the limit; 408, nothing came in time), HttpProtocolError (not
  /// HTTP), ClientPayloadError (the client is gone), OSError: a handler lets them pass, the right answer follows.
  [[nodiscard]] Coro<std::string_view> chunk();
  /// The rest of the body in one string. Errors as chunk().
  [[nodiscard]] Coro<std::string> read();
  /// Replaces the server's max_body_bytes for this request; before the first chunk().
  void set_max_body_bytes(std::uint64_t bytes) noexcept;

  /// An empty response that uses the storage of an earlier one: with it a connection that is warm allocates nothing.
  [[nodiscard]] ServerResponse respond(int status = 200);

 private:
  ServerConnection& connection_;
};

}  // namespace corolla::inline v0::http
