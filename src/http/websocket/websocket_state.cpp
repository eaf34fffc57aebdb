// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_state.hpp"

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

// Small enough to end a task that does not look at what it receives.
constexpr unsigned kMostToldClosed = 5;
// A peer that asks for pongs and reads none of them gets no more of them above this much.
constexpr std::size_t kMostUnsentForPong = std::size_t{1} << 20U;
// After an error of the peer's: how long, and how much, of what it still sends is dropped.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::uint64_t kLingerBytes = std::uint64_t{4} << 20U;
// Buffers above this are not kept for the next message.
constexpr std::size_t kMostKept = std::size_t{256} * 1024;
constexpr std::size_t kMostReason = kMostWsControlPayload - 2;

void drop_if_large(std::string& buffer) {
  if (buffer.capacity() > kMostKept) std::string().swap(buffer);
}

}  // namespace

/// The task that reads.
class WebSocketState::Reading {
 public:
  explicit Reading(WebSocketState& state) : state_(state) {
    state_.reading_ = true;
    state_.reader_left_.clear();
    if (state_.heartbeat_) state_.resume_heartbeat();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    state_.reading_ = false;
    if (state_.heartbeat_) state_.pause_heartbeat();
    state_.reader_left_.set();
  }

 private:
  WebSocketState& state_;
};

WebSocketState::WebSocketState(ByteStream stream, WsRole role, const WebSocketOptions& options, std::string protocol,
                               const std::optional<DeflateAgreement>& deflate)
    : stream_(std::move(stream)),
      role_(role),
      heartbeat_(options.heartbeat),
      close_timeout_(options.close_timeout),
      autoping_(options.autoping),
      autoclose_(options.autoclose),
      protocol_(std::move(protocol)),
      reader_(role, options.max_message_size) {
  stream_.never_expires();
  if (!deflate) return;
  const DeflateAgreement& agreed = *deflate;
  const bool client = role == WsRole::kClient;
  deflater_.emplace(client ? agreed.client_max_window_bits : agreed.server_max_window_bits,
                    !(client ? agreed.client_no_context_takeover : agreed.server_no_context_takeover));
  reader_.use_deflate(!(client ? agreed.server_no_context_takeover : agreed.client_no_context_takeover));
}

WebSocketState::~WebSocketState() { stop_heartbeat(); }

// -- sending --------------------------------------------------------------------------------------------------------

StreamDrain WebSocketState::send(WsOpcode opcode, std::string_view payload) {
  if (closing() || close_received_) throw ClientConnectionError("the WebSocket is closing");
  if (is_control(opcode) && payload.size() > kMostWsControlPayload)
    throw ValueError("a control frame has at most 125 bytes of payload");
  if (opcode == WsOpcode::kText && !is_utf8(payload)) throw ValueError("the text is not UTF-8");
  if (!is_control(opcode) && deflater_ && deflater_->can_compress()) {
    deflater_->compress(payload, deflated_);
    write_frame(opcode, deflated_, true);
    drop_if_large(deflated_);
  } else {
    write_frame(opcode, payload, false);
  }
  return stream_.drain();
}

void WebSocketState::write_frame(WsOpcode opcode, std::string_view payload, bool compressed) {
  WsFrameHeader header;
  header.opcode = opcode;
  header.rsv1 = compressed;
  header.payload_size = payload.size();
  char head[kMostWsHeader];
  if (role_ == WsRole::kServer) {
    const std::size_t size = write_frame_header(head, header);
    const std::string_view pieces[] = {std::string_view(head, size), payload};
    stream_.state()->send(pieces, 2);
    return;
  }
  header.masked = true;
  header.mask = random_mask();
  const std::size_t size = write_frame_header(head, header);
  masked_.assign(head, size);
  masked_.append(payload);
  char* const behind_head = masked_.data() + size;
  apply_mask(behind_head, behind_head, payload.size(), header.mask);
  stream_.send_nowait(masked_);
  drop_if_large(masked_);
}

