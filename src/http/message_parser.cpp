// SPDX-License-Identifier: Apache-2.0
// One message is read in up to four ways, and llhttp sees only two of them.
//
//   head (kHead)        A scan of line ends runs ahead of llhttp: it knows where the head ends, enforces the limits before
//                       anything is stored, and refuses what llhttp lets pass (bare LF, folded fields). llhttp gets exactly
//                       the bytes of the head; that both agree on where it ends is checked.
//   body (kFixed,       Whole pieces of the input are handed on; nothing looks at them.
//         kUntilClose)
//   body (kChunked)     llhttp reads chunk sizes and is paused at each piece of body, so that one call gives one event. It
//                       is paused for good at the last chunk, because what follows are lines again:
//   trailers (kTrailers)  the same scan, the same limits, into trailers_.
#include "parser.hpp"

#include "headers_builder.hpp"
#include "http/trailers.hpp"

#include <llhttp.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace corolla::inline v0::http {

/// The C side. Exceptions must not cross llhttp's frames: they are kept and thrown after it has returned.
struct LlhttpCallbacks {
  static MessageParser& self(llhttp_t* parser) noexcept { return *static_cast<MessageParser*>(parser->data); }

  template <typename Function>
  static int guarded(llhttp_t* parser, Function function) noexcept {
    MessageParser& it = self(parser);
    try {
      function(it);
    } catch (...) {
      it.error_ = std::current_exception();
      return HPE_USER;
    }
    return HPE_OK;
  }

  static int start_line(llhttp_t* parser, const char* text, std::size_t size) {
    return guarded(parser, [&](MessageParser& it) { it.append_start_line(text, size); });
  }
  static int field(llhttp_t* parser, const char* text, std::size_t size) {
    return guarded(parser, [&](MessageParser& it) {
      HeadersBuilder fields(it.fields());
      if (std::exchange(it.in_value_, false) || it.fields().empty()) fields.begin_field();
      fields.append_name(text, size);
    });
  }
  static int value(llhttp_t* parser, const char* text, std::size_t size) {
    return guarded(parser, [&](MessageParser& it) {
      it.in_value_ = true;
      HeadersBuilder(it.fields()).append_value(text, size);
    });
  }
  static int end_value(llhttp_t* parser) {
    MessageParser& it = self(parser);
    // A line that begins with ':' gives a value without a name.
    if (!HeadersBuilder(it.fields()).end_field()) {
      llhttp_set_error_reason(parser, "Empty header name");
      return HPE_USER;
    }
    it.in_value_ = true;
    return HPE_OK;
  }
  static int end_head(llhttp_t* parser) {
    self(parser).head_complete_ = true;
    return HPE_OK;
  }
  static int body(llhttp_t* parser, const char* text, std::size_t size) {
    self(parser).body_ = std::string_view(text, size);
    return HPE_PAUSED;
  }
  static int chunk(llhttp_t* parser) {
    MessageParser& it = self(parser);
    it.framing_allowed_ += 16;
    it.last_chunk_ = parser->content_length == 0;
    return it.last_chunk_ ? HPE_PAUSED : HPE_OK;
  }
  static int end_message(llhttp_t* parser) {
    self(parser).message_complete_ = true;
    return HPE_PAUSED;
  }

  static constexpr llhttp_settings_t settings() noexcept {
    llhttp_settings_t table{};
    table.on_url = start_line;
    table.on_status = start_line;
    table.on_header_field = field;
    table.on_header_value = value;
    table.on_header_value_complete = end_value;
    table.on_headers_complete = end_head;
    table.on_body = body;
    table.on_chunk_header = chunk;
    table.on_message_complete = end_message;
    return table;
  }
};

namespace {

constexpr llhttp_settings_t kSettings = LlhttpCallbacks::settings();

}  // namespace

MessageParser::MessageParser(Kind kind, const ParserLimits& limits)
    : llhttp_(std::make_unique<llhttp__internal_s>()), limits_(limits), kind_(kind) {
  llhttp_init(llhttp_.get(), kind == Kind::kRequest ? HTTP_REQUEST : HTTP_RESPONSE, &kSettings);
  llhttp_->data = this;
}

MessageParser::~MessageParser() = default;

Headers& MessageParser::fields() noexcept { return state_ == State::kTrailers ? trailers_ : head_->headers; }

