// SPDX-License-Identifier: Apache-2.0
/// \file
/// Http2Session: one connection in HTTP/2, as far as both ends agree: frames in, frames out, streams.
///
/// nghttp2 knows the protocol: framing, HPACK, windows, which message is malformed. Here stands what moves its bytes.
///
/// *In.* Whoever reads the connection gives what arrived to feed(), between begin_turn() and end_turn(). Callbacks note what
/// came; nothing that may write runs inside them, since nghttp2 is not to be entered again. *Out.* Whatever wants to leave
/// is queued in nghttp2, or in a stream's output, and collected once: at the end of the turn, or, when the loop got here
/// another way, in one entry of the ready queue. So a turn of the loop makes one system call, however many streams
/// answered in it. While the connection below is behind, nothing is collected; a task of its own, the *pump*, waits for it.
///
/// Counted by its owner, by a queued flush and, on the client's side, by the requests that use it. Not thread safe.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/schedulable.hpp>

#include "http/http2/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include <nghttp2/nghttp2.h>

namespace corolla::inline v0::http {

class Http2Session : public Schedulable {
 public:
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  [[nodiscard]] ByteStream& stream() noexcept { return stream_; }
  [[nodiscard]] LoopCore& core() const noexcept { return *core_; }
  /// The loop's time; the beginning of time when there is no loop any more.
  [[nodiscard]] StreamState::time_point now() const noexcept;
  /// Streams that are not over.
  [[nodiscard]] std::size_t open_streams() const noexcept { return open_streams_; }

  // -- for streams --------------------------------------------------------------------------------------------------
  /// `count` bytes of a stream's body were read: windows open.
  void consume(std::int32_t id, std::size_t count) noexcept;
  /// There is output again.
  void resume(std::int32_t id) noexcept;
  /// RST_STREAM.
  void reset(std::int32_t id, std::uint32_t code) noexcept;

 protected:
  enum class Role : std::uint8_t { kClient, kServer };
  /// std::bad_alloc.
  Http2Session(Role role, ByteStream stream);
  virtual ~Http2Session();

  // -- what comes, in callbacks: nothing is to be sent but by submitting it ---------------------------------------------
  /// A message's head begins; `stream` is null for a new one.
  virtual void head_begins(std::int32_t id, Http2Stream* stream) = 0;
  /// A field of it; false: the connection ends, as a flood.
  [[nodiscard]] virtual bool field_arrived(Http2Stream& stream, std::string_view name, std::string_view value) = 0;
  /// It is whole; false: the stream is reset for it.
  [[nodiscard]] virtual bool head_complete(Http2Stream& stream, bool last) = 0;
  /// A stream ends, with an error code. It is detached afterwards.
  virtual void stream_closes(Http2Stream& stream, std::uint32_t code) = 0;
  /// Our last frame of a stream went out.
  virtual void output_complete(Http2Stream& stream) = 0;
  virtual void goaway_arrived(std::int32_t last_stream_id) = 0;
  /// Output waits for the connection: somebody has to run pump().
  virtual void needs_pump() = 0;
  /// finished(), found out by sending.
  virtual void session_finished() noexcept = 0;
  /// The deadline of the connection, from all that is waited for.
  virtual void set_deadline() = 0;
  /// What streams are told that end with this code.
  [[nodiscard]] virtual std::exception_ptr stream_error(Http2Stream& stream, std::uint32_t code) = 0;

  /// Holds the stream until it is over.
  void attach(Http2Stream& stream) noexcept;
  /// Ends all streams; nothing is sent or received any more. Idempotent.
  void shut(const std::exception_ptr& error) noexcept;

  /// What arrived, and is consumed. HttpProtocolError when the peer broke the protocol; a GOAWAY is queued.
  void feed(std::string_view bytes);
  void begin_turn() noexcept { in_turn_ = true; }
  void end_turn() {
    in_turn_ = false;
    flush();
  }
  /// Sends what is to be sent, as far as the connection takes it. Never throws for the connection's sake.
  void flush();
  /// The same, before the loop turns.
  void flush_soon() noexcept;
  /// Waits until the connection takes more, and sends more, until nothing is left.
  [[nodiscard]] Coro<void> pump();
  [[nodiscard]] bool pumping() const noexcept { return pumping_; }
  /// When output moved last.
  [[nodiscard]] StreamState::time_point output_moved_at() const noexcept { return output_moved_at_; }
  /// GOAWAY: streams above the last one processed are not taken. Those below end in peace.
  void submit_goaway(std::uint32_t code) noexcept;
  /// Neither side has anything to say any more.
  [[nodiscard]] bool finished() const noexcept;
  [[nodiscard]] bool dead() const noexcept { return dead_; }
  [[nodiscard]] nghttp2_session* native() const noexcept { return native_; }
  /// Where a stream's body comes from.
  [[nodiscard]] static nghttp2_data_provider body_of(Http2Stream& stream) noexcept;

 private:
  friend struct Http2Callbacks;
  void run() noexcept override;
  void drop() noexcept override;
  /// Frames, up to a reasonable number of bytes.
  void collect(std::string& batch);
  [[nodiscard]] Http2Stream* find(std::int32_t id) const noexcept;
  [[nodiscard]] int submit_trailers(const Http2Stream& stream, const Headers& trailers);
  void close_stream(Http2Stream& stream, std::uint32_t code) noexcept;
  void unlink(Http2Stream& stream) noexcept;

  ByteStream stream_;
  LoopCore* core_;
  nghttp2_session* native_ = nullptr;
  std::exception_ptr callback_error_;
  Http2Stream* first_ = nullptr;
  std::size_t open_streams_ = 0;
  StreamState::time_point output_moved_at_{};
  std::uint32_t references_ = 1;
  bool queued_ = false;
  bool in_turn_ = false;
  bool busy_ = false;  // inside nghttp2
  bool pumping_ = false;
  bool dead_ = false;
};

}  // namespace corolla::inline v0::http
