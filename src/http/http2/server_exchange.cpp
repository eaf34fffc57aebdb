// SPDX-License-Identifier: Apache-2.0
#include "http/http2/server_exchange.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include "http/headers_builder.hpp"
#include "http/http2/fields.hpp"
#include "http/http2/server_session.hpp"
#include "http/server/compress_response.hpp"
#include "http/trailers.hpp"

#include <charconv>
#include <utility>

namespace corolla::inline v0::http {

namespace {

// A head that is this many times too large is not even read to its end.
constexpr std::size_t kFlood = 4;
// What a field costs beside its text (RFC 9113, section 6.5.2).
constexpr std::size_t kFieldOverhead = 32;

}  // namespace

/// The exchange's task runs for as long as this lives.
class Http2Exchange::Running {
 public:
  explicit Running(Http2Exchange& exchange) noexcept : exchange_(exchange) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    exchange_.watch_.reset();
    exchange_.running_ = false;
    exchange_.answered_at_ = exchange_.session_.now();
    exchange_.session_.answered(exchange_);
  }

 private:
  Http2Exchange& exchange_;
};

Http2Exchange::Http2Exchange(Http2ServerSession& session, std::shared_ptr<WebServerState> state)
    : ServerExchange(std::move(state), ByteStream()), session_(session) {
  request_head_ = &head_storage_;
  received_trailers_ = &trailer_storage_;
  head_storage_.version = HttpVersion::kHttp2;
  head_storage_.keep_alive = true;
}

Http2ServerStream& Http2Exchange::begin(std::int32_t id) {
  auto* const stream = new Http2ServerStream(session_, id, *this);
  stream_ = ByteStream(FutureRef<StreamState>::adopt(stream));
  id_ = id;
  begin_exchange();
  head_storage_.headers.clear();
  trailer_storage_.clear();
  head_storage_.method.clear();
  head_storage_.target.clear();
  head_storage_.content_length.reset();
  head_storage_.chunked = head_storage_.expect_continue = false;
  authority_.clear();
  refusal_.clear();
  refusal_status_ = 0;
  head_size_ = fields_ = 0;
  head_done_ = running_ = tunnel_ = output_over_ = false;
  open_ = true;
  return *stream;
}

// -- the head -------------------------------------------------------------------------------------------------------

void Http2Exchange::refuse(int status, std::string why) {
  if (refusal_status_ != 0) return;
  refusal_status_ = status;
  refusal_ = std::move(why);
}

bool Http2Exchange::add_field(std::string_view name, std::string_view value) {
  const ParserLimits& limits = state_->options.parser;
  const std::size_t size = name.size() + value.size();
  head_size_ += size + kFieldOverhead;
  if (head_size_ > kFlood * limits.header_block || ++fields_ > kFlood * limits.fields) return false;
  if (name == ":path") {
    if (value.size() > limits.start_line) refuse(414, "the target is longer than " + std::to_string(limits.start_line));
    else head_storage_.target = value;
  } else if (size > limits.field || head_size_ > limits.header_block || fields_ > limits.fields) {
    refuse(431, "the header fields are above the limits");
  } else if (name == ":method") {
    head_storage_.method = value;
  } else if (name == ":authority") {
    authority_ = value;
  } else if (!name.starts_with(':')) {
    HeadersBuilder builder(head_done_ ? trailer_storage_ : head_storage_.headers);
    builder.begin_field();
    builder.append_name(name.data(), name.size());
    builder.append_value(value.data(), value.size());
  }
  return true;
}

bool Http2Exchange::head_complete(bool last) {
  if (std::exchange(head_done_, true)) {
    drop_forbidden_trailers(trailer_storage_);
    return false;
  }
  finish_head(last);
  head_size_ = fields_ = 0;  // the trailers have the same limits again
  return true;
}

void Http2Exchange::finish_head(bool last) {
  RequestHead& head = head_storage_;
  Headers& headers = head.headers;
  if (const auto host = headers.get("host")) {
    if (!authority_.empty() && !iequals(*host, authority_)) refuse(400, "the Host field is not the authority");
  } else if (!authority_.empty()) {
    headers.add("host", authority_);
  }
  const bool connect = head.method == "CONNECT";  // what follows is no body (RFC 9113, section 8.5)
  if (connect) head.target = authority_;
  join_cookies(headers);
  if (const auto length = headers.get("content-length")) {  // nghttp2 has checked that it is a number
    std::uint64_t number = 0;
    std::from_chars(length->data(), length->data() + length->size(), number);
    head.content_length = number;
  }
  if (connect && head.content_length.value_or(0) > 0) refuse(400, "CONNECT with a body");
  head.chunked = !last && !head.content_length && !connect;
  head.expect_continue = iequals(headers.get("expect", ""), "100-continue");
  body_done_ = last || connect;
  note_time();
  running_ = true;
}

// -- the body -------------------------------------------------------------------------------------------------------

Coro<std::string_view> Http2Exchange::next_chunk() {
  if (body_done_) co_return std::string_view();
  require_readable_body();
  if (head_storage_.expect_continue && !std::exchange(continue_sent_, true) && body_received_ == 0 && open_)
    session_.submit_continue(stream_state());
  auto receiving = receive_body();
  const std::string_view arrived = co_await std::move(receiving);
  stream_.consume(arrived.size());
  count_body(arrived.size());
  if (arrived.empty() || stream_state().read_to_end()) {
    if (refusal_status_ != 0) {  // for the trailers
      body_unusable_ = true;
      throw HttpError(refusal_status_, refusal_);
    }
    body_done_ = true;
  }
  co_return arrived;
}

