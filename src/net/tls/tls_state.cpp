// SPDX-License-Identifier: Apache-2.0
#include "net/tls/tls_state.hpp"

#include "net/stream/socket_state.hpp"

#include <corolla/net/tls_error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/err.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;
// Records that wait in the stream below.
constexpr std::size_t kMostBelow = 256 * 1024;
constexpr std::size_t kFewBelow = kMostBelow / 4;

}  // namespace

// -- receiving ----------------------------------------------------------------------------------------------------

bool TlsState::wants_bytes() const noexcept {
  return phase_ == Phase::kHandshaking || phase_ == Phase::kGoodbye ||
         (phase_ == Phase::kOpen && (receiver_waits() || watched_));
}

bool TlsState::records_left() const noexcept { return !wire_.input.unread().empty() || SSL_pending(ssl_.get()) > 0; }

void TlsState::ask_below() noexcept {
  if (records_left()) below_received(false);
  else below().want_for_layer();
}

void TlsState::want_bytes() noexcept {
  watched_ = false;
  input_.release_if_empty();
  if (phase_ == Phase::kFailed || closed()) return;
  if (!telling_ || !records_left()) ask_below();
}

void TlsState::unwant_bytes() noexcept {
  if (phase_ == Phase::kOpen && !watched_) below().unwant_for_layer();
}

// What arrives while nobody waits is read at once: tickets mean nothing, all else makes the stream not quiet.
void TlsState::watch_idle() {
  input_.release_if_empty();
  if (phase_ != Phase::kOpen || closing() || can_receive()) return;
  watched_ = true;
  ask_below();
}

std::exception_ptr TlsState::shake_hands() noexcept {
  if (!context_->server && !answered_in_http_) answered_in_http_ = wire_.input.unread().starts_with("HTTP/");
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    phase_ = Phase::kOpen;
    return nullptr;
  }
  if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) return openssl_failure();
  if (below().receive_error()) return below().receive_error();
  if (!below().input_ended()) return nullptr;
  try {
    return os_error(ECONNRESET, "TLS handshake with " + peer() + ": the peer closed the connection");
  } catch (...) {
    return std::current_exception();
  }
}

// While one large record follows the other, OpenSSL keeps the memory it works in: taking it anew for each would cost a
// twentieth of the time. The last one gives it back: a connection that idles has none as a rule, and those that take turns
// share what is in the processor's cache.
void TlsState::keep_buffers(bool keep) noexcept {
  if (std::exchange(buffers_kept_, keep) == keep) return;
  if (keep) SSL_clear_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
  else SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
}

// OpenSSL takes no more from the wire than the record it works on, so an empty wire means that no record is complete.
TlsState::Arrived TlsState::read_records() noexcept {
  Arrived arrived;
  char dropped[4096];
  // Once, for a read that succeeds leaves no error behind; and looking is cheaper than clearing what is empty.
  if (ERR_peek_error() != 0) ERR_clear_error();
  while (records_left()) {
    if (input_.fresh_size() >= kRecord && !closing()) return arrived;
    std::size_t count = 0;
    int result = 0;
    if (closing()) {
      result = SSL_read_ex(ssl_.get(), dropped, sizeof dropped, &count);
    } else {
      keep_buffers(wire_.input.unread().size() > kRecord * 3 / 2);
      try {
        const ReceiveBuffer::Room room = input_.prepare();
        result = SSL_read_ex(ssl_.get(), room.data, room.size, &count);
      } catch (...) {
        arrived.error = std::current_exception();
        return arrived;
      }
      input_.commit(count);
      arrived.bytes = arrived.bytes || count > 0;
    }
    if (result == 1) continue;
    const int why = SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ) break;
    if (why == SSL_ERROR_ZERO_RETURN) close_notify_came_ = arrived.end = true;
    else arrived.error = openssl_failure();
    input_.release_if_empty();
    return arrived;
  }
  arrived.end = below().input_ended();
  input_.release_if_empty();
  return arrived;
}

