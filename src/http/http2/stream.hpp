// SPDX-License-Identifier: Apache-2.0
/// \file
/// Http2Stream: the bodies of one request and its response, as a stream like any other.
///
/// What the peer sends goes into the receive buffer, or waits aside while somebody may still read a piece of what stands
/// there. The window opens as bytes are consumed, which is noticed when more arrive and when a task waits for more. What is
/// sent stands in the output until the session takes it, as far as the peer's windows let it; so waiting for the output,
/// deadlines and files work as they do on a socket.
///
/// Its session holds it from the stream's first frame to its last; after that it is detached, and only what arrived
/// before is left to read.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/net/stream_state.hpp>
#include <corolla/runtime/memory.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

class Http2Session;

class Http2Stream : public StreamState, public FromBlockCache {
 public:
  Http2Stream(Http2Session& session, std::int32_t stream_id) noexcept;

  [[nodiscard]] std::int32_t id() const noexcept { return id_; }
  /// A client's stream gets its number when it is submitted.
  void set_id(std::int32_t id) noexcept { id_ = id; }
  /// The stream is over, or its connection is.
  [[nodiscard]] bool detached() const noexcept { return session_ == nullptr; }
  /// The last frame was sent or stands in the output: nothing is written any more.
  void finish_output() noexcept;
  /// Fields to send behind the output; before finish_output().
  void set_trailers(const Headers& trailers) {
    if (!trailers.empty()) outgoing_trailers_ = std::make_unique<const Headers>(trailers);
  }
  /// An abort says this to the peer instead of CANCEL.
  void set_abort_code(std::uint32_t code) noexcept { abort_code_ = code; }
  /// The peer sent its last frame.
  [[nodiscard]] bool input_complete() const noexcept { return input_complete_; }
  /// All of the body was received and read.
  [[nodiscard]] bool read_to_end() const noexcept { return input_complete_ && unread() == 0; }

  // -- StreamState --------------------------------------------------------------------------------------------------
  [[nodiscard]] SocketAddress peername() const override;
  [[nodiscard]] SocketAddress sockname() const override;
  [[nodiscard]] const TlsConnection* tls() const noexcept override;

  // -- for the session ----------------------------------------------------------------------------------------------
  /// A piece of the peer's body; std::bad_alloc.
  void data_arrived(std::string_view bytes);
  /// The peer's last frame.
  void end_of_input() noexcept;
  /// Bytes that may go out now, and whether those are the last.
  [[nodiscard]] std::string_view waiting_output() const noexcept { return output(); }
  [[nodiscard]] bool finishing() const noexcept { return finishing_; }
  /// Null when the last of those bytes ends the message.
  [[nodiscard]] const Headers* outgoing_trailers() const noexcept { return outgoing_trailers_.get(); }
  /// The first `count` of them went out.
  void output_taken(std::size_t count) noexcept;
  /// The session waits to be told of more output.
  void set_deferred(bool deferred) noexcept { deferred_ = deferred; }
  /// The stream is over: with an error, unless both sides said all they wanted to. The session's reference goes.
  void detach(const std::exception_ptr& error) noexcept;
  // Neighbours in the session's list.
  Http2Stream* next = nullptr;
  Http2Stream* previous = nullptr;

 protected:
  ~Http2Stream() override = default;
  [[nodiscard]] Http2Session* session() const noexcept { return session_; }
  /// Ends the wait of who receives, though there is nothing to receive.
  void wake_receiver_early() noexcept { bytes_arrived(false); }

  void want_bytes() noexcept override;
  std::size_t pass_on(const std::string_view* pieces, std::size_t count) noexcept override;
  void output_added() noexcept override;
  void shut_down_output() noexcept override { finish_output(); }
  bool say_goodbye() noexcept override;
  void close_now() noexcept override;
  [[nodiscard]] bool input_pending() const noexcept override { return !aside_.empty(); }

 private:
  [[nodiscard]] std::size_t unread() const noexcept { return input_.unread().size() + aside_.size(); }
  void open_window() noexcept;
  void resume_output() noexcept;
  void take_aside();
  void report_end() noexcept;

  Http2Session* session_;
  std::int32_t id_;
  std::uint32_t abort_code_;
  std::uint64_t received_ = 0;
  std::uint64_t credited_ = 0;  // of those, in windows that were opened again
  std::string aside_;           // arrived while a piece of the buffer may be in use
  std::unique_ptr<const Headers> outgoing_trailers_;
  std::exception_ptr failure_;  // to be reported behind `aside_`
  bool input_complete_ = false;
  bool finishing_ = false;
  bool graceful_ = false;  // it was closed, not aborted
  bool deferred_ = false;
};

}  // namespace corolla::inline v0::http