ByteStream Http2Exchange::upgrade(std::string_view /*fields*/) {
  throw RuntimeError("HTTP/2 has no upgrade to another protocol");
}

ByteStream Http2Exchange::open_tunnel(const Headers& fields) {
  if (tunnel_) throw RuntimeError("the request was answered already");
  tunnel_ = true;
  status_ = 200;
  framing_ = ResponseFraming();
  framing_.body = BodyFraming::kNone;
  stream_state().set_abort_code(NGHTTP2_CONNECT_ERROR);
  ServerResponse head(status_);
  head.headers() = fields;
  submit_head(head, true);
  return ByteStream(stream_.state());
}

void Http2Exchange::set_websocket(const std::shared_ptr<WebSocketState>& /*ws*/) noexcept {}

// -- the response ---------------------------------------------------------------------------------------------------

Coro<void> Http2Exchange::serve(Http2Exchange& exchange) {
  const Running running(exchange);
  try {
    auto answering = exchange.answer();
    co_await std::move(answering);
  } catch (const Error&) {  // the client is gone or too slow, or a producer failed, which was told
    if (exchange.open_) exchange.stream_.abort();
  }
}

Coro<void> Http2Exchange::answer() {
  std::optional<ServerResponse> response;
  std::exception_ptr error;
  if (refusal_status_ != 0) {
    response = ServerResponse::error(refusal_status_, refusal_);
  } else {
    try {
      auto handling = handle();
      response.emplace(co_await std::move(handling));
    } catch (const CancelledError&) {
      throw;
    } catch (...) {
      error = std::current_exception();
    }
    if (tunnel_) {
      end_tunnel(error);
      co_return;
    }
    if (error) response = response_to(error);
  }
  if (!response) {
    status_ = kClientClosedRequest;
    if (open_) stream_.abort();
    co_return;
  }
  compress_response(request_, *response);
  frame_response(*response, BodyFraming::kUntilClose);
  if (!open_) co_return;
  std::string_view body;
  if (small_body(*response, body)) {
    if (!body.empty()) stream_.send_nowait(body);
    body_sent_ = body.size();
    stream_state().finish_output();
    submit_head(*response, !body.empty());
  } else {
    stream_state().set_abort_code(NGHTTP2_INTERNAL_ERROR);
    if (!response->producer()) submit_head(*response, true);
    response_ = &*response;
    auto sending = send_body(*response);
    co_await std::move(sending);
    if (open_) stream_state().finish_output();
  }
  keep_spare(std::move(*response));
}

StreamDrain Http2Exchange::write(std::string_view bytes, std::uint64_t written_before) {
  check_length(bytes.size(), written_before);
  if (!head_sent_) submit_head(*response_, true);
  body_sent_ += bytes.size();
  stream_.expires_after(state_->options.send_timeout);
  if (!bytes.empty()) stream_.send_nowait(bytes);
  return stream_.drain();
}

StreamDrain Http2Exchange::end_body(const Headers& trailers) {
  stream_state().set_trailers(trailers);
  return stream_.send_all("");
}

void Http2Exchange::submit_head(const ServerResponse& response, bool has_body) {
  head_sent_ = true;
  if (!open_) return;
  const std::string status = std::to_string(status_);
  const std::string length = std::to_string(framing_.length);
  const std::string_view date = state_->date();
  const std::string& server = state_->options.server_name;
  std::vector<nghttp2_nv>& fields = session_.fields();
  fields.clear();
  fields.push_back(http2_field(":status", status));
  fields.push_back(http2_field("date", date));
  if (!server.empty()) fields.push_back(http2_field("server", server));
  for (const auto& [name, value] : response.headers())
    if (!is_framing_field(name, response.producer() != nullptr) && !is_connection_field(name))
      fields.push_back(http2_field(name, value));
  if (framing_.body == BodyFraming::kLength) fields.push_back(http2_field("content-length", length));
  session_.submit_response(stream_state(), has_body);
}

// -- the end --------------------------------------------------------------------------------------------------------

// A handler may have said all it had to say long before; the client, too, but who has not is told that nobody listens.
void Http2Exchange::end_tunnel(const std::exception_ptr& error) {
  report_of_owner(error);
  if (!open_) return;
  if (!stream_.is_closing()) stream_.abort();
  else if (output_over_ && !stream_state().input_complete()) session_.reset(id_, NGHTTP2_NO_ERROR);
}

bool Http2Exchange::output_complete() noexcept {
  output_over_ = true;
  return !(tunnel_ && running_);
}

void Http2Exchange::stream_closed() noexcept {
  open_ = false;
  if (!tunnel_) watch_.client_went();
}

void Http2Exchange::finish() {
  running_ = open_ = false;
  if (EventLoop* const loop = running_loop_or_null(); loop && status_ != 0) {
    try {
      log();
    } catch (...) {  // nothing may pass through nghttp2
      loop->call_exception_handler(ErrorContext("Error in the access log", std::current_exception()));
    }
  }
  unlogged_ = false;
  begin_exchange();  // what the request's handlers kept goes now
  stream_.close();
  stream_ = ByteStream();
}

void Http2Exchange::give_up() noexcept { stream_.abort(); }

}  // namespace corolla::inline v0::http
