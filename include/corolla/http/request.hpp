// SPDX-License-Identifier: Apache-2.0
/// \file
/// A request on its way to be sent: what session.get(url) returns.
///
///     auto response = co_await session.get(url).header("Accept", "text/html").timeout(5s);
///
/// Nothing happens before it is awaited (or send() is). Each setter gives the request back, so they chain.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/http/client_options.hpp>
#include <corolla/http/compression.hpp>
#include <corolla/http/digest_auth.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/response.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/coro.hpp>

#include <any>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace corolla::inline v0 {
template <class T>
class AsyncGenerator;
}

namespace corolla::inline v0::http {

struct BodySource;
class Multipart;
struct Proxy;
class RequestTrace;
class SessionState;

/// What few requests have of their own.
struct RequestExtras {
  RequestExtras() {}
  std::optional<std::vector<ClientMiddleware>> middlewares;  ///< in place of the session's
  std::optional<ClientMiddleware> retry;                     ///< in place of the session's
  std::optional<ClientMiddleware> digest;
  std::vector<Fingerprint> fingerprints;  ///< in place of the session's, unless there are none
  std::string server_hostname;            ///< whom an https server has to be; "": the URL's host
  std::function<Headers()> trailers;      ///< null: none
  std::optional<ContentCoding> compress;  ///< the body's, while it is sent
  std::any trace_context;
};

/// What a request consists of; what a ClientMiddleware is given.
struct RequestData {
  RequestData(std::string_view request_method, Url request_url) : method(request_method), url(std::move(request_url)) {}
  std::string method;
  Url url;
  Headers headers;
  std::string body;
  std::shared_ptr<BodySource> source;  // of a body that does not stand in `body`
  bool expect_continue = false;
  std::shared_ptr<const Proxy> proxy;                   // null: by the session's rules
  std::shared_ptr<RequestExtras> extras;                // null: none
  std::shared_ptr<RequestTrace> trace;                  // null: nobody watches
  std::shared_ptr<const ResponseCheck> check_response;  // null: none
  ClientTimeout timeout;
  unsigned max_redirects = 10;
  std::uint64_t max_body_bytes = 0;
  bool allow_redirects = true;
  bool raise_for_status = false;
  /// A redirect led away from the origin that was asked first: the session's credentials stay behind.
  bool crossed_origins = false;
  /// Without credentials it gets those of .netrc, where the session has one.
  bool asks_netrc = true;
  /// When it must be over, body included; set when it is sent.
  std::optional<std::chrono::steady_clock::time_point> deadline;

  /// The body can be sent again.
  [[nodiscard]] COROLLA_API bool repeatable() const noexcept;
  /// The body is sent while the answer is read: a server may answer before it has all of a larger one.
  [[nodiscard]] bool sends_body_apart() const noexcept {
    constexpr std::size_t kLargeBody = std::size_t{64} * 1024;
    return !source &&
           (body.size() > kLargeBody || ((expect_continue || compressed()) && !body.empty()) || has_trailers());
  }
  /// Empty: the URL's host.
  [[nodiscard]] std::string_view server_hostname() const noexcept {
    return extras ? std::string_view(extras->server_hostname) : std::string_view();
  }
  [[nodiscard]] bool compressed() const noexcept { return extras && extras->compress; }
  [[nodiscard]] bool has_trailers() const noexcept { return extras && extras->trailers; }
  /// In HTTP/1.1 the body goes in chunks: its length is not known (as when it is compressed), or fields follow it.
  [[nodiscard]] bool in_chunks() const noexcept;
  /// Makes `body` the `source`.
  COROLLA_API void move_body_apart();
};

/// See the file's comment. It may outlive its Session.
class [[nodiscard("a request is sent when it is awaited")]] Request {
 public:
  Request(std::shared_ptr<SessionState> session, RequestData data) noexcept
      : session_(std::move(session)), data_(std::move(data)) {}
  Request(Request&&) noexcept = default;
  /// `request = std::move(request).header(…)` leaves the request what it is.
  Request& operator=(Request&& other) noexcept {
    if (this != &other) {
      session_ = std::move(other.session_);
      data_ = std::move(other.data_);
    }
    return *this;
  }
  ~Request() = default;

