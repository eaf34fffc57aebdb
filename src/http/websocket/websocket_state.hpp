// SPDX-License-Identifier: Apache-2.0
/// \file
/// WebSocketState: what stands behind a WebSocket: the connection, what is read of it, and how far it is closed.
///
/// Closing, in prose. A WebSocket is *open* until one end sends a close frame. Once we *sent* one, nothing more is sent and
/// what arrives is dropped but for the peer's close frame, which ends it; a deadline of close_timeout runs, and the one who
/// reads, be it receive() or close(), meets it. Once the peer's frame was *received* first, it is answered at once with the same
/// code (autoclose), or by close(). Then it is *closed*: the stream closes when its output is out. An end of the connection
/// before all that is 1006.
///
/// One task reads. close() reads itself unless a task receives; if so it waits for that one to leave, and looks again. A
/// receive() that comes while close() reads waits for it and finds the WebSocket closed.
///
/// What the peer does wrong leaves the reader somewhere inside its bytes: it is told why, our side of the connection ends, and
/// what it still sends is dropped for a while, lest the kernel's reset take the close frame from it.
#pragma once

#include <corolla/http/websocket.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/sync/event.hpp>

#include "http/websocket/deflate.hpp"
#include "http/websocket/extensions.hpp"
#include "http/websocket/frame.hpp"
#include "http/websocket/message_reader.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

class WebSocketState {
 public:
  /// The handshake is over; its connection is `stream`.
  WebSocketState(ByteStream stream, WsRole role, const WebSocketOptions& options, std::string protocol,
                 const std::optional<DeflateAgreement>& deflate);
  WebSocketState(const WebSocketState&) = delete;
  WebSocketState& operator=(const WebSocketState&) = delete;
  ~WebSocketState();

  /// What WebSocket's members of the same names do; a task may outlive the WebSocket.
  [[nodiscard]] static Coro<WsMessage> receive(std::shared_ptr<WebSocketState> self);
  [[nodiscard]] static Coro<bool> close(std::shared_ptr<WebSocketState> self, int code, std::string reason);
  /// Takes a message or a control frame; wait for the StreamDrain afterwards.
  StreamDrain send(WsOpcode opcode, std::string_view payload);
  /// Sends a close frame, if none was sent, and closes without waiting. Also for a dying loop.
  void abandon() noexcept;
  /// The server stops: begins to close with 1001; who receives sees the end.
  void go_away() noexcept;

  [[nodiscard]] bool closing() const noexcept { return closed_ || close_sent_; }
  [[nodiscard]] int close_code() const noexcept { return close_code_; }
  [[nodiscard]] const std::string& close_reason() const noexcept { return close_reason_; }
  [[nodiscard]] const std::string& protocol() const noexcept { return protocol_; }
  [[nodiscard]] bool compressed() const noexcept { return deflater_.has_value(); }
  [[nodiscard]] const ByteStream& stream() const noexcept { return stream_; }

 private:
  class Reading;

  [[nodiscard]] Coro<WsMessage> next_message();
  [[nodiscard]] std::optional<WsMessage> take_buffered();
  [[nodiscard]] std::optional<WsMessage> take_close();
  [[nodiscard]] Coro<void> tell_error(int code, std::string reason);
  [[nodiscard]] WsMessage connection_ended(const std::exception_ptr& error);
  [[nodiscard]] WsMessage closed_message() const { return WsMessage(WsMsgType::kClosed, {}, close_code_); }
  void write_frame(WsOpcode opcode, std::string_view payload, bool compressed);
  void send_close(int code, std::string_view reason);
  void finish(int code) noexcept;

  void resume_heartbeat();
  void pause_heartbeat() noexcept;
  void heard();
  void arm_heartbeat();
  void stop_heartbeat() noexcept;
  void beat();

  ByteStream stream_;
  const WsRole role_;
  const std::optional<std::chrono::nanoseconds> heartbeat_;
  const std::chrono::nanoseconds close_timeout_;
  const bool autoping_;
  const bool autoclose_;
  const std::string protocol_;
  MessageReader reader_;
  std::optional<MessageDeflater> deflater_;
  std::string deflated_;
  std::string masked_;

  bool reading_ = false;  // a task receives or closes
  Event reader_left_;
  bool close_sent_ = false;
  bool close_received_ = false;
  bool closed_ = false;
  int sent_code_ = 0;
  int close_code_ = 0;
  std::string close_reason_;
  std::exception_ptr failure_;
  unsigned told_closed_ = 0;

  TimerHandle beat_;
  bool armed_ = false;
  bool ping_sent_ = false;                     // and nothing came since
  std::chrono::steady_clock::time_point due_;  // the next ping, or the end
  std::chrono::steady_clock::time_point left_at_;
};

}  // namespace corolla::inline v0::http
