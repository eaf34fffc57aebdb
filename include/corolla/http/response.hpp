// SPDX-License-Identifier: Apache-2.0
/// \file
/// The answer to a request: its head, and its body as a stream.
///
/// Source: aiohttp's ClientResponse. The head is there; the body is read by read(), text() or chunk(). Once the body was
/// read to its end the connection goes back to the session's pool; a Response destroyed before that closes it, and so
/// does an error. One task reads at a time. Not thread safe. It may outlive its Session.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace corolla::inline v0::http {

class MultipartReader;
class ResponseState;
struct ContentDisposition;
struct Link;
struct MultipartLimits;

/// See the file's comment.
class COROLLA_API Response {
 public:
  explicit Response(std::unique_ptr<ResponseState> state) noexcept;
  /// A response that no server gave: what a middleware answers by itself, or a test. `body` is as decoded.
  Response(int status, Headers headers, std::string body, Url url);
  Response(Response&&) noexcept;
  Response& operator=(Response&&) noexcept;
  ~Response();

  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] const std::string& reason() const noexcept;
  [[nodiscard]] HttpVersion version() const noexcept;
  [[nodiscard]] const Headers& headers() const noexcept;
  /// Where the response came from: after redirects, the last one's target.
  [[nodiscard]] const Url& url() const noexcept;
  /// The URLs that redirected, in order.
  [[nodiscard]] const std::vector<Url>& history() const noexcept;
  /// How often the request was sent: above 1 after retries (of the last hop).
  [[nodiscard]] unsigned attempts() const noexcept;
  /// No body came from the server, but from SessionOptions::cache.
  [[nodiscard]] bool from_cache() const noexcept;
  /// The status is below 400.
  [[nodiscard]] bool ok() const noexcept { return status() < 400; }
  /// Throws ClientResponseError unless ok().
  void raise_for_status() const;
  /// Content-Length, the size before decoding; nullopt when it was not announced.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;
  /// The charset parameter of Content-Type, "" without one.
  [[nodiscard]] std::string charset() const;

  /// What the Link fields say, in order, relative to url(); the first 256. link.hpp is for the caller to include.
  [[nodiscard]] std::vector<Link> links() const;
  /// The first link with this relation ("next") of the response itself, not of another anchor.
  [[nodiscard]] std::optional<Link> link(std::string_view rel) const;
  /// Nothing without such a field. content_disposition.hpp is for the caller to include.
  [[nodiscard]] std::optional<ContentDisposition> content_disposition() const;

  /// `co_await response.chunk()`: the next piece of the body, decoded, empty at its end. Borrowed until the next call.
  /// ClientPayloadError (cut short, undecodable), ContentTooLarge, TimeoutError, OSError, HttpProtocolError.
  /// Cancelled, the piece is still there for the next call.
  Coro<std::string_view> chunk();
  /// The rest of the body in one string; the same again when called again. Errors as chunk().
  Coro<std::string> read();
  /// The body as UTF-8: decoded from the charset that Content-Type names, UTF-8 without one; what is malformed becomes
  /// U+FFFD. An unknown charset is read as UTF-8. Without one SessionOptions::fallback_charset_resolver is asked, if there is one.
  Coro<std::string> text();
  /// The body as a JSON document; <nlohmann/json.hpp> is for the caller to include. ContentTypeError when the response says
  /// that it is something else, unless `any_content_type`; ValueError when it is no JSON. Errors as chunk().
  Coro<nlohmann::json> json(bool any_content_type = false);

  /// The body as multipart, part by part; the Response outlives the reader. multipart_reader.hpp is for the caller to include.
  /// HttpProtocolError when it says that it is something else.
  [[nodiscard]] MultipartReader multipart();
  [[nodiscard]] MultipartReader multipart(const MultipartLimits& limits);

  /// The fields behind the body, once it was read to its end; never merged into headers(). Those that must not stand there (framing,
  /// routing, credentials …) are left out.
  [[nodiscard]] const Headers& trailers() const noexcept;

  /// Bytes of the body received so far, before decoding.
  [[nodiscard]] std::uint64_t wire_bytes() const noexcept;
  /// The body was read to its end.
  [[nodiscard]] bool complete() const noexcept;
  /// Gives the connection up now; the rest of the body is lost.
  void close() noexcept;

  /// For the library: gives up what stands behind it; only destruction is allowed then.
  [[nodiscard]] std::unique_ptr<ResponseState> take_state() noexcept;

 private:
  std::unique_ptr<ResponseState> state_;
};

}  // namespace corolla::inline v0::http