void WebSocketState::send_close(int code, std::string_view reason) {
  std::string payload;
  if (code != kWsNoStatus) {
    payload.push_back(static_cast<char>(code / 256));
    payload.push_back(static_cast<char>(code % 256));
    payload.append(reason);
  }
  close_sent_ = true;
  sent_code_ = code;
  if (!stream_.is_closing()) write_frame(WsOpcode::kClose, payload, false);
}

// -- receiving ------------------------------------------------------------------------------------------------------

Coro<WsMessage> WebSocketState::receive(std::shared_ptr<WebSocketState> self) {
  WebSocketState& state = *self;
  // close() reads: what it leaves is the end.
  while (state.reading_ && state.close_sent_) co_await state.reader_left_.wait();
  if (state.reading_) throw RuntimeError("another task receives from this WebSocket");
  if (state.closed_ && ++state.told_closed_ > kMostToldClosed) throw RuntimeError("the WebSocket is closed");
  const Reading reading(state);
  auto receiving = state.next_message();
  co_return co_await std::move(receiving);
}

Coro<WsMessage> WebSocketState::next_message() {
  for (;;) {
    if (closed_ || close_received_) co_return closed_message();
    std::exception_ptr error;
    int code = 0;
    std::string why;
    try {
      if (std::optional<WsMessage> message = take_buffered()) co_return std::move(*message);
    } catch (const WebSocketError& refused) {
      error = std::current_exception();
      code = refused.code();
      why = refused.what();
    }
    if (error) {
      auto telling = tell_error(code, std::move(why));
      co_await std::move(telling);
      co_return WsMessage(WsMsgType::kError, {}, close_code_, std::move(error));
    }
    bool ended = false;
    try {
      const std::string_view arrived = co_await stream_.receive();
      ended = arrived.empty();
    } catch (const CancelledError&) {
      throw;
    } catch (...) {
      error = std::current_exception();
    }
    if (ended || error) co_return connection_ended(error);
    if (heartbeat_) heard();
  }
}

// What is in the buffer, up to something for the caller.
std::optional<WsMessage> WebSocketState::take_buffered() {
  for (;;) {
    std::string_view input = stream_.buffered();
    const std::size_t before = input.size();
    const WsEvent event = reader_.next(input);
    stream_.consume(before - input.size());
    switch (event) {
      case WsEvent::kNeedMore: return std::nullopt;
      case WsEvent::kClose: return take_close();
      default: break;
    }
    if (close_sent_) continue;
    switch (event) {
      case WsEvent::kText: return WsMessage(WsMsgType::kText, std::move(reader_.message()));
      case WsEvent::kBinary: return WsMessage(WsMsgType::kBinary, std::move(reader_.message()));
      case WsEvent::kPing:
        if (!autoping_) return WsMessage(WsMsgType::kPing, std::string(reader_.control()));
        if (stream_.unsent() <= kMostUnsentForPong) write_frame(WsOpcode::kPong, reader_.control(), false);
        break;
      case WsEvent::kPong:
        if (!autoping_) return WsMessage(WsMsgType::kPong, std::string(reader_.control()));
        break;
      default: break;
    }
  }
}

std::optional<WsMessage> WebSocketState::take_close() {
  close_received_ = true;
  const int code = reader_.close_code();
  close_reason_ = reader_.control();
  if (close_sent_) {
    finish(code == kWsNoStatus ? sent_code_ : code);
    return closed_message();
  }
  close_code_ = code;
  if (autoclose_) {
    send_close(code, {});
    finish(code);
  }
  return WsMessage(WsMsgType::kClose, close_reason_, code);
}

Coro<void> WebSocketState::tell_error(int code, std::string reason) {
  stop_heartbeat();
  if (!close_sent_) send_close(code, std::string_view(reason).substr(0, kMostReason));
  close_code_ = code;
  if (!stream_.can_send_eof()) {  // TLS, which waits for the peer by itself
    finish(code);
    co_return;
  }
  std::uint64_t dropped = 0;
  try {
    stream_.expires_after(std::min<std::chrono::nanoseconds>(close_timeout_, kLingerTime));
    stream_.send_eof();
    while (dropped <= kLingerBytes) {
      dropped += stream_.buffered().size();
      stream_.consume(stream_.buffered().size());
      const std::string_view arrived = co_await stream_.receive();
      if (arrived.empty()) break;
    }
  } catch (const CancelledError&) {
    finish(code);
    throw;
  } catch (const Error&) {  // it went away by itself, or takes too long
  }
  finish(code);
}