void TlsState::below_received(bool now) noexcept {
  const FutureRef<StreamState> keep = FutureRef<StreamState>::share(this);
  do {
    take_from_below(now);
  } while (now && phase_ == Phase::kOpen && !closed() && receiver_waits() && records_left());
}

void TlsState::take_from_below(bool now) noexcept {
  if (busy_ || closed() || phase_ == Phase::kFailed) return;
  const bool shaking = phase_ == Phase::kHandshaking;
  busy_ = true;
  Arrived arrived;
  if (shaking) arrived.error = shake_hands();
  if (!arrived.error && phase_ != Phase::kHandshaking) arrived = read_records();
  if (arrived.error) return fail(std::move(arrived.error), now);
  flush();
  busy_ = false;
  note_failure_below();
  if (shaking && phase_ != Phase::kHandshaking) {
    encrypt_output();
    output_moved();
  }
  if (closed()) return;
  if (phase_ == Phase::kGoodbye) {
    if (goodbye_is_over()) finish_closing();
  } else if (arrived.end) {
    if (!input_ended()) end_arrived(now);
  } else if (below().receive_error() && !records_left()) {
    if (!receive_error()) receive_failed(below().receive_error(), now);
  } else if (arrived.bytes) {
    const bool telling = std::exchange(telling_, now);
    bytes_arrived(now);
    telling_ = telling;
  } else if (wants_bytes() && !records_left()) {
    below().want_for_layer();
  }
}

// -- sending ------------------------------------------------------------------------------------------------------

std::size_t TlsState::records_waiting() const noexcept { return wire_.kernel ? wire_.kernel->waiting() : 0; }

void TlsState::send_waiting_records() noexcept {
  busy_ = true;
  wire_.kernel->send_waiting();
  busy_ = false;
}

std::size_t TlsState::in_transit() const noexcept {
  return wire_.output.size() + (phase_ == Phase::kFailed ? 0 : below().unsent() + records_waiting()) +
         (phase_ == Phase::kHandshaking ? 1 : 0);
}

std::size_t TlsState::pass_on(const std::string_view* pieces, std::size_t count) noexcept {
  return phase_ == Phase::kOpen ? encrypt(pieces, count) : 0;
}

void TlsState::output_added() noexcept { encrypt_output(); }

void TlsState::encrypt_output() noexcept {
  if (phase_ != Phase::kOpen || busy_ || send_error()) return;
  const std::string_view bytes = output();
  if (!bytes.empty()) drop_output(encrypt(&bytes, 1));
}

// Small pieces, a head and its body, share a record.
std::size_t TlsState::encrypt(const std::string_view* pieces, std::size_t count) noexcept {
  char together[kRecord];
  std::size_t taken = 0;
  std::size_t piece = 0;
  std::size_t offset = 0;
  std::exception_ptr error;
  busy_ = true;
  while (!error && below().unsent() < kFewBelow && !below().send_error() && records_waiting() == 0) {
    while (wire_.output.size() < kMostBelow) {
      while (piece < count && offset == pieces[piece].size()) {
        ++piece;
        offset = 0;
      }
      if (piece == count) break;
      std::string_view record = pieces[piece].substr(offset, kRecord);
      if (record.size() < kRecord && piece + 1 < count) {
        std::size_t size = 0;
        for (std::size_t at = piece, from = offset; at < count && size < kRecord; ++at, from = 0) {
          size += pieces[at].substr(from).copy(together + size, kRecord - size);
        }
        record = {together, size};
      }
      keep_buffers(offset + kRecord < pieces[piece].size());
      std::size_t written = 0;
      ERR_clear_error();
      if (SSL_write_ex(ssl_.get(), record.data(), record.size(), &written) != 1) {
        error = openssl_failure();
        break;
      }
      taken += written;
      for (std::size_t left = written; left > 0;) {
        const std::size_t step = std::min(left, pieces[piece].size() - offset);
        left -= step;
        offset += step;
        if (left > 0) {
          ++piece;
          offset = 0;
        }
      }
    }
    if (wire_.output.empty()) break;
    flush();
  }
  busy_ = false;
  if (error) fail(std::move(error), false);
  else note_failure_below();
  return taken;
}

