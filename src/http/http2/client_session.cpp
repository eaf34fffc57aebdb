// SPDX-License-Identifier: Apache-2.0
#include "http/http2/client_session.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/task.hpp>

#include "http/headers_builder.hpp"
#include "http/http2/fields.hpp"
#include "http/trailers.hpp"

#include <charconv>
#include <new>
#include <vector>

namespace corolla::inline v0::http {

namespace {

// What a server may send before it is read, on one stream and on all.
constexpr std::uint32_t kStreamWindow = 1024 * 1024;
constexpr std::int32_t kConnectionWindow = 16 * 1024 * 1024;
constexpr int kMostInterimResponses = 20;
// A head that is this many times too large ends the connection.
constexpr std::size_t kFlood = 4;
constexpr std::size_t kFieldOverhead = 32;

}  // namespace

// -- a stream ---------------------------------------------------------------------------------------------------------

Http2ClientStream::Http2ClientStream(Http2ClientSession& session, const ParserLimits& limits) noexcept
    : Http2Stream(session, 0), limits_(limits) {
  head_.version = HttpVersion::kHttp2;
  head_.keep_alive = true;
}

bool Http2ClientStream::add_field(std::string_view name, std::string_view value) {
  const std::size_t size = name.size() + value.size();
  head_size_ += size + kFieldOverhead;
  if (head_size_ > kFlood * limits_.header_block || ++fields_ > kFlood * limits_.fields) return false;
  if (size > limits_.field || head_size_ > limits_.header_block || fields_ > limits_.fields) {
    if (!verdict_)
      verdict_ = std::make_exception_ptr(HeaderTooLarge("the response's header fields are above the limits"));
    return true;
  }
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), head_.status);
    return true;
  }
  HeadersBuilder builder(head_complete_ ? trailers_ : head_.headers);
  builder.begin_field();
  builder.append_name(name.data(), name.size());
  builder.append_value(value.data(), value.size());
  return true;
}

bool Http2ClientStream::end_head() {
  if (verdict_) return false;
  if (head_complete_) {
    drop_forbidden_trailers(trailers_);
    return true;
  }
  if (head_.status < 100) {
    verdict_ = std::make_exception_ptr(HttpProtocolError("a response without a valid status"));
    return false;
  }
  if (head_.status < 200) {
    if (head_.status == 100) continue_ = true;
    head_.headers.clear();
    head_size_ = fields_ = 0;
    if (++interim_ > kMostInterimResponses) {
      verdict_ = std::make_exception_ptr(HttpProtocolError("too many interim responses"));
      return false;
    }
    if (continue_) wake_receiver_early();
    return true;
  }
  head_.reason = reason_phrase(head_.status);
  if (const auto length = head_.headers.get("content-length")) {  // nghttp2 has checked that it is a number
    std::uint64_t number = 0;
    std::from_chars(length->data(), length->data() + length->size(), number);
    head_.content_length = number;
  }
  head_complete_ = true;
  head_size_ = fields_ = 0;  // the trailers have the same limits again
  wake_receiver_early();
  return true;
}

// -- the connection's task --------------------------------------------------------------------------------------------

Http2ClientSession::Http2ClientSession(ByteStream stream, const ParserLimits& limits,
                                       std::chrono::nanoseconds keepalive_timeout, Http2SessionOwner& owner)
    : Http2Session(Role::kClient, std::move(stream)),
      limits_(limits),
      keepalive_timeout_(keepalive_timeout),
      owner_(&owner),
      idle_since_(now()),
      received_at_(idle_since_) {
  submit_settings();
}

