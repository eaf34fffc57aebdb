// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerResponse: what a server's handler returns; BodyWriter: how it streams a body; HttpError: how it gives up.
///
/// Source: aiohttp's web.Response, web.StreamResponse and web.HTTPException.
#pragma once

#include <corolla/http/compression.hpp>
#include <corolla/http/cookie_attributes.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/open_file.hpp>
#include <corolla/http/state_key.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json_fwd.hpp>

namespace corolla::inline v0::http {

class Encoder;
class ServerExchange;

/// Thrown by a handler (or by reading a request) to answer with an error: a small page with the status and the message.
class COROLLA_API HttpError : public Error {
 public:
  /// `status` is 400 to 599. The message is shown to the client.
  explicit HttpError(int status, std::string message = {}, Headers headers = {})
      : Error(std::move(message)), status_(status), headers_(std::move(headers)) {}
  ~HttpError() override;
  [[nodiscard]] int status() const noexcept { return status_; }
  /// Fields of the answer, beside those of every error's page.
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

 private:
  int status_;
  Headers headers_;
};

/// Where a streamed body goes. Belongs to its connection.
class COROLLA_API BodyWriter {
 public:
  explicit BodyWriter(ServerExchange& exchange) noexcept;
  ~BodyWriter();
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;

  /// `co_await writer.write(bytes)`: sends a piece of the body, with the head before the first one, and waits while the
  /// client is behind. The bytes are needed during the call alone; an empty piece sends nothing but the head. OSError,
  /// TimeoutError (send_timeout); ValueError beyond an announced length.
  StreamDrain write(std::string_view bytes);
  /// Bytes of the body so far, before compression.
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
  /// Adds a field that follows the body (RFC 9110, section 6.5): in HTTP/2, and in HTTP/1.1 where no length was announced; others are
  /// not told. A response that lists them in a "Trailer" field lets its client expect them. ValueError for a field that must not stand
  /// there (framing, routing, credentials …), HeaderInjection.
  void add_trailer(std::string_view name, std::string_view value);
  [[nodiscard]] const Headers& trailers() const noexcept { return trailers_; }

  // For the library: the request it answers; what is written is compressed from now on, until its end.
  [[nodiscard]] ServerExchange& exchange() noexcept { return exchange_; }
  void set_encoder(std::unique_ptr<Encoder> encoder) noexcept;
  StreamDrain end_encoding();

 private:
  ServerExchange& exchange_;
  std::uint64_t written_ = 0;
  std::unique_ptr<Encoder> encoder_;
  std::string encoded_;
  Headers trailers_;
};

/// Writes the body. Runs after the handler returned, within the connection, which keeps the callable meanwhile; not called
/// where the response has no body (HEAD, 204, 304). What it throws cuts the response short, so that the client notices.
using BodyProducer = std::function<Coro<void>(BodyWriter&)>;

/// A status, header fields and a body: text, a file or a producer. Content-Length, Transfer-Encoding, Connection and Date
/// are the server's business; those a handler sets are dropped, but for "Connection: close". Moves; not thread safe.
class COROLLA_API ServerResponse {
 public:
  explicit ServerResponse(int status = 200) noexcept : status_(status) {}
  ServerResponse(int status, std::string body, std::string_view content_type = "text/plain; charset=utf-8")
      : status_(status), text_(std::move(body)) {
    headers_.add("Content-Type", content_type);
  }
  ServerResponse(ServerResponse&&) noexcept = default;
  ServerResponse& operator=(ServerResponse&&) noexcept = default;
  ~ServerResponse() = default;

  /// A page of HTML with the status, its reason phrase and `detail` (plain text; may be empty).
  [[nodiscard]] static ServerResponse error(int status, std::string_view detail = {});
  /// A JSON document; text in it that is not UTF-8 is repaired.
  [[nodiscard]] static ServerResponse json(const nlohmann::json& document, int status = 200);
  /// Sends the client elsewhere; 301, 302, 303, 307 or 308. HeaderInjection.
  [[nodiscard]] static ServerResponse redirect(std::string_view location, int status = 302);

  [[nodiscard]] int status() const noexcept { return status_; }
  void set_status(int status) noexcept { status_ = status; }
  [[nodiscard]] Headers& headers() noexcept { return headers_; }
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

  /// Gives the client a cookie, in the place of one of this name that the response gave it before. ValueError for a name that is no token,
  /// for characters that no value may have (control characters, spaces, '"', ',', ';', '\\'), and for what browsers would refuse: more than
  /// 4096 bytes, a prefix whose promise is not kept, SameSite=None that is not secure.
  void set_cookie(std::string_view name, std::string_view value, CookieAttributes attributes = CookieAttributes());
  /// Makes the client forget one; path and domain have to be those it was given with.
  void del_cookie(std::string_view name, CookieAttributes attributes = CookieAttributes());

  /// Compresses the body, if the client takes that and it is worth while; see compression.hpp. The fields that go with it are set
  /// when the response is sent.
  void enable_compression(const CompressionOptions& options = CompressionOptions()) noexcept { compression_ = options; }
  [[nodiscard]] const std::optional<CompressionOptions>& compression() const noexcept { return compression_; }

  /// Keeps a value with the response, for a middleware or on_response_prepare, say, until it was sent.
  template <class T>
  T& set(const ResponseKey<T>& key, T value) {
    return state_.set(key, std::move(value));
  }
  /// Null when there is none.
  template <class T>
  [[nodiscard]] T* find(const ResponseKey<T>& key) const {
    return state_.find(key);
  }
  /// LookupError when there is none.
  template <class T>
  [[nodiscard]] T& get(const ResponseKey<T>& key) const {
    return state_.get(key);
  }

  /// The body's text; replaces a body of another kind.
  void set_text(std::string_view text) {
    text_ = text;
    file_.reset();
    producer_ = nullptr;
  }
  void set_file(std::unique_ptr<FileBody> file) noexcept {
    file_ = std::move(file);
    text_.clear();
    producer_ = nullptr;
  }
  /// Without a length the body is sent chunked, or to an HTTP/1.0 client until the connection closes.
  void set_producer(BodyProducer producer, std::optional<std::uint64_t> length = std::nullopt) {
    producer_ = std::move(producer);
    producer_length_ = length;
    text_.clear();
    file_.reset();
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const FileBody* file() const noexcept { return file_.get(); }
  [[nodiscard]] std::unique_ptr<FileBody> take_file() noexcept { return std::move(file_); }
  [[nodiscard]] const BodyProducer& producer() const noexcept { return producer_; }
  /// The length of the body; nullopt for a producer that did not announce one.
  [[nodiscard]] std::optional<std::uint64_t> body_size() const noexcept {
    if (producer_) return producer_length_;
    return file_ ? file_->size() : text_.size();
  }
  /// Forgets everything and keeps the storage.
  void reset(int status) noexcept {
    status_ = status;
    headers_.clear();
    text_.clear();
    file_.reset();
    producer_ = nullptr;
    producer_length_.reset();
    compression_.reset();
    state_.clear();
  }

 private:
  int status_;
  Headers headers_;
  std::string text_;
  std::unique_ptr<FileBody> file_;
  BodyProducer producer_;
  std::optional<std::uint64_t> producer_length_;
  std::optional<CompressionOptions> compression_;
  KeyedState state_;
};

}  // namespace corolla::inline v0::http
