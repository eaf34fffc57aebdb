// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_connection.hpp"

#include <corolla/runtime/event_loop.hpp>

#include "http/next_event.hpp"
#include "http/server/compress_response.hpp"
#include "http/server/error_response.hpp"
#include "http/server/request_context.hpp"
#include "http/websocket/websocket_state.hpp"

#include <utility>

namespace corolla::inline v0::http {

namespace {

// A body that a handler left unread is skipped up to this size; beyond it a new connection is cheaper.
constexpr std::uint64_t kMostSkipped = std::uint64_t{64} * 1024;
// Closing: how long, and how much, bytes that nobody asked for are read and dropped.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::uint64_t kLingerBytes = std::uint64_t{4} << 20U;

}  // namespace

Coro<void> serve_connection(std::shared_ptr<WebServerState> state, ByteStream stream) {
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
    : state_(std::move(state)), stream_(std::move(stream)), parser_(state_->options.parser) {
  state_->add(*this);
}

ServerConnection::~ServerConnection() { state_->remove(*this); }

void ServerConnection::server_closes() noexcept {
  if (waiting_) stream_.close();  // its wait ends with the end of the stream
  if (const auto ws = websocket_.lock()) ws->go_away();
}

ByteStream ServerConnection::upgrade(std::string_view fields) {
  if (upgraded_) throw RuntimeError("the request was upgraded already");
  upgraded_ = true;
  status_ = 101;
  head_ = "HTTP/1.1 101 Switching Protocols\r\n";
  head_.append(fields).append(state_->common_fields()).append("\r\n");
  stream_.send_nowait(head_);
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
    if (head().headers.contains("Expect") && !head().expect_continue && head().version == HttpVersion::kHttp11) {
      response = ServerResponse::error(417, "only 100-continue can be expected");
      body_unusable_ = true;
    } else {
      try {
        auto handling = state_->handler(request_);
        response.emplace(co_await std::move(handling));
      } catch (const CancelledError&) {
        throw;
      } catch (...) {
        error = std::current_exception();
      }
      if (upgraded_) {
        if (error && !stream_.state()->send_error()) report(error);
        log();
        co_return;
      }
      if (error) response = response_to(error);
      if (!response) co_return;
    }

    compress_response(request_, *response);
    if (!body_done_) skip_buffered_body();
    write_head(*response);
    std::string_view body;
    if (small_body(*response, body)) {
      StreamDrain sent = stream_.send_all(head_, body);
      head_sent_ = true;
      if (!sent.await_ready()) stream_.expires_after(state_->options.send_timeout);
      co_await std::move(sent);
      body_sent_ = body.size();
    } else {
      auto sending = send_body(*response);
      co_await std::move(sending);
    }
    log();
    spare_ = std::move(*response);

    if (!keep_alive_) {
      auto closing = linger();
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
    head_.clear();
    status_ = 408;
    append_response_head(head_, 408, response.headers(), state_->common_fields(),
                         {BodyFraming::kLength, response.text().size(), true, false});
    stream_.send_nowait(head_);
    stream_.send_nowait(response.text());
    body_sent_ = response.text().size();
    unlogged_ = state_->options.access_log != nullptr;
    stream_.expires_after(kLingerTime);
    stream_.close();
  }
  log();
}

// -- reading the head -----------------------------------------------------------------------------------------------

void ServerConnection::begin_request() {
  parser_.start();
  RequestContext::end(request_);
  max_body_bytes_ = state_->options.max_body_bytes;
  body_received_ = body_sent_ = 0;
  status_ = 0;
  head_began_ = head_done_ = body_done_ = body_unusable_ = client_gone_ = false;
  continue_sent_ = head_sent_ = keep_alive_ = false;
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
  if (!state_->options.access_log) return;
  unlogged_ = true;
  time_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  began_ = std::chrono::steady_clock::now();
}

Coro<void> ServerConnection::refuse() {
  head_is_complete();  // as far as the log goes
  body_done_ = false;
  body_unusable_ = true;
  ServerResponse response = ServerResponse::error(refusal_status_, refusal_);
  write_head(response);
  StreamDrain sent = stream_.send_all(head_, response.text());
  if (!sent.await_ready()) stream_.expires_after(kLingerTime);
  co_await std::move(sent);
  body_sent_ = response.text().size();
  log();
  auto closing = linger();
  co_await std::move(closing);
}

// -- the handler's errors -------------------------------------------------------------------------------------------

std::optional<ServerResponse> ServerConnection::response_to(const std::exception_ptr& error) {
  if (client_gone_) return std::nullopt;
  try {
    std::rethrow_exception(error);
  } catch (const HttpError& refused) {
    return error_response(refused);
  } catch (const HttpProtocolError& malformed) {
    // From the request's body; a client session inside the handler may throw the same type.
    if (body_unusable_) return ServerResponse::error(malformed.suggested_status(), malformed.what());
  } catch (...) {  // told below
  }
  report(error);
  return ServerResponse::error(500);
}

void ServerConnection::report(const std::exception_ptr& error) {
  get_running_loop().call_exception_handler(
      ErrorContext("Error handling request " + head().method + " " + head().target, error));
}

// -- reading the body -----------------------------------------------------------------------------------------------

Coro<std::string_view> ServerConnection::next_chunk() {
  if (body_done_) co_return std::string_view();
  if (client_gone_ || body_unusable_) throw ClientPayloadError("the body cannot be read any more");
  if (head().content_length.value_or(0) > max_body_bytes_) {
    body_unusable_ = true;
    throw HttpError(413, "the body is above the limit of " + std::to_string(max_body_bytes_) + " bytes");
  }
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
      co_return std::string_view();
    }
    if (event == ParseEvent::kBody) {
      body_received_ += parser_.body().size();
      if (body_received_ > max_body_bytes_) {
        body_unusable_ = true;
        throw HttpError(413, "the body is above the limit of " + std::to_string(max_body_bytes_) + " bytes");
      }
      // The last piece of a body of known length ends it; no further call needs to find that out.
      if (body_received_ == head().content_length) body_done_ = next_event(stream_, parser_) == ParseEvent::kEnd;
      co_return parser_.body();
    }
    if (head().expect_continue && !std::exchange(continue_sent_, true) && body_received_ == 0)
      stream_.send_nowait("HTTP/1.1 100 Continue\r\n\r\n");
    stream_.expires_after(state_->options.body_timeout);
    std::string_view arrived;
    try {
      arrived = co_await stream_.receive();
    } catch (const TimeoutError&) {
      body_unusable_ = true;
      throw HttpError(408, "the body did not arrive in time");
    } catch (const Error&) {
      client_gone_ = true;
      throw;
    }
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

bool ServerConnection::skippable() const noexcept {
  if (body_done_) return true;
  if (body_unusable_ || client_gone_) return false;
  const RequestHead& head = const_cast<RequestParser&>(parser_).head();
  // A client that was not told to continue may send the body or leave it out: nobody knows what comes next.
  if (head.expect_continue && !continue_sent_) return false;
  return head.content_length && *head.content_length - body_received_ <= kMostSkipped;
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

// -- the end --------------------------------------------------------------------------------------------------------

Coro<void> ServerConnection::linger() {
  // TLS knows no half close; it waits for the client by itself when it is closed.
  if ((body_done_ && stream_.buffered().empty()) || !stream_.can_send_eof()) {
    stream_.close();
    stream_.expires_after(kLingerTime);
    co_return;
  }
  stream_.expires_after(kLingerTime);
  stream_.send_eof();
  std::uint64_t dropped = 0;
  for (;;) {
    dropped += stream_.buffered().size();
    stream_.consume(stream_.buffered().size());
    if (dropped > kLingerBytes) co_return;
    const std::string_view arrived = co_await stream_.receive();
    if (arrived.empty()) break;
  }
  stream_.close();
}

void ServerConnection::log() {
  if (!std::exchange(unlogged_, false)) return;
  if (remote_.empty()) remote_ = stream_.peername().host();
  AccessRecord record;
  record.remote = remote_;
  record.method = head().method;
  record.target = head().target;
  record.version = head().version;
  record.status = status_;
  record.body_bytes = body_sent_;
  record.request_headers = &head().headers;
  record.time = time_;
  record.duration = std::chrono::steady_clock::now() - began_;
  state_->options.access_log(record);
}

}  // namespace corolla::inline v0::http
