// SPDX-License-Identifier: Apache-2.0
/// \file
/// Incremental parsers of HTTP/1 messages: bytes in, events out, no body byte copied.
///
///     parser.start("GET");
///     for (;;) {
///       switch (parser.next(input)) {                    // input loses what was consumed
///         case ParseEvent::kNeedMore: input = <more bytes, or finish() at the end of the stream>; break;
///         case ParseEvent::kHead:     use(parser.head()); break;
///         case ParseEvent::kBody:     use(parser.body()); break;      // a view into the input just given
///         case ParseEvent::kEnd:      return;                         // input holds what follows the message
///       }
///     }
///
/// Strict by design (RFC 9112 with its optional leniencies refused): lines end in CR LF, no folded fields, no white space
/// before a colon, at most one Content-Length, never together with Transfer-Encoding, whose one accepted value is
/// "chunked". After an error the connection is of no use. One thread at a time.
#pragma once

#include <corolla/http/error.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct llhttp__internal_s;

namespace corolla::inline v0::http {

enum class ParseEvent : std::uint8_t { kNeedMore, kHead, kBody, kEnd };

/// What both kinds of message have in their head.
struct MessageHead {
  HttpVersion version = HttpVersion::kHttp11;
  Headers headers;
  /// The length announced; nothing where it is not known in advance or there can be no body.
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  /// Whether another message may follow on this connection.
  bool keep_alive = false;
  /// Whether the bytes after the message belong to another protocol.
  bool upgrade = false;
};

struct ResponseHead : MessageHead {
  int status = 0;
  std::string reason;
};

struct RequestHead : MessageHead {
  std::string method;
  std::string target;
  /// "Expect: 100-continue": the client waits for leave to send the body.
  bool expect_continue = false;
};

class MessageParser {
 public:
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  /// Consumes from the front of `input` up to the next event. Throws HttpProtocolError.
  ParseEvent next(std::string_view& input);
  /// Tells that the stream has ended: kEnd if that ends the message, too.
  /// Throws ServerDisconnectedError (no whole head) or ClientPayloadError (body cut short).
  ParseEvent finish();
  /// The piece of the body behind the last kBody.
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  /// The fields after a chunked body, but for those that must not stand there; complete at kEnd.
  [[nodiscard]] Headers& trailers() noexcept { return trailers_; }
  /// No byte of a message has arrived since start(): the peer may close without harm.
  [[nodiscard]] bool idle() const noexcept { return state_ == State::kHead && line_number_ == 0 && line_size_ == 0; }
  /// The message is over.
  [[nodiscard]] bool done() const noexcept { return state_ == State::kDone; }

 protected:
  enum class State : std::uint8_t { kHead, kFixed, kUntilClose, kChunked, kTrailers, kDone, kFailed };
  enum class Kind : std::uint8_t { kRequest, kResponse };

  MessageParser(Kind kind, const ParserLimits& limits);
  ~MessageParser();

  void reset_message(MessageHead& head);
  /// Called once the head is whole: fills the derived head, checks it, and says how the body is framed.
  virtual State frame_body(const llhttp__internal_s& parser) = 0;
  virtual void append_start_line(const char* text, std::size_t size) = 0;
  /// Version, lengths and flags, as far as both kinds of message agree.
  void fill_common(const llhttp__internal_s& parser, MessageHead& head) const;
  [[noreturn]] void fail(const std::string& why, int status = 400);
  /// The last ten bytes of the start line and its CR LF: where a request has its version.
  [[nodiscard]] std::string_view start_line_tail() const noexcept { return start_line_tail_; }
  /// Bytes of the start line without its CR LF.
  [[nodiscard]] std::size_t start_line_size() const noexcept { return start_line_size_; }

 private:
  friend struct LlhttpCallbacks;

  /// Where field lines go: the head's, or the trailers.
  [[nodiscard]] Headers& fields() noexcept;
  ParseEvent read_lines(std::string_view& input);
  ParseEvent read_chunks(std::string_view& input);
  /// Looks for the end of the head in `input`: how many bytes of it belong to the head, and whether it is complete.
  std::size_t scan_lines(std::string_view input, bool& complete);
  void keep_tail(std::string_view piece);
  void end_line(std::size_t size, bool& complete);
  void check_line_size();
  [[noreturn]] void fail_size(const char* what, std::size_t limit, int status);
  /// Runs llhttp; how much it consumed (less than all only when a callback paused it).
  std::size_t execute(std::string_view input);

  std::unique_ptr<llhttp__internal_s> llhttp_;
  ParserLimits limits_;
  Kind kind_;
  State state_ = State::kHead;
  bool head_complete_ = false;
  bool message_complete_ = false;
  bool last_chunk_ = false;
  bool in_value_ = false;
  bool skipped_empty_line_ = false;
  char last_byte_ = '\0';
  std::size_t line_number_ = 0;
  std::size_t line_size_ = 0;
  std::size_t start_line_size_ = 0;
  std::size_t block_size_ = 0;
  std::string start_line_tail_;
  std::uint64_t remaining_ = 0;
  std::uint64_t framing_allowed_ = 0;
  std::uint64_t framing_used_ = 0;
  std::string_view body_;
  MessageHead* head_ = nullptr;
  Headers trailers_;
  std::exception_ptr error_;
};

class ResponseParser final : public MessageParser {
 public:
  explicit ResponseParser(const ParserLimits& limits = ParserLimits());
  /// Prepares for the response to a request with this method (HEAD has no body, CONNECT opens a tunnel).
  void start(std::string_view request_method);
  [[nodiscard]] ResponseHead& head() noexcept { return response_; }

 private:
  State frame_body(const llhttp__internal_s& parser) override;
  void append_start_line(const char* text, std::size_t size) override;

  ResponseHead response_;
  bool to_head_ = false;
  bool to_connect_ = false;
};

class RequestParser final : public MessageParser {
 public:
  explicit RequestParser(const ParserLimits& limits = ParserLimits());
  /// Prepares for the next request.
  void start();
  [[nodiscard]] RequestHead& head() noexcept { return request_; }

 private:
  State frame_body(const llhttp__internal_s& parser) override;
  void append_start_line(const char* text, std::size_t size) override;

  RequestHead request_;
};

}  // namespace corolla::inline v0::http
