// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_connection.hpp"

#include <corolla/net/tls_connection.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/outcome.hpp>

#include "http/http2/server_session.hpp"
#include "http/next_event.hpp"
#include "http/server/compress_response.hpp"
#include "http/server/linger.hpp"
#include "http/server/reset_connection.hpp"
#include "http/trailers.hpp"
#include "http/websocket/websocket_state.hpp"

#include <charconv>
#include <utility>

namespace corolla::inline v0::http {

namespace {

// A body that a handler left unread is skipped up to this size; beyond it a new connection is cheaper.
constexpr std::uint64_t kMostSkipped = std::uint64_t{64} * 1024;

// Waits for as many bytes as it takes to tell. A client that is too slow for that gets its answer in HTTP/1.1.
Coro<bool> begins_with_preface(ByteStream& stream, std::chrono::nanoseconds timeout) {
  stream.expires_after(timeout);
  while (stream.buffered().size() < kHttp2Preface.size()) {
    if (!kHttp2Preface.starts_with(stream.buffered())) co_return false;
    const auto arrived = co_await outcome(stream.receive());
    if (!arrived || arrived->empty()) co_return false;
  }
  co_return stream.buffered().starts_with(kHttp2Preface);
}

}  // namespace

Coro<void> serve_connection(std::shared_ptr<WebServerState> state, ByteStream stream) {
  bool http2 = stream.tls() && stream.tls()->alpn_protocol() == "h2";
  if (state->options.h2c && !stream.tls()) {
    auto looking = begins_with_preface(stream, state->options.header_timeout);
    http2 = co_await std::move(looking);
  }
  if (http2) {
    auto serving = serve_http2(std::move(state), std::move(stream));
    co_await std::move(serving);
    co_return;
  }
  ServerConnection connection(std::move(state), std::move(stream));
  try {
    auto running = connection.run();
    co_await std::move(running);
  } catch (const TimeoutError&) {
    connection.abandon(true);
  } catch (const Error&) {  // the client is gone, or a producer failed: nobody is left to be told
    connection.abandon(false);
  }
}

ServerConnection::ServerConnection(std::shared_ptr<WebServerState> state, ByteStream stream)
    : ServerExchange(std::move(state), std::move(stream)), parser_(state_->options.parser) {
  request_head_ = &parser_.head();
  received_trailers_ = &parser_.trailers();
  state_->add(*this);
}

ServerConnection::~ServerConnection() { state_->remove(*this); }

void ServerConnection::server_closes() noexcept {
  if (waiting_) stream_.close();  // its wait ends with the end of the stream
  if (const auto ws = websocket_.lock()) ws->go_away();
}

ByteStream ServerConnection::upgrade(std::string_view fields) {
  head_text_ = "HTTP/1.1 101 Switching Protocols\r\n";
  head_text_.append(fields).append(state_->common_fields()).append("\r\n");
  return give_away(101);
}

ByteStream ServerConnection::open_tunnel(const Headers& fields) {
  ResponseFraming framing;
  framing.body = BodyFraming::kNone;
  head_text_.clear();
  append_response_head(head_text_, 200, fields, state_->common_fields(), framing);
  return give_away(200);
}

ByteStream ServerConnection::give_away(int status) {
  if (upgraded_) throw RuntimeError("the request was answered already");
  upgraded_ = true;
  watch_.hold();
  status_ = status;
  stream_.send_nowait(head_text_);
  return ByteStream(stream_.state());
}

void ServerConnection::set_websocket(const std::shared_ptr<WebSocketState>& ws) noexcept {
  websocket_ = ws;
  if (state_->closing()) ws->go_away();
}

Coro<void> ServerConnection::run() {
  stream_.expires_after(state_->options.header_timeout);
  for (;;) {
    begin_request();
    for (;;) {
      const Progress progress = read_head();
      if (progress == Progress::kHead) break;
      if (progress == Progress::kRefused) {
        auto refusing = refuse();
        co_await std::move(refusing);
        co_return;
      }
      set_reading_deadline();
      waiting_ = parser_.idle();
      if (waiting_ && state_->closing()) co_return;
      const std::string_view arrived = co_await stream_.receive();
      waiting_ = false;
      if (arrived.empty()) co_return;
    }
    head_is_complete();

    std::optional<ServerResponse> response;
    std::exception_ptr error;
    try {
      auto handling = handle();
      response.emplace(co_await std::move(handling));
    } catch (const CancelledError&) {
      throw;
    } catch (...) {
      error = std::current_exception();
    }
    if (upgraded_) {
      report_of_owner(error);
      log();
      co_return;
    }
    if (error) response = response_to(error);
    if (!response) {
      status_ = kClientClosedRequest;
      log();
      co_return;
    }

    compress_response(request_, *response);
    if (!body_done_) skip_buffered_body();
    write_head(*response);
    std::string_view body;
    if (small_body(*response, body)) {
      StreamDrain sent = stream_.send_all(head_text_, body);
      head_sent_ = true;
      if (!sent.await_ready()) stream_.expires_after(state_->options.send_timeout);
      co_await std::move(sent);
      body_sent_ = body.size();
    } else {
      auto sending = send_body(*response);
      co_await std::move(sending);
    }
    log();
    keep_spare(std::move(*response));

    if (!keep_alive_) {
      auto closing = say_goodbye();
      co_await std::move(closing);
      co_return;
    }
    if (!body_done_) {
      auto skipping = skip_body();
      if (!co_await std::move(skipping)) co_return;
    }
  }
}

void ServerConnection::abandon(bool timed_out) {
  if (timed_out && !head_done_ && !parser_.idle() && !stream_.is_closing()) {
    // The head took too long. Best effort: the answer leaves in the background.
    ServerResponse response = ServerResponse::error(408);
    head_text_.clear();
    status_ = 408;
    append_response_head(head_text_, 408, response.headers(), state_->common_fields(),
                         {BodyFraming::kLength, response.text().size(), true, false});
    stream_.send_nowait(head_text_);
    stream_.send_nowait(response.text());
    body_sent_ = response.text().size();
    note_time();
    stream_.expires_after(kLingerTime);
    stream_.close();
  } else if (timed_out && head_done_) {
    reset_connection(stream_);  // the response is not taken
  }
  log();
}

// -- reading the head -----------------------------------------------------------------------------------------------

void ServerConnection::begin_request() {
  parser_.start();
  begin_exchange();
  head_began_ = head_done_ = keep_alive_ = false;
}

ServerConnection::Progress ServerConnection::read_head() {
  if (stream_.buffered().empty()) return Progress::kNeedMore;
  ParseEvent event = ParseEvent::kNeedMore;
  try {
    event = next_event(stream_, parser_);
  } catch (const HttpProtocolError& error) {
    refusal_status_ = error.suggested_status();
    refusal_ = error.what();
    return Progress::kRefused;
  }
  return event == ParseEvent::kHead ? Progress::kHead : Progress::kNeedMore;
}

void ServerConnection::set_reading_deadline() {
  // The first request's time runs from the connection's beginning; the deadline is there already.
  if (requests_ == 0 || head_began_) return;
  if (parser_.idle()) {
    stream_.expires_after(state_->options.keepalive_timeout);
  } else {
    head_began_ = true;
    stream_.expires_after(state_->options.header_timeout);
  }
}

void ServerConnection::head_is_complete() {
  ++requests_;
  head_done_ = true;
  body_done_ = !head().chunked && head().content_length.value_or(0) == 0;
  note_time();
}

Coro<void> ServerConnection::refuse() {
  head_is_complete();  // as far as the log goes
  body_done_ = false;
  body_unusable_ = true;
  ServerResponse response = ServerResponse::error(refusal_status_, refusal_);
  write_head(response);
  StreamDrain sent = stream_.send_all(head_text_, response.text());
  if (!sent.await_ready()) stream_.expires_after(kLingerTime);
  co_await std::move(sent);
  body_sent_ = response.text().size();
  log();
  auto closing = say_goodbye();
  co_await std::move(closing);
}

// -- reading the body -----------------------------------------------------------------------------------------------

Coro<std::string_view> ServerConnection::next_chunk() {
  if (body_done_) {
    watch_.let_go();
    co_return std::string_view();
  }
  require_readable_body();
  watch_.hold();
  for (;;) {
    ParseEvent event = ParseEvent::kNeedMore;
    try {
      event = next_event(stream_, parser_);
    } catch (const HttpProtocolError&) {
      body_unusable_ = true;
      throw;
    }
    if (event == ParseEvent::kEnd) {
      body_done_ = true;
      watch_.let_go();
      co_return std::string_view();
    }
    if (event == ParseEvent::kBody) {
      count_body(parser_.body().size());
      // The last piece of a body of known length ends it; no further call needs to find that out.
      if (body_received_ == head().content_length) body_done_ = next_event(stream_, parser_) == ParseEvent::kEnd;
      co_return parser_.body();
    }
    if (head().expect_continue && !std::exchange(continue_sent_, true) && body_received_ == 0)
      stream_.send_nowait("HTTP/1.1 100 Continue\r\n\r\n");
    auto receiving = receive_body();
    const std::string_view arrived = co_await std::move(receiving);
    if (arrived.empty()) {
      client_gone_ = true;
      static_cast<void>(parser_.finish());  // throws
    }
  }
}

void ServerConnection::skip_buffered_body() {
  while (!body_done_ && !body_unusable_) {
    try {
      const ParseEvent event = next_event(stream_, parser_);
      if (event == ParseEvent::kNeedMore) return;
      if (event == ParseEvent::kBody) body_received_ += parser_.body().size();
      body_done_ = event == ParseEvent::kEnd;
    } catch (const HttpProtocolError&) {
      body_unusable_ = true;
    }
  }
}

bool ServerConnection::skippable() {
  if (body_done_) return true;
  if (body_unusable_ || client_gone_) return false;
  // A client that was not told to continue may send the body or leave it out: nobody knows what comes next.
  if (head().expect_continue && !continue_sent_) return false;
  return head().content_length && *head().content_length - body_received_ <= kMostSkipped;
}

Coro<bool> ServerConnection::skip_body() {
  stream_.expires_after(state_->options.body_timeout);
  for (;;) {
    skip_buffered_body();
    if (body_done_) co_return true;
    if (body_unusable_) co_return false;
    const std::string_view arrived = co_await stream_.receive();
    if (arrived.empty()) co_return false;
  }
}

// -- the response ---------------------------------------------------------------------------------------------------

void ServerConnection::write_head(ServerResponse& response) {
  const RequestHead& request = head();
  const bool http10 = request.version == HttpVersion::kHttp10;
  frame_response(response, http10 ? BodyFraming::kUntilClose : BodyFraming::kChunked);
  const std::size_t most = state_->options.max_requests_per_connection;
  keep_alive_ = request.keep_alive && !state_->closing() && skippable() && (most == 0 || requests_ < most) &&
                (framing_.body != BodyFraming::kUntilClose || request.method == "HEAD") &&
                !(response.headers().contains("Connection") && response.headers().has_token("Connection", "close"));
  framing_.close = !keep_alive_;
  framing_.say_keep_alive = keep_alive_ && http10;
  head_text_.clear();
  append_response_head(head_text_, status_, response.headers(), state_->common_fields(), framing_);
}

StreamDrain ServerConnection::write(std::string_view bytes, std::uint64_t written_before) {
  check_length(bytes.size(), written_before);
  std::string_view pieces[4];
  std::size_t count = 0;
  if (!std::exchange(head_sent_, true)) pieces[count++] = head_text_;
  char size_line[18];
  if (!bytes.empty() && framing_.body == BodyFraming::kChunked) {
    char* end = std::to_chars(size_line, size_line + 16, bytes.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    pieces[count++] = std::string_view(size_line, static_cast<std::size_t>(end - size_line));
    pieces[count++] = bytes;
    pieces[count++] = "\r\n";
  } else if (!bytes.empty()) {
    pieces[count++] = bytes;
  }
  body_sent_ += bytes.size();
  stream_.expires_after(state_->options.send_timeout);
  if (count > 0) stream_.state()->send(pieces, count);
  return stream_.drain();
}

StreamDrain ServerConnection::end_body(const Headers& trailers) {
  return stream_.send_all(framing_.body == BodyFraming::kChunked ? last_chunk(trailers) : std::string());
}

// -- the end --------------------------------------------------------------------------------------------------------

Coro<void> ServerConnection::say_goodbye() {
  if (!body_done_ || !stream_.buffered().empty()) {
    auto lingering = linger(stream_);
    co_await std::move(lingering);
    co_return;
  }
  stream_.close();
  stream_.expires_after(kLingerTime);
}

}  // namespace corolla::inline v0::http