void MessageParser::reset_message(MessageHead& head) {
  llhttp_reset(llhttp_.get());
  state_ = State::kHead;
  head_complete_ = message_complete_ = last_chunk_ = in_value_ = skipped_empty_line_ = false;
  last_byte_ = '\0';
  line_number_ = line_size_ = block_size_ = 0;
  remaining_ = framing_used_ = 0;
  framing_allowed_ = limits_.chunk_overhead;
  start_line_tail_.clear();
  body_ = {};
  head_ = &head;
  head.headers.clear();
  head.content_length.reset();
  head.chunked = head.keep_alive = head.upgrade = false;
  trailers_.clear();
  error_ = nullptr;
}

void MessageParser::fail(const std::string& why, int status) {
  state_ = State::kFailed;
  throw HttpProtocolError((kind_ == Kind::kRequest ? "malformed request: " : "malformed response: ") + why, status);
}

void MessageParser::fail_size(const char* what, std::size_t limit, int status) {
  state_ = State::kFailed;
  throw HeaderTooLarge(std::string(what) + " the limit of " + std::to_string(limit), status);
}

ParseEvent MessageParser::next(std::string_view& input) {
  switch (state_) {
    case State::kHead:
    case State::kTrailers: return read_lines(input);
    case State::kChunked: return read_chunks(input);
    case State::kFixed:
      if (remaining_ == 0) {
        state_ = State::kDone;
        return ParseEvent::kEnd;
      }
      [[fallthrough]];
    case State::kUntilClose: {
      if (input.empty()) return ParseEvent::kNeedMore;
      const std::size_t size = state_ == State::kUntilClose
                                   ? input.size()
                                   : static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
      body_ = input.substr(0, size);
      input.remove_prefix(size);
      if (state_ == State::kFixed) remaining_ -= size;
      return ParseEvent::kBody;
    }
    case State::kDone: return ParseEvent::kEnd;
    case State::kFailed: break;
  }
  throw HttpProtocolError("the connection failed before");
}

ParseEvent MessageParser::finish() {
  switch (state_) {
    case State::kUntilClose: state_ = State::kDone; return ParseEvent::kEnd;
    case State::kDone: return ParseEvent::kEnd;
    case State::kFixed:
      if (remaining_ == 0) {
        state_ = State::kDone;
        return ParseEvent::kEnd;
      }
      state_ = State::kFailed;
      throw ClientPayloadError("connection closed with " + std::to_string(remaining_) +
                               " bytes of the body outstanding");
    case State::kChunked:
    case State::kTrailers: state_ = State::kFailed; throw ClientPayloadError("connection closed inside a chunked body");
    case State::kHead: {
      const bool nothing = idle();
      state_ = State::kFailed;
      throw ServerDisconnectedError(nothing ? "connection closed before a message"
                                            : "connection closed inside the head");
    }
    case State::kFailed: break;
  }
  throw HttpProtocolError("the connection failed before");
}

ParseEvent MessageParser::read_lines(std::string_view& input) {
  if (input.empty()) return ParseEvent::kNeedMore;
  bool complete = false;
  const std::size_t size = scan_lines(input, complete);
  execute(input.substr(0, size));
  input.remove_prefix(size);
  const bool agrees = (state_ == State::kHead ? head_complete_ : message_complete_) == complete;
  if (!agrees) fail("unclear end of the header fields");
  if (!complete) return ParseEvent::kNeedMore;
  if (state_ == State::kTrailers) {
    drop_forbidden_trailers(trailers_);
    state_ = State::kDone;
    return ParseEvent::kEnd;
  }
  state_ = frame_body(*llhttp_);
  remaining_ = state_ == State::kFixed ? head_->content_length.value_or(0) : 0;
  message_complete_ = false;
  return ParseEvent::kHead;
}

std::size_t MessageParser::scan_lines(std::string_view input, bool& complete) {
  std::size_t position = 0;
  while (position < input.size() && !complete) {
    const char* begin = input.data() + position;
    const std::size_t left = input.size() - position;
    if (line_size_ == 0 && line_number_ > 0 && (*begin == ' ' || *begin == '\t')) fail("folded header field");
    const auto* lf = static_cast<const char*>(std::memchr(begin, '\n', left));
    const std::size_t size = lf != nullptr ? static_cast<std::size_t>(lf - begin) + 1 : left;
    line_size_ += size;
    block_size_ += size;
    check_line_size();
    if (line_number_ == 0 && kind_ == Kind::kRequest) keep_tail({begin, size});
    if (lf != nullptr) {
      if ((size >= 2 ? lf[-1] : last_byte_) != '\r') fail("line ends without CR");
      end_line(line_size_ - 2, complete);
    }
    last_byte_ = begin[size - 1];
    position += size;
  }
  return position;
}