WsMessage WebSocketState::connection_ended(const std::exception_ptr& error) {
  const bool expected = close_sent_;
  finish(kWsAbnormalClosure);
  if (failure_) return WsMessage(WsMsgType::kError, {}, kWsAbnormalClosure, failure_);
  if (error && !expected) return WsMessage(WsMsgType::kError, {}, kWsAbnormalClosure, error);
  return closed_message();
}

// -- closing --------------------------------------------------------------------------------------------------------

Coro<bool> WebSocketState::close(std::shared_ptr<WebSocketState> self, int code, std::string reason) {
  WebSocketState& state = *self;
  if (!is_close_code(code)) throw ValueError("no WebSocket closes with " + std::to_string(code));
  if (reason.size() > kMostReason || !is_utf8(reason))
    throw ValueError("the reason has to be UTF-8 of at most 123 bytes");
  if (state.closed_) co_return false;
  const bool first = !state.close_sent_;
  if (first) {
    state.send_close(code, reason);
    state.stream_.expires_after(state.close_timeout_);
  }
  if (state.close_received_) {
    state.finish(state.close_code_);
    co_return first;
  }
  try {
    while (!state.closed_) {
      if (state.reading_) {
        co_await state.reader_left_.wait();
        continue;
      }
      const Reading reading(state);
      auto receiving = state.next_message();
      static_cast<void>(co_await std::move(receiving));
    }
  } catch (const CancelledError&) {
    state.stream_.abort();
    state.finish(kWsAbnormalClosure);
    throw;
  }
  co_return first;
}

void WebSocketState::finish(int code) noexcept {
  if (std::exchange(closed_, true)) return;
  stop_heartbeat();
  close_code_ = code;
  stream_.close();
  stream_.expires_after(close_timeout_);
}

void WebSocketState::abandon() noexcept {
  if (closed_) return;
  if (running_loop_or_null() == nullptr) {
    stop_heartbeat();
    stream_.abort();
    closed_ = true;
    return;
  }
  go_away();
  finish(kWsGoingAway);
}

void WebSocketState::go_away() noexcept {
  if (closing()) return;
  try {
    send_close(close_received_ ? close_code_ : kWsGoingAway, {});
    stream_.expires_after(close_timeout_);
  } catch (const std::exception&) {  // no memory for the frame: the connection has to go without
    stream_.abort();
  }
}

// -- heartbeat ------------------------------------------------------------------------------------------------------

// The timer is set anew only when it fires: what arrives meanwhile moves `due_` alone. While nobody reads nobody can hear a
// pong, so that time does not count.
void WebSocketState::resume_heartbeat() {
  const auto now = get_running_loop().time();
  if (left_at_ == std::chrono::steady_clock::time_point()) due_ = now + *heartbeat_;
  else due_ += now - left_at_;
  if (!armed_ && !closing()) arm_heartbeat();
}

void WebSocketState::pause_heartbeat() noexcept {
  if (const EventLoop* loop = running_loop_or_null()) left_at_ = loop->time();
}

void WebSocketState::heard() {
  due_ = get_running_loop().time() + *heartbeat_;
  ping_sent_ = false;
}

void WebSocketState::arm_heartbeat() {
  beat_ = get_running_loop().call_at(due_, [this] { beat(); });
  armed_ = true;
}

void WebSocketState::stop_heartbeat() noexcept {
  if (std::exchange(armed_, false)) beat_.cancel();
}

void WebSocketState::beat() {
  armed_ = false;
  if (closing() || !reading_) return;  // the next one to read arms it again
  const auto now = get_running_loop().time();
  if (now >= due_ && ping_sent_) {
    failure_ = std::make_exception_ptr(TimeoutError("no pong came in time"));
    stream_.abort();  // who reads hears of it
    return;
  }
  if (now >= due_) {
    ping_sent_ = true;
    write_frame(WsOpcode::kPing, {}, false);
    due_ = now + *heartbeat_ / 2;
  }
  arm_heartbeat();
}

}  // namespace corolla::inline v0::http
