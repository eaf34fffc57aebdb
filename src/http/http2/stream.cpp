// SPDX-License-Identifier: Apache-2.0
#include "http/http2/stream.hpp"

#include "http/http2/session.hpp"

#include <cerrno>
#include <utility>

#include <nghttp2/nghttp2.h>

namespace corolla::inline v0::http {

Http2Stream::Http2Stream(Http2Session& session, std::int32_t stream_id) noexcept
    : StreamState(session.core()), session_(&session), id_(stream_id), abort_code_(NGHTTP2_CANCEL) {}

SocketAddress Http2Stream::peername() const { return session_ ? session_->stream().peername() : SocketAddress(); }
SocketAddress Http2Stream::sockname() const { return session_ ? session_->stream().sockname() : SocketAddress(); }
const TlsConnection* Http2Stream::tls() const noexcept { return session_ ? session_->stream().tls() : nullptr; }

// -- receiving ------------------------------------------------------------------------------------------------------

// Who took a piece of the buffer may read it until the next receive(), so the buffer is left alone from then on. Before
// anything was taken, and while what came last was not, it can grow.
void Http2Stream::data_arrived(std::string_view bytes) {
  const bool untouched = received_ == 0;
  if (!closing()) open_window();
  received_ += bytes.size();
  if (closing()) {
    open_window();
    return;
  }
  if (aside_.empty() && (untouched || input_.has_fresh() || receiver_waits())) {
    input_.append(bytes);
    bytes_arrived(false);
  } else {
    aside_.append(bytes);
  }
}

void Http2Stream::end_of_input() noexcept {
  input_complete_ = true;
  report_end();
}

void Http2Stream::report_end() noexcept {
  if (!aside_.empty() || closing()) return;
  if (failure_) receive_failed(std::exchange(failure_, nullptr), false);
  else if (input_complete_) end_arrived(false);
}

void Http2Stream::want_bytes() noexcept {
  open_window();
  if (aside_.empty()) {
    input_.release_if_empty();
    return;
  }
  try {
    take_aside();
  } catch (...) {
    receive_failed(std::current_exception(), false);
  }
}

void Http2Stream::take_aside() {
  input_.append(aside_);
  aside_.clear();
  if (aside_.capacity() > high_water()) aside_.shrink_to_fit();
  bytes_arrived(false);
  report_end();
}

void Http2Stream::open_window() noexcept {
  const std::uint64_t consumed = closing() ? received_ : received_ - unread();
  if (consumed == credited_) return;
  const auto count = static_cast<std::size_t>(consumed - credited_);
  credited_ = consumed;
  if (session_) session_->consume(id_, count);
}

// -- sending --------------------------------------------------------------------------------------------------------

std::size_t Http2Stream::pass_on(const std::string_view* /*pieces*/, std::size_t /*count*/) noexcept { return 0; }

void Http2Stream::output_added() noexcept { resume_output(); }

void Http2Stream::finish_output() noexcept {
  finishing_ = true;
  resume_output();
}

void Http2Stream::resume_output() noexcept {
  if (session_ && std::exchange(deferred_, false)) session_->resume(id_);
}

void Http2Stream::output_taken(std::size_t count) noexcept {
  drop_output(count);
  output_moved();
}

// -- the end --------------------------------------------------------------------------------------------------------

bool Http2Stream::say_goodbye() noexcept {
  graceful_ = true;
  finish_output();
  return true;
}

void Http2Stream::close_now() noexcept {
  aside_.clear();
  open_window();
  if (session_ && !graceful_) session_->reset(id_, abort_code_);
}

void Http2Stream::detach(const std::exception_ptr& error) noexcept {
  if (!session_) return;
  // What is left to read takes no room from other streams any more.
  if (received_ > credited_) session_->consume(id_, static_cast<std::size_t>(received_ - credited_));
  credited_ = received_;
  session_ = nullptr;
  if (error && !input_complete_) failure_ = error;
  else input_complete_ = true;
  report_end();
  if (error) send_failed(error);
  else if (unsent() > 0) send_failed(os_error(EPIPE, "the stream was closed"));
  release();
}

}  // namespace corolla::inline v0::http