void MessageParser::keep_tail(std::string_view piece) {
  constexpr std::size_t kSize = std::string_view("HTTP/1.1\r\n").size();
  if (piece.size() >= kSize) {
    start_line_tail_ = piece.substr(piece.size() - kSize);
    return;
  }
  start_line_tail_ += piece;
  if (start_line_tail_.size() > kSize) start_line_tail_.erase(0, start_line_tail_.size() - kSize);
}

void MessageParser::end_line(std::size_t size, bool& complete) {
  line_size_ = 0;
  if (size > 0) {
    if (line_number_ == 0) start_line_size_ = size;
    ++line_number_;
    return;
  }
  if (line_number_ > 0) {
    complete = true;
  } else if (kind_ == Kind::kRequest && !skipped_empty_line_) {
    skipped_empty_line_ = true;  // RFC 9112, section 2.2: one may precede a request
  } else {
    fail("empty line before the message");
  }
}

void MessageParser::check_line_size() {
  // A line's CR LF does not count; while the line is incomplete this allows it two bytes more.
  if (line_number_ == 0) {
    if (line_size_ > limits_.start_line + 2) fail_size("start line above", limits_.start_line, 414);
  } else {
    if (line_size_ > limits_.field + 2) fail_size("header field above", limits_.field, 431);
    if (line_number_ > limits_.fields && line_size_ > 2)
      fail_size("number of header fields above", limits_.fields, 431);
  }
  if (block_size_ > limits_.header_block) fail_size("header fields together above", limits_.header_block, 431);
}

ParseEvent MessageParser::read_chunks(std::string_view& input) {
  while (!input.empty()) {
    body_ = {};
    const std::size_t consumed = execute(input);
    input.remove_prefix(consumed);
    framing_used_ += consumed - body_.size();
    framing_allowed_ += 2 * body_.size();
    if (framing_used_ > framing_allowed_) fail_size("framing of the chunked body above", limits_.chunk_overhead, 400);
    if (!body_.empty()) return ParseEvent::kBody;
    if (last_chunk_) {
      state_ = State::kTrailers;
      line_number_ = 1;  // an empty line ends it at once
      line_size_ = block_size_ = 0;
      in_value_ = true;
      return read_lines(input);
    }
  }
  return ParseEvent::kNeedMore;
}

std::size_t MessageParser::execute(std::string_view input) {
  const llhttp_errno_t code = llhttp_execute(llhttp_.get(), input.data(), input.size());
  if (code == HPE_OK) return input.size();
  if (code == HPE_PAUSED || code == HPE_PAUSED_UPGRADE) {
    const char* position = llhttp_get_error_pos(llhttp_.get());
    if (code == HPE_PAUSED) {
      llhttp_resume(llhttp_.get());
    } else {
      llhttp_resume_after_upgrade(llhttp_.get());
    }
    return static_cast<std::size_t>(position - input.data());
  }
  state_ = State::kFailed;
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  const char* reason = llhttp_get_error_reason(llhttp_.get());
  const std::string why = reason != nullptr && *reason != '\0' ? reason : llhttp_errno_name(code);
  // The code stands for a malformed version as well; only a well-formed one deserves the status.
  fail(why, why == "Invalid HTTP version" ? 505 : 400);
}

void MessageParser::fill_common(const llhttp__internal_s& parser, MessageHead& head) const {
  head.version = parser.http_minor == 0 ? HttpVersion::kHttp10 : HttpVersion::kHttp11;
  if ((parser.flags & F_CONTENT_LENGTH) != 0) head.content_length = parser.content_length;
  const bool close = (parser.flags & F_CONNECTION_CLOSE) != 0;
  const bool keep = (parser.flags & F_CONNECTION_KEEP_ALIVE) != 0;
  head.keep_alive = !close && (head.version == HttpVersion::kHttp11 || keep);
}

}  // namespace corolla::inline v0::http