void Http2ClientSession::submit_settings() {
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.header_block)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  nghttp2_submit_settings(native(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(native(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Coro<void> Http2ClientSession::read(FutureRef<Http2ClientSession> self) {
  struct Ending {
    explicit Ending(Http2ClientSession& of) noexcept : session(of) {}
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    ~Ending() { session.end(error); }
    Http2ClientSession& session;
    std::exception_ptr error;
  } ending(*self);
  ByteStream& stream = self->stream();
  try {
    for (;;) {
      const std::string_view bytes = stream.buffered();
      self->begin_turn();
      self->feed(bytes);
      stream.consume(bytes.size());
      self->end_turn();
      if (self->finished()) break;
      self->set_deadline();
      const std::string_view arrived = co_await stream.receive();
      if (arrived.empty()) break;
      self->received_at_ = self->now();
    }
  } catch (const TimeoutError&) {  // nobody used it for long enough
    self->submit_goaway(NGHTTP2_NO_ERROR);
    self->flush();
  } catch (const HttpProtocolError&) {
    ending.error = std::current_exception();
    self->end_turn();  // the GOAWAY
  } catch (const Error&) {
    ending.error = std::current_exception();
  }
}

void Http2ClientSession::end(const std::exception_ptr& error) noexcept {
  retired_ = true;
  std::exception_ptr told = error;
  if (!told) told = std::make_exception_ptr(ServerDisconnectedError("the connection in HTTP/2 ended"));
  shut(told);
  stream().abort();
  if (Http2SessionOwner* const owner = std::exchange(owner_, nullptr)) owner->http2_gone(*this);
}

void Http2ClientSession::set_deadline() {
  if (users_ == 0) stream().expires_at(idle_since_ + keepalive_timeout_);
  else stream().never_expires();
}

void Http2ClientSession::close() noexcept {
  retired_ = true;
  if (dead() || stream().is_closing()) return;
  submit_goaway(NGHTTP2_NO_ERROR);
  try {
    flush();
  } catch (const std::exception&) {  // out of memory: without a farewell
  }
  stream().abort();  // its task sees the end
}

void Http2ClientSession::disown() noexcept {
  owner_ = nullptr;
  retired_ = true;
  if (users_ == 0) close();
}

void Http2ClientSession::session_finished() noexcept {
  // The reading task finds out by itself when it got here; else it waits.
  stream().close();
}

void Http2ClientSession::needs_pump() { create_task(pump()); }

// -- its users --------------------------------------------------------------------------------------------------------

bool Http2ClientSession::has_room() const noexcept {
  return !retired_ && !dead() && nghttp2_session_check_request_allowed(native()) != 0 &&
         users_ < nghttp2_session_get_remote_settings(native(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void Http2ClientSession::join() noexcept {
  if (users_++ > 0) return;
  if (owner_) owner_->http2_in_use(*this, true);
  if (!dead()) set_deadline();
}

void Http2ClientSession::leave() noexcept {
  used_ = true;
  if (--users_ > 0) return;
  idle_since_ = now();
  if (retired_) {
    close();
  } else {
    set_deadline();
    if (owner_) owner_->http2_in_use(*this, false);
  }
}

void Http2ClientSession::retire_if_silent(std::chrono::nanoseconds time) noexcept {
  if (now() - received_at_ >= time) retired_ = true;
}

ByteStream Http2ClientSession::make_stream() {
  return ByteStream(FutureRef<StreamState>::adopt(new Http2ClientStream(*this, limits_)));
}

void Http2ClientSession::submit_request(Http2ClientStream& stream, std::string_view method, std::string_view scheme,
                                        std::string_view target, std::string_view head, bool has_body) {
  if (dead() || retired_) throw UnprocessedError("the connection takes no further requests");
  std::vector<nghttp2_nv> fields;
  fields.reserve(16);
  fields.push_back(http2_field(":method", method));
  fields.push_back(http2_field(":scheme", scheme));
  fields.push_back(http2_field(":authority", {}));
  fields.push_back(http2_field(":path", target));
  head.remove_prefix(head.find("\r\n") + 2);  // the request line
  while (!head.starts_with("\r\n")) {
    const std::size_t end = head.find("\r\n");
    const std::size_t colon = head.find(':');
    const std::string_view name = head.substr(0, colon);
    const std::string_view value = head.substr(colon + 2, end - colon - 2);
    head.remove_prefix(end + 2);
    if (iequals(name, "Host")) fields[2] = http2_field(":authority", value);
    else if (!is_connection_field(name) || is_te_trailers(name, value)) fields.push_back(http2_field(name, value));
  }
  const nghttp2_data_provider body = body_of(stream);
  const std::int32_t id =
      nghttp2_submit_request(native(), nullptr, fields.data(), fields.size(), has_body ? &body : nullptr, &stream);
  if (id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE) {
    retired_ = true;
    throw UnprocessedError("the connection has no further numbers for requests");
  }
  if (id < 0) throw std::bad_alloc();
  stream.set_id(id);
  if (!has_body) stream.finish_output();
  attach(stream);
  flush_soon();
}

// -- what comes -------------------------------------------------------------------------------------------------------

void Http2ClientSession::head_begins(std::int32_t /*id*/, Http2Stream* /*stream*/) {}

bool Http2ClientSession::field_arrived(Http2Stream& stream, std::string_view name, std::string_view value) {
  return static_cast<Http2ClientStream&>(stream).add_field(name, value);
}

bool Http2ClientSession::head_complete(Http2Stream& stream, bool /*last*/) {
  if (static_cast<Http2ClientStream&>(stream).end_head()) return true;
  reset(stream.id(), NGHTTP2_CANCEL);
  return false;
}

void Http2ClientSession::stream_closes(Http2Stream& /*stream*/, std::uint32_t /*code*/) {}

void Http2ClientSession::output_complete(Http2Stream& /*stream*/) {}

void Http2ClientSession::goaway_arrived(std::int32_t /*last_stream_id*/) { retired_ = true; }

std::exception_ptr Http2ClientSession::stream_error(Http2Stream& stream, std::uint32_t code) {
  const auto& client_stream = static_cast<Http2ClientStream&>(stream);
  if (client_stream.verdict()) return client_stream.verdict();
  if (code == NGHTTP2_REFUSED_STREAM)
    return std::make_exception_ptr(UnprocessedError("the server refused the request before it began"));
  const std::string why = std::string("the server reset the stream: ") + nghttp2_http2_strerror(code);
  if (client_stream.head_complete()) return std::make_exception_ptr(ClientPayloadError(why));
  if (code == NGHTTP2_PROTOCOL_ERROR) return std::make_exception_ptr(HttpProtocolError("malformed response: " + why));
  return std::make_exception_ptr(ServerDisconnectedError(why));
}

}  // namespace corolla::inline v0::http
