// SPDX-License-Identifier: Apache-2.0
#include "net/transport/transport_state.hpp"

#include "backend/backend.hpp"

#include <corolla/net/tls_error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/log.hpp>

#include <algorithm>
#include <cstring>
#include <string>

namespace corolla {
inline namespace v0 {

namespace {

// From this write to a lost connection on they are logged; asyncio's number.
constexpr std::uint32_t kPatience = 5;
constexpr std::size_t kDefaultHigh = 64 * 1024;

[[nodiscard]] bool is_the_networks(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const OSError&) {
    return true;
  } catch (const TlsError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

TransportState::TransportState(ByteStream stream, std::shared_ptr<Protocol> protocol)
    : core_(stream.state()->core()),
      stream_(std::move(stream)),
      below_(stream_.state()),
      protocol_(std::move(protocol)),
      addresses_(below_->peername(), below_->sockname()) {
  EventLoop* const loop = core_.loop();
  if (!loop) throw RuntimeError("a transport needs a loop that is not closed");
  if (below_->closing()) throw RuntimeError("a transport needs a stream that is not closed");
  below_->set_layer(this);
  core_.retain();
  loop->io().residents().add(*this);
  retain();
  schedule_turn();
}

TransportState::~TransportState() { core_.release(); }

void TransportState::report(const char* message, std::exception_ptr error) noexcept {
  try {
    if (core_.loop()) core_.loop()->call_exception_handler(ErrorContext(message, std::move(error)));
  } catch (...) {  // out of memory: nobody can be told
  }
}

void TransportState::set_protocol(std::shared_ptr<Protocol> protocol) {
  if (!protocol) throw ValueError("a transport needs a protocol");
  if (told_lost_) return;
  protocol_.swap(protocol);
  if (delivering_ && !replaced_) replaced_ = std::move(protocol);
}

// -- the turns ----------------------------------------------------------------------------------------------------

void TransportTurn::run() noexcept { static_cast<TransportState*>(this)->take_turn(); }
void TransportTurn::drop() noexcept { static_cast<TransportState*>(this)->release(); }
void TransportLastTurn::run() noexcept { static_cast<TransportState*>(this)->tell_lost(); }
void TransportLastTurn::drop() noexcept { static_cast<TransportState*>(this)->release(); }

void TransportState::schedule_turn() noexcept {
  if (turn_scheduled_) return;
  turn_scheduled_ = true;
  retain();
  core_.call_soon(static_cast<TransportTurn&>(*this));
}

void TransportState::take_turn() noexcept {
  const auto held = FutureRef<TransportState>::adopt(this);
  turn_scheduled_ = false;
  if (!made_) tell_made();
  else deliver();
}

void TransportState::tell_made() noexcept {
  try {
    const std::shared_ptr<Protocol> protocol = protocol_;
    protocol->connection_made(Transport(FutureRef<TransportState>::share(this)));
  } catch (...) {
    report("protocol.connection_made() failed", std::current_exception());
  }
  made_ = true;
  if (waits_until_made_.valid() && !waits_until_made_.done()) waits_until_made_.set_result();
  go_on_reading();
}

void TransportState::tell_lost() noexcept {
  const auto held = FutureRef<TransportState>::adopt(this);
  told_lost_ = true;
  try {
    protocol_->connection_lost(error_);
  } catch (...) {
    report("protocol.connection_lost() failed", std::current_exception());
  }
  leave();
  while (Waiter* waiter = waiting_until_gone_.pop_front()) {
    TaskBase& task = static_cast<WakeUp*>(waiter)->task();
    if (task.waiting()) task.wake();
  }
}

void TransportState::loop_closed() noexcept {
  const auto held = FutureRef<TransportState>::share(this);
  if (core_.debug() && !closing_) log(LogLevel::kWarning, "unclosed transport");
  closing_ = lost_ = told_lost_ = true;
  leave();
}

// No resident from now on. What dies here may call back: it finds everything closed.
void TransportState::leave() noexcept {
  leave_circle();
  if (!securing_) below_->set_layer(nullptr);
  const ByteStream stream = std::move(stream_);
  const FutureRef<StreamState> below = std::exchange(below_, {});
  const std::shared_ptr<Protocol> protocol = std::move(protocol_);
  release();
}

Future<void> TransportState::made() {
  waits_until_made_ = core_.loop()->create_future<void>();
  if (made_) waits_until_made_.set_result();
  return waits_until_made_;
}

void TransportState::wait_until_gone(TaskBase& task) noexcept {
  waiting_until_gone_.push_back(task);
  task.wait();
}

void TransportState::stop_waiting(TaskBase& task) noexcept {
  if (task.linked()) waiting_until_gone_.remove(task);
}

// -- receiving ----------------------------------------------------------------------------------------------------

void TransportState::pause_reading() noexcept {
  if (!reading()) return;
  if (wants_bytes()) below_->unwant_for_layer();
  paused_ = true;
}

void TransportState::resume_reading() noexcept {
  if (closing_ || !paused_) return;
  paused_ = false;
  go_on_reading();
}

// While the protocol is being given something, that goes on by itself.
void TransportState::go_on_reading() noexcept {
  if (delivering_ || !wants_bytes()) return;
  if (below_->can_receive() || !below_->input().unread().empty()) schedule_turn();
  else below_->want_for_layer();
}

void TransportState::below_received(bool now) noexcept {
  if (!wants_bytes()) return;
  if (now) deliver();
  else schedule_turn();
}

void TransportState::deliver() noexcept {
  if (delivering_ || !wants_bytes()) return;
  const auto keep = FutureRef<TransportState>::share(this);
  delivering_ = true;
  while (wants_bytes() && !below_->input().unread().empty() && hand_over()) replaced_.reset();
  delivering_ = false;
  replaced_.reset();
  if (!wants_bytes()) return;
  if (below_->receive_error()) fail(below_->receive_error(), "Fatal read error on a transport");
  else if (below_->input_ended()) tell_end();
  else below_->want_for_layer();
}

// False when it failed. The bytes count as consumed before the protocol sees them: whatever it does to the stream
// meanwhile, they stay where they are until more is asked for, which happens after this.
bool TransportState::hand_over() noexcept {
  const char* failed = "protocol.data_received() failed";
  try {
    if (BufferedProtocol* const buffered = protocol_->buffered()) {
      failed = "protocol.get_buffer() or buffer_updated() failed";
      fill_buffers(*buffered);
      return true;
    }
    const std::string_view bytes = below_->input().unread();
    below_->input().consume(bytes.size());
    protocol_->data_received(bytes);
    return true;
  } catch (...) {
    fail(std::current_exception(), failed);
    return false;
  }
}

void TransportState::fill_buffers(BufferedProtocol& protocol) {
  ReceiveBuffer& input = below_->input();
  while (wants_bytes() && protocol_.get() == &protocol && !input.unread().empty()) {
    const std::span<char> place = protocol.get_buffer(BufferedProtocol::kNoHint);
    if (place.empty()) throw RuntimeError("get_buffer() returned an empty buffer");
    const std::string_view bytes = input.unread().substr(0, place.size());
    std::memcpy(place.data(), bytes.data(), bytes.size());
    input.consume(bytes.size());
    protocol.buffer_updated(bytes.size());
  }
}

void TransportState::tell_end() noexcept {
  ended_ = true;
  bool keep_open = false;
  try {
    const std::shared_ptr<Protocol> protocol = protocol_;
    keep_open = protocol->eof_received();
  } catch (...) {
    fail(std::current_exception(), "protocol.eof_received() failed");
    return;
  }
  if (keep_open && below_ && below_->tls()) {
    log(LogLevel::kWarning, "true from eof_received() has no effect over TLS");
    keep_open = false;
  }
  // A pipe's write_eof() has closed the stream: nothing is left to stay open for.
  if (!keep_open || (below_ && below_->closing())) close();
}

// -- sending ------------------------------------------------------------------------------------------------------

void TransportState::write(const std::string_view* pieces, std::size_t count) {
  if (eof_written_) throw RuntimeError("cannot write: write_eof() was called");
  if (sending_file_) throw RuntimeError("cannot write: sendfile is in progress");
  if (securing_) throw RuntimeError("cannot write: start_tls is in progress");
  if (std::all_of(pieces, pieces + count, [](std::string_view piece) { return piece.empty(); })) return;
  if (lost() || below_->closing()) {
    if (++writes_in_vain_ >= kPatience) log(LogLevel::kWarning, "a transport whose connection is lost is written to");
    return;
  }
  const auto keep = FutureRef<StreamState>(below_);
  keep->send(pieces, count);
  pause_protocol();
}

void TransportState::write_eof() {
  if (closing_ || eof_written_) return;
  if (sending_file_ || securing_) throw RuntimeError("cannot write the end: sendfile or start_tls is in progress");
  below_->send_eof();
  eof_written_ = true;
}

void TransportState::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  const std::size_t high_mark = high ? *high : low ? 4 * *low : kDefaultHigh;
  const std::size_t low_mark = low ? *low : high_mark / 4;
  if (low_mark > high_mark) throw ValueError("the high water mark must not be below the low one");
  high_ = high_mark;
  low_ = low_mark;
  pause_protocol();
}

void TransportState::pause_protocol() noexcept {
  if (protocol_paused_ || lost() || (unsent() <= high_ && !sending_file_)) return;
  protocol_paused_ = true;
  try {
    const std::shared_ptr<Protocol> protocol = protocol_;
    protocol->pause_writing();
  } catch (...) {
    report("protocol.pause_writing() failed", std::current_exception());
  }
}

void TransportState::resume_protocol() noexcept {
  if (!protocol_paused_ || lost() || sending_file_ || securing_ || unsent() > low_) return;
  protocol_paused_ = false;
  try {
    const std::shared_ptr<Protocol> protocol = protocol_;
    protocol->resume_writing();
  } catch (...) {
    report("protocol.resume_writing() failed", std::current_exception());
  }
}

void TransportState::below_moved() noexcept {
  if (lost() || !core_.loop()) return;
  const auto keep = FutureRef<TransportState>::share(this);
  if (below_->send_error()) {
    fail(below_->send_error(), "Fatal write error on a transport");
    return;
  }
  resume_protocol();
  close_when_sent();
}

FutureRef<StreamState> TransportState::begin_file() {
  if (closing_) throw RuntimeError("sendfile: the transport is closing");
  if (eof_written_) throw RuntimeError("sendfile: write_eof() was called");
  if (sending_file_ || securing_) throw RuntimeError("sendfile: the transport is busy with a file or with start_tls");
  if (wants_bytes()) below_->unwant_for_layer();
  sending_file_ = true;
  pause_protocol();
  return below_;
}

void TransportState::end_file() noexcept {
  sending_file_ = false;
  if (lost() || !core_.loop()) return;
  resume_protocol();
  close_when_sent();
  go_on_reading();
}

// -- life ---------------------------------------------------------------------------------------------------------

void TransportState::close() noexcept {
  if (closing_) return;
  if (securing_) {
    lose(nullptr);
    return;
  }
  const auto keep = FutureRef<TransportState>::share(this);
  if (wants_bytes()) below_->unwant_for_layer();
  closing_ = true;
  close_when_sent();
}

// What is written after close() still leaves as long as there is something before it, as in asyncio; TLS has said goodbye.
void TransportState::close_when_sent() noexcept {
  if (!closing_ || lost() || sending_file_) return;
  if (below_->tls() != nullptr || below_->unsent() == 0) below_->close();
  if (!lost() && below_->closed()) lose(nullptr);
}

void TransportState::lose(std::exception_ptr error) noexcept {
  if (lost()) return;
  closing_ = lost_ = true;
  error_ = std::move(error);
  retain();
  core_.call_soon(static_cast<TransportLastTurn&>(*this));
  below_->abort();
}

void TransportState::fail(std::exception_ptr error, const char* message) noexcept {
  if (lost()) return;
  if (!is_the_networks(error)) report(message, error);
  else if (core_.debug()) log(LogLevel::kDebug, message);
  lose(std::move(error));
}

// -- start_tls ----------------------------------------------------------------------------------------------------

ByteStream TransportState::begin_start_tls(std::shared_ptr<Protocol> protocol) {
  if (closing_) throw RuntimeError("start_tls: the transport is closing");
  if (!made_ || delivering_ || eof_written_ || sending_file_ || securing_)
    throw RuntimeError("start_tls: the transport is busy");
  set_protocol(std::move(protocol));
  if (wants_bytes()) below_->unwant_for_layer();
  below_->set_layer(nullptr);
  securing_ = true;
  return std::move(stream_);
}

void TransportState::end_start_tls(ByteStream secured) {
  if (lost()) return;
  secured.state()->set_layer(this);
  stream_ = std::move(secured);
  below_ = stream_.state();
  securing_ = ended_ = paused_ = false;
  go_on_reading();
  resume_protocol();
}

}  // namespace v0
}  // namespace corolla
