// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerRequest: a request as a server's handler sees it.
///
/// Source: aiohttp's web.Request. The head is there; the body is read by read() or chunk(), or left: what the handler does
/// not read is skipped, or the connection is closed after the response where that would be too much. The object belongs to
/// its connection and lives until the response is sent; the handler must not keep it. Not thread safe.
///
/// In an Application it knows its route besides: match_info, app, and what middlewares leave for handlers.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/http/state_key.hpp>
#include <corolla/net/address.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace corolla::inline v0 {
class TlsConnection;
}

namespace corolla::inline v0::http {

class Application;
class FormData;
class MultipartReader;
class RequestContext;
class ServerExchange;
class ServerResponse;
struct FormOptions;
struct MultipartLimits;

/// See the file's comment.
class COROLLA_API ServerRequest {
 public:
  explicit ServerRequest(ServerExchange& exchange) noexcept;
  ServerRequest(const ServerRequest&) = delete;
  ServerRequest& operator=(const ServerRequest&) = delete;
  ~ServerRequest();

  /// "GET", "HEAD" …, in upper case.
  [[nodiscard]] const std::string& method() const noexcept;
  /// The target as it was sent: "/a%20b?c=d", "*", "http://host/a" or "host:443".
  [[nodiscard]] const std::string& target() const noexcept;
  /// The target's path, still encoded; "/" where the target is a bare authority, "*" for OPTIONS *.
  [[nodiscard]] std::string_view path() const noexcept;
  /// What follows the first '?', still encoded; "" without one.
  [[nodiscard]] std::string_view query() const noexcept;
  /// The first value of this name in the query, decoded ('+' is a space); nothing without one.
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
  /// All of them.
  [[nodiscard]] std::vector<std::string> query_all(std::string_view name) const;
  /// The authority of the target, or else the Host field, as it was sent; "" in HTTP/1.0 without either. What trusted proxies say,
  /// behind the middleware forwarded().
  [[nodiscard]] std::string_view host() const noexcept;
  [[nodiscard]] HttpVersion version() const noexcept;
  [[nodiscard]] const Headers& headers() const noexcept;
  /// The first cookie of this name, as it was sent; nothing without one. Clients send the one with the longest path first.
  [[nodiscard]] std::optional<std::string> cookie(std::string_view name) const;
  /// All of them, in order: names and values.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> cookies() const;
  /// Content-Length; nullopt when there is no body or it is chunked.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;
  /// A body was announced, of a length above zero or chunked.
  [[nodiscard]] bool has_body() const noexcept;
  /// The other end of the connection.
  [[nodiscard]] SocketAddress peername() const;
  /// What the connection knows of its TLS, the client's certificate too where WebServerOptions::ssl asks for one; null without TLS. It lives
  /// until the response is sent. A proxy in front keeps all that to itself.
  [[nodiscard]] const TlsConnection* tls() const noexcept;
  /// The client's address, peername()'s unless the middleware forwarded() found another one: then as the proxy wrote it, which need
  /// not be numeric ("unknown", "_hidden").
  [[nodiscard]] std::string remote() const;
  /// "http" or "https": the connection's, or what forwarded() found.
  [[nodiscard]] std::string_view scheme() const noexcept;

  /// `co_await request.chunk()`: the next piece of the body, empty at its end; borrowed until the next call. The first call
  /// answers "Expect: 100-continue". HttpError (413, above the limit; 408, nothing came in time), HttpProtocolError (not
  /// HTTP), ClientPayloadError (the client is gone), OSError: a handler lets them pass, the right answer follows.
  [[nodiscard]] Coro<std::string_view> chunk();
  /// The rest of the body in one string. Errors as chunk().
  [[nodiscard]] Coro<std::string> read();
  /// The fields behind the body, once it was read to its end; never merged into headers(). Those that must not stand there (framing,
  /// routing, credentials …) are left out.
  [[nodiscard]] const Headers& trailers() const noexcept;
  /// The rest of the body as a JSON document; <nlohmann/json.hpp> is for the caller to include. HttpError: 415 when the client
  /// does not say that it is JSON, unless `any_content_type`; 400 when it is none. Errors as chunk().
  [[nodiscard]] Coro<nlohmann::json> json(bool any_content_type = false);
  /// The body as a form; form_data.hpp is for the caller to include. HttpError: 415 when it is none, 400 when it is malformed, 413 above
  /// a limit. Errors as chunk(); OSError when a file cannot be kept.
  [[nodiscard]] Coro<FormData> post();
  [[nodiscard]] Coro<FormData> post(const FormOptions& options);
  /// The body as multipart, part by part; multipart_reader.hpp is for the caller to include. HttpError (400) when it is none.
  [[nodiscard]] MultipartReader multipart();
  [[nodiscard]] MultipartReader multipart(const MultipartLimits& limits);
  /// Replaces the server's max_body_bytes for this request; before the first chunk().
  void set_max_body_bytes(std::uint64_t bytes) noexcept;

  /// An empty response that uses the storage of an earlier one: with it a connection that is warm allocates nothing.
  [[nodiscard]] ServerResponse respond(int status = 200);

  // -- in an Application; without one they throw RuntimeError

  /// A parameter of the route's path, decoded. It may hold any byte, an encoded slash too; a {path*} keeps "%2F" as it is.
  /// Borrowed from the request. LookupError when the route has none of this name.
  [[nodiscard]] std::string_view match_info(std::string_view name) const;
  /// The parameter as an integer or a string. HttpError (404) when it is no integer, or not one of this type.
  template <class T>
  [[nodiscard]] T match(std::string_view name) const {
    static_assert(!std::same_as<T, bool> && (std::integral<T> || std::is_constructible_v<T, std::string_view>));
    if constexpr (std::signed_integral<T>) {
      return static_cast<T>(match_signed(name, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<T>(match_unsigned(name, std::numeric_limits<T>::max()));
    } else {
      return T(match_info(name));
    }
  }
  /// The pattern of the route, with the prefixes of sub-applications: "/admin/users/{id}"; "" where there is none (404, 405).
  [[nodiscard]] std::string_view route_pattern() const;
  /// The name of the route, "" without one.
  [[nodiscard]] std::string_view route_name() const;
  /// The innermost application that the request was given to.
  [[nodiscard]] Application app() const;
  /// What that application, or one around it, keeps under the key: aiohttp's config_dict. LookupError.
  template <class T>
  [[nodiscard]] T& config(const AppKey<T>& key) const {
    return config_state(&key).get(key);
  }
  /// Keeps a value until the response is sent, for the handler behind a middleware, say.
  template <class T>
  T& set(const RequestKey<T>& key, T value) {
    return state().set(key, std::move(value));
  }
  /// Null when there is none.
  template <class T>
  [[nodiscard]] T* find(const RequestKey<T>& key) const {
    return state().find(key);
  }
  /// LookupError when there is none.
  template <class T>
  [[nodiscard]] T& get(const RequestKey<T>& key) const {
    return state().get(key);
  }

  /// For the library: what it belongs to.
  [[nodiscard]] ServerExchange& exchange() noexcept { return exchange_; }

 private:
  friend class RequestContext;
  [[nodiscard]] std::int64_t match_signed(std::string_view name, std::int64_t least, std::int64_t most) const;
  [[nodiscard]] std::uint64_t match_unsigned(std::string_view name, std::uint64_t most) const;
  [[nodiscard]] KeyedState& state() const;
  [[nodiscard]] KeyedState& config_state(const void* key) const;

  ServerExchange& exchange_;
  std::unique_ptr<RequestContext> context_;  // once an Application was here; then its storage is kept
};

}  // namespace corolla::inline v0::http
