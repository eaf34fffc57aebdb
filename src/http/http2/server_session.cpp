// SPDX-License-Identifier: Apache-2.0
#include "http/http2/server_session.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include "http/http2/fields.hpp"
#include "http/server/linger.hpp"
#include "http/server/reset_connection.hpp"

#include <algorithm>
#include <cerrno>

namespace corolla::inline v0::http {

namespace {

// What a client may send before a handler reads it, on one stream and on all.
constexpr std::uint32_t kStreamWindow = 256 * 1024;
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
// Streams a client may reset in vain: at first, and again each second.
constexpr std::size_t kMostResets = 500;
constexpr std::size_t kResetsPerSecond = 50;

}  // namespace

Coro<void> serve_http2(std::shared_ptr<WebServerState> state, ByteStream stream) {
  struct Owner {
    explicit Owner(Http2ServerSession* made) noexcept : session(FutureRef<Http2ServerSession>::adopt(made)) {}
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() { session->end(); }
    FutureRef<Http2ServerSession> session;
  } const owner(new Http2ServerSession(std::move(state), std::move(stream)));
  Http2ServerSession& session = *owner.session;
  auto body = [&session](TaskGroup& group) -> Coro<void> {
    auto running = session.serve(group);
    co_await std::move(running);
  };
  co_await task_group(body);
}

Http2ServerSession::Http2ServerSession(std::shared_ptr<WebServerState> state, ByteStream stream)
    : Http2Session(Role::kServer, std::move(stream)),
      state_(std::move(state)),
      idle_since_(now()),
      head_since_(idle_since_),
      resets_refilled_at_(idle_since_),
      resets_left_(kMostResets) {
  state_->add(*this);
}

Http2ServerSession::~Http2ServerSession() { state_->remove(*this); }

void Http2ServerSession::end() noexcept {
  shut(StreamState::os_error(ECONNRESET, "the connection ended"));
  group_ = nullptr;
}

// -- the connection's task --------------------------------------------------------------------------------------------

// What was queued when it failed, a GOAWAY, is sent before it closes.
Coro<void> Http2ServerSession::serve(TaskGroup& group) {
  group_ = &group;
  bool peaceful = false;
  try {
    submit_settings();
    for (;;) {
      take_buffered();
      if (finished()) break;
      set_deadline();
      bool late = false;
      try {
        waiting_ = true;
        const std::string_view arrived = co_await stream().receive();
        waiting_ = false;
        if (arrived.empty()) break;
      } catch (const TimeoutError&) {
        waiting_ = false;
        late = true;
      }
      if (late && !timed_out()) break;
    }
    peaceful = !stream().at_eof();
  } catch (const HttpProtocolError&) {
    submit_goaway(NGHTTP2_ENHANCE_YOUR_CALM);
    end_turn();
    peaceful = true;
  } catch (const Error&) {  // the connection broke
  }
  waiting_ = false;
  end();
  if (!peaceful || stream().is_closing()) {
    stream().close();
    stream().expires_after(kLingerTime);
    co_return;
  }
  try {
    auto lingering = linger(stream());
    co_await std::move(lingering);
  } catch (const Error&) {  // the client is gone
  }
}

void Http2ServerSession::take_buffered() {
  const std::string_view bytes = stream().buffered();
  begin_turn();
  feed(bytes);
  stream().consume(bytes.size());
  start_exchanges();
  end_turn();
}

void Http2ServerSession::start_exchanges() {
  static const TaskOptions eager = TaskOptions().eager_start();
  for (std::size_t i = 0; i < ready_.size(); ++i)
    group_->create_task(eager, Http2Exchange::serve, std::ref(*ready_[i]));
  ready_.clear();
}

void Http2ServerSession::submit_settings() {
  const auto frames = static_cast<std::uint32_t>(std::min<std::size_t>(state_->options.parser.header_block, 1U << 30U));
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, std::max<std::uint32_t>(state_->options.max_concurrent_streams, 1)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, frames},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  nghttp2_submit_settings(native(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(native(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

void Http2ServerSession::set_deadline() {
  const WebServerOptions& options = state_->options;
  auto deadline = StreamState::time_point::max();
  if (head_of_ != 0) deadline = std::min(deadline, head_since_ + options.header_timeout);
  if (open_streams() == 0) deadline = std::min(deadline, idle_since_ + options.keepalive_timeout);
  if (oldest_answered_) deadline = std::min(deadline, oldest_answered_->answered_at() + options.send_timeout);
  if (pumping()) deadline = std::min(deadline, output_moved_at() + options.send_timeout);
  if (deadline == StreamState::time_point::max()) stream().never_expires();
  else stream().expires_at(deadline);
}

bool Http2ServerSession::timed_out() {
  const WebServerOptions& options = state_->options;
  const auto time = now();
  if (pumping() && output_moved_at() + options.send_timeout <= time) {
    reset_connection(stream());
    return false;
  }
  while (oldest_answered_ && oldest_answered_->answered_at() + options.send_timeout <= time) {
    Http2Exchange& exchange = *oldest_answered_;
    forget_answered(exchange);
    exchange.give_up();
  }
  const bool slow_head = head_of_ != 0 && head_since_ + options.header_timeout <= time;
  const bool idle = open_streams() == 0 && idle_since_ + options.keepalive_timeout <= time;
  if (!slow_head && !idle) return true;
  submit_goaway(NGHTTP2_NO_ERROR);
  flush();
  return false;
}

void Http2ServerSession::server_closes() noexcept {
  going_away_ = true;
  submit_goaway(NGHTTP2_NO_ERROR);
  flush_soon();
}

void Http2ServerSession::session_finished() noexcept {
  if (waiting_) stream().close();  // its wait ends with the end of the stream
}

void Http2ServerSession::needs_pump() {
  if (group_) group_->create_task(pump());
}

// -- requests -------------------------------------------------------------------------------------------------------

void Http2ServerSession::head_begins(std::int32_t id, Http2Stream* stream) {
  if (head_of_ == 0) head_since_ = now();
  head_of_ = id;
  if (stream) return;  // trailers
  const std::size_t most = 2 * std::size_t{std::max<std::uint32_t>(state_->options.max_concurrent_streams, 1)};
  if (unused_.empty() && exchanges_.size() >= most) {
    reset(id, NGHTTP2_REFUSED_STREAM);
    head_of_ = 0;  // nobody is told of its end
    return;
  }
  if (unused_.empty()) {
    exchanges_.push_back(std::make_unique<Http2Exchange>(*this, state_));
    unused_.reserve(exchanges_.size());
    unused_.push_back(exchanges_.back().get());
  }
  Http2Exchange& exchange = *unused_.back();
  unused_.pop_back();
  Http2ServerStream& begun = exchange.begin(id);
  attach(begun);
  nghttp2_session_set_stream_user_data(native(), id, &begun);
}

bool Http2ServerSession::field_arrived(Http2Stream& stream, std::string_view name, std::string_view value) {
  return static_cast<Http2ServerStream&>(stream).exchange.add_field(name, value);
}

bool Http2ServerSession::head_complete(Http2Stream& stream, bool last) {
  head_of_ = 0;
  Http2Exchange& exchange = static_cast<Http2ServerStream&>(stream).exchange;
  if (!exchange.head_complete(last)) return true;
  ready_.push_back(&exchange);
  const std::size_t most = state_->options.max_requests_per_connection;
  if (++requests_ == most || (state_->closing() && !going_away_)) {
    going_away_ = true;
    nghttp2_submit_goaway(native(), NGHTTP2_FLAG_NONE, stream.id(), NGHTTP2_NO_ERROR, nullptr, 0);
  }
  return true;
}

void Http2ServerSession::submit_response(Http2ServerStream& stream, bool has_body) {
  const nghttp2_data_provider body = body_of(stream);
  const int failed =
      nghttp2_submit_response(native(), stream.id(), fields_.data(), fields_.size(), has_body ? &body : nullptr);
  if (failed == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
  flush_soon();
}

void Http2ServerSession::submit_continue(Http2ServerStream& stream) {
  const nghttp2_nv status = http2_field(":status", "100");
  nghttp2_submit_headers(native(), NGHTTP2_FLAG_NONE, stream.id(), nullptr, &status, 1, nullptr);
  flush_soon();
}

// A client that still sends its body is told to stop (RFC 9113, section 8.1).
void Http2ServerSession::output_complete(Http2Stream& stream) {
  const bool unheard = static_cast<Http2ServerStream&>(stream).exchange.output_complete();
  if (unheard && !stream.input_complete()) reset(stream.id(), NGHTTP2_NO_ERROR);
}

void Http2ServerSession::goaway_arrived(std::int32_t /*last_stream_id*/) {}

std::exception_ptr Http2ServerSession::stream_error(Http2Stream& /*stream*/, std::uint32_t /*code*/) {
  return StreamState::os_error(ECONNRESET, "the request was reset");
}

void Http2ServerSession::stream_closes(Http2Stream& stream, std::uint32_t code) {
  if (stream.id() == head_of_) head_of_ = 0;
  Http2Exchange& exchange = static_cast<Http2ServerStream&>(stream).exchange;
  if (exchange.answered()) forget_answered(exchange);
  const bool our_own = stream.closing();
  exchange.stream_closed();
  if (open_streams() == 0) idle_since_ = now();
  const bool unstarted = std::erase(ready_, &exchange) > 0;
  if (exchange.over() || unstarted) recycle(exchange);
  if (code == NGHTTP2_NO_ERROR || our_own || dead() || spend_reset() || std::exchange(going_away_, true)) return;
  nghttp2_session_terminate_session(native(), NGHTTP2_ENHANCE_YOUR_CALM);
}

bool Http2ServerSession::spend_reset() noexcept {
  const auto time = now();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time - resets_refilled_at_);
  if (seconds.count() > 0) {
    resets_refilled_at_ += seconds;
    resets_left_ = std::min(kMostResets, resets_left_ + static_cast<std::size_t>(seconds.count()) * kResetsPerSecond);
  }
  if (resets_left_ == 0) return false;
  --resets_left_;
  return true;
}

void Http2ServerSession::answered(Http2Exchange& exchange) noexcept {
  if (exchange.over()) {
    recycle(exchange);
    return;
  }
  exchange.older = newest_answered_;
  exchange.newer = nullptr;
  (newest_answered_ ? newest_answered_->newer : oldest_answered_) = &exchange;
  newest_answered_ = &exchange;
}

void Http2ServerSession::forget_answered(Http2Exchange& exchange) noexcept {
  if (!exchange.older && oldest_answered_ != &exchange) return;
  (exchange.older ? exchange.older->newer : oldest_answered_) = exchange.newer;
  (exchange.newer ? exchange.newer->older : newest_answered_) = exchange.older;
  exchange.older = exchange.newer = nullptr;
}

void Http2ServerSession::recycle(Http2Exchange& exchange) {
  exchange.finish();
  unused_.push_back(&exchange);
}

}  // namespace corolla::inline v0::http