  /// Sets a header field, over the session's and over an earlier one. HeaderInjection.
  Request&& header(std::string_view name, std::string_view value) && {
    data_.headers.set(name, value);
    return std::move(*this);
  }
  /// Adds "name=value" to the URL's query, percent-encoded.
  COROLLA_API Request&& query(std::string_view name, std::string_view value) &&;
  template <std::integral Integer>
  Request&& query(std::string_view name, Integer value) && {
    return std::move(*this).query(name, std::string_view(std::to_string(value)));
  }
  /// A cookie for this request and its redirects within the origin, beside those of the session's jar and instead of one
  /// with the same name. HeaderInjection.
  COROLLA_API Request&& cookie(std::string_view name, std::string_view value) &&;
  /// Authorization: Basic. ValueError for a ':' in the user's name. Goes nowhere but to this origin.
  COROLLA_API Request&& basic_auth(std::string_view user, std::string_view password) &&;
  /// Authorization: Bearer. Goes nowhere but to this origin.
  COROLLA_API Request&& bearer_auth(std::string_view token) &&;
  /// A user's name and password, proved to this origin when it asks.
  Request&& digest_auth(const DigestAuth& auth) && {
    extras().digest = auth.middleware();
    return std::move(*this);
  }
  /// The certificate, or the key, that an https server must show, in place of the session's.
  Request&& fingerprint(const Fingerprint& wanted) && {
    extras().fingerprints = {wanted};
    return std::move(*this);
  }
  /// Asks an https server for this name's certificate (SNI) and accepts no other one's, in place of the URL's host: for a server reached
  /// by its address, or by another name. aiohttp's server_hostname. The Host field stays the URL's; such a request has connections
  /// of its own, says nothing about the URL's origin (HSTS, Alt-Svc, the cache), and redirects to other origins are asked for by their own names.
  /// ValueError for an empty name; one that TLS refuses ends the request with it. Without TLS it means nothing.
  COROLLA_API Request&& server_hostname(std::string name) &&;
  /// A JSON document as the body, and its Content-Type.
  COROLLA_API Request&& json(const nlohmann::json& document) &&;
  /// Adds a field to the form that is the body: application/x-www-form-urlencoded.
  COROLLA_API Request&& form(std::string_view name, std::string_view value) &&;
  /// The body, as it is; Content-Length is set.
  Request&& body(std::string bytes) && {
    data_.body = std::move(bytes);
    return std::move(*this);
  }
  /// The body piece by piece, as the generator gives it: in chunks, or as it is when its `size` is known. What the
  /// generator throws ends the request and comes out of it; ValueError when the size was wrong. The server's answer is read
  /// meanwhile. It cannot be sent twice: a redirect that asks for that is a ClientError.
  COROLLA_API Request&& body(AsyncGenerator<std::string> pieces, std::optional<std::uint64_t> size = std::nullopt) &&;
  /// Fields that follow the body (RFC 9110, section 6.5), asked for once its last piece was sent: each time, if it is sent again. The
  /// body goes in chunks then, whatever its length; a "Trailer" field lets the server expect them. A field that must not stand there
  /// (framing, routing, credentials …) ends the request with ValueError.
  Request&& trailers(std::function<Headers()> make) && {
    extras().trailers = std::move(make);
    return std::move(*this);
  }
  /// A form with files as the body. OSError when one of them is not there.
  COROLLA_API Request&& multipart(Multipart form) &&;
  /// Encodes the body while it is sent, whatever it is, and says so in Content-Encoding: aiohttp's compress. "gzip", "deflate",
  /// "br" or "zstd"; ValueError for another one, and when the request is sent with a Content-Encoding of its own. Its length is not
  /// told; middlewares see it as it was. A request without a body stays what it is.
  COROLLA_API Request&& compress(std::string_view coding) &&;
  /// Sends the head first and the body when the server says 100 (Continue), or nothing for a second.
  Request&& expect_continue() && {
    data_.expect_continue = true;
    return std::move(*this);
  }
  /// The time for the whole request, body included.
  Request&& timeout(std::chrono::nanoseconds total) && {
    data_.timeout.total = total;
    return std::move(*this);
  }
  Request&& timeout(const ClientTimeout& timeout) && {
    data_.timeout = timeout;
    return std::move(*this);
  }
  /// Through this proxy, whatever the session's rules are. ValueError for a URL that is no proxy's.
  COROLLA_API Request&& proxy(const Url& url) &&;
  /// False: a redirect is returned as it is.
  Request&& allow_redirects(bool allow) && {
    data_.allow_redirects = allow;
    return std::move(*this);
  }
  Request&& max_redirects(unsigned count) && {
    data_.max_redirects = count;
    return std::move(*this);
  }
  Request&& max_body_bytes(std::uint64_t bytes) && {
    data_.max_body_bytes = bytes;
    return std::move(*this);
  }
  Request&& raise_for_status(bool raise = true) && {
    data_.raise_for_status = raise;
    return std::move(*this);
  }
  /// What SessionOptions::check_response is, in its place; null: nothing is.
  COROLLA_API Request&& check_response(ResponseCheck check) &&;

  /// Other middlewares than the session's; none, too.
  Request&& middlewares(std::vector<ClientMiddleware> list) && {
    extras().middlewares = std::move(list);
    return std::move(*this);
  }
  /// Another policy than the session's; RetryPolicy(1): it is sent once. ValueError.
  Request&& retry(const RetryPolicy& policy) && {
    extras().retry = http::retry(policy);
    return std::move(*this);
  }

  /// What the hooks of SessionOptions::trace_configs are given with this request.
  Request&& trace_context(std::any context) && {
    extras().trace_context = std::move(context);
    return std::move(*this);
  }

  /// The coroutine that sends it and returns once the response's head is there; for create_task and gather.
  [[nodiscard]] COROLLA_API Coro<Response> send() &&;
  CoroAwaiter<Response> operator co_await() && { return std::move(*this).send().operator co_await(); }

 private:
  COROLLA_API RequestExtras& extras();

  std::shared_ptr<SessionState> session_;
  RequestData data_;
};

}  // namespace corolla::inline v0::http