void TlsState::flush() noexcept {
  try {
    send_records(wire_);
  } catch (...) {
    send_failed(std::current_exception());
  }
}

Coro<std::uint64_t> TlsState::send_file_parts(int file, std::uint64_t offset, std::uint64_t count) {
  if (SocketState* const socket = wire_.kernel ? wire_.kernel->socket() : nullptr) {
    auto copying = socket->copy_file(FutureRef<StreamState>::share(this), file, offset, count);
    const std::optional<std::uint64_t> sent = co_await std::move(copying);
    if (sent) co_return *sent;
  }
  auto reading = StreamState::send_file_parts(file, offset, count);
  co_return co_await std::move(reading);
}

// A peer that refuses a handshake closes behind its alert: what it said is the better answer.
void TlsState::note_failure_below() noexcept {
  if (phase_ == Phase::kHandshaking) return;
  if (below().send_error() && !send_error() && !closed()) send_failed(below().send_error());
}

void TlsState::below_moved() noexcept {
  if (busy_ || closed() || phase_ == Phase::kFailed) return;
  const FutureRef<StreamState> keep = FutureRef<StreamState>::share(this);
  if (wire_.kernel) send_waiting_records();
  note_failure_below();
  if (closed()) return;
  if (below().unsent() < kFewBelow) encrypt_output();
  output_moved();
}

// -- the end ------------------------------------------------------------------------------------------------------

void TlsState::fail(std::exception_ptr error, bool now) noexcept {
  const FutureRef<StreamState> keep = FutureRef<StreamState>::share(this);
  phase_ = Phase::kFailed;
  busy_ = true;
  flush();  // the alert
  busy_ = false;
  below().close();
  try {
    const EventLoop* const loop = core().loop();
    if (loop && !below().closed()) below().set_deadline(loop->time() + shutdown_timeout_);
  } catch (...) {  // out of memory
    below().abort();
  }
  if (!send_error()) send_failed(error);
  if (!closed() && !input_ended()) receive_failed(std::move(error), now);
}

bool TlsState::say_goodbye() noexcept {
  EventLoop* const loop = core().loop();
  if (phase_ == Phase::kFailed || phase_ == Phase::kHandshaking || !loop) return true;
  if (phase_ == Phase::kOpen) {
    phase_ = Phase::kGoodbye;
    busy_ = true;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    flush();
    busy_ = false;
    try {
      loop->arm(shutdown_timer_, loop->time() + shutdown_timeout_);
      retain();
    } catch (...) {  // out of memory: nobody would end the wait
      return true;
    }
  }
  return goodbye_is_over();
}

bool TlsState::goodbye_is_over() noexcept {
  if (below().send_error() || below().closed()) return true;
  if (below().unsent() + records_waiting() > 0) return false;
  if (!close_notify_came_ && !below().input_ended() && !below().receive_error()) {
    ask_below();
    return false;
  }
  busy_ = true;
  below().close();
  busy_ = false;
  return true;
}

void TlsState::ShutdownTimer::run() noexcept {
  const FutureRef<StreamState> held = FutureRef<StreamState>::adopt(&owner_);
  owner_.abort();
}

void TlsState::close_now() noexcept {
  below().set_layer(nullptr);
  if (!below().closing()) below().abort();
  EventLoop* const loop = core().loop();
  if (!loop || !shutdown_timer_.armed()) return;
  loop->disarm(shutdown_timer_);
  release();
}

}  // namespace v0
}  // namespace corolla
