// SPDX-License-Identifier: Apache-2.0
/// \file
/// WebSocket: messages in both directions over one connection; the same for a client and for a server.
///
///     auto ws = co_await session.ws_connect("wss://example.org/feed");      // a client; a server: accept_websocket
///     co_await ws.send_text("hello");
///     for (;;) {
///       const WsMessage message = co_await ws.receive();
///       if (message.ends()) break;
///       std::cout << message.data << '\n';
///     }
///     co_await ws.close();
///
/// Source: aiohttp's ClientWebSocketResponse and WebSocketResponse; RFC 6455 and 7692. One task receives at a time, any
/// number send: their messages do not mix. Cancelling receive() or a send loses no message. What the peer does wrong is told
/// to it (1002, 1007, 1009) and to the one who receives. Pings are answered, and a close frame is, while a task receives or
/// closes: so have one that does. Not thread safe; one loop.
#pragma once

#include <corolla/http/websocket_error.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace corolla::inline v0::http {

class WebSocketState;

enum class WsMsgType : std::uint8_t {
  kText,
  kBinary,
  kPing,    ///< only without autoping
  kPong,    ///< only without autoping
  kClose,   ///< the peer's close frame: code and, in data, the reason
  kClosed,  ///< it is closed: after kClose, after close(), or because the connection ended
  kError,   ///< it failed and is closed: error says with what
};

/// What receive() returns.
struct WsMessage {
  explicit WsMessage(WsMsgType t, std::string d = {}, int c = 0, std::exception_ptr e = nullptr)
      : type(t), data(std::move(d)), code(c), error(std::move(e)) {}
  WsMsgType type;
  std::string data;
  int code;                  ///< of kClose, kClosed and kError
  std::exception_ptr error;  ///< of kError
  /// Nothing comes after it.
  [[nodiscard]] bool ends() const noexcept { return type >= WsMsgType::kClose; }
  /// The data as a JSON document; <nlohmann/json.hpp> is for the caller to include. ValueError when it is none.
  [[nodiscard]] COROLLA_API nlohmann::json json() const;
};

/// permessage-deflate: what is asked of the other end, and promised to it. A context taken over from message to message
/// compresses better and costs each connection some 300 KiB.
struct PerMessageDeflate {
  bool enabled = false;
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;  ///< 9 to 15
  int client_max_window_bits = 15;
};

/// What both roles may be told.
struct WebSocketOptions {
  WebSocketOptions() {}
  /// Subprotocols, the preferred one first.
  std::vector<std::string> protocols;
  /// A ping when nothing came for so long; when nothing comes in half of that again, the connection is given up (1006).
  /// Runs while a task receives.
  std::optional<std::chrono::nanoseconds> heartbeat;
  /// Answer pings and drop pongs. False: receive() returns them.
  bool autoping = true;
  /// Answer a close frame and close. False: that is left to close().
  bool autoclose = true;
  /// How long close() waits for the peer.
  std::chrono::nanoseconds close_timeout = std::chrono::seconds(10);
  /// Most bytes of a message, decompressed; more closes with 1009. 0: no limit.
  std::size_t max_message_size = std::size_t{4} << 20U;
  PerMessageDeflate deflate;
};

/// See the file's comment. Moves. Destroyed without close(), it tells the peer 1001 and closes without waiting.
class COROLLA_API WebSocket {
 public:
  explicit WebSocket(std::shared_ptr<WebSocketState> state) noexcept;
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) noexcept;
  ~WebSocket();

  /// `co_await ws.receive()`: the next message. Errors of the connection and of the peer are messages, too (kError, kClosed),
  /// then and ever after; RuntimeError when another task receives, or when that was not noticed several times.
  [[nodiscard]] Coro<WsMessage> receive();
  /// The next message, which has to be a text: else WebSocketError, whose code is the one the WebSocket closed with.
  [[nodiscard]] Coro<std::string> receive_text();
  /// The same for a binary message.
  [[nodiscard]] Coro<std::string> receive_bytes();
  /// The next message, a text, as a JSON document. Errors as receive_text(), ValueError.
  [[nodiscard]] Coro<nlohmann::json> receive_json();

  /// `co_await ws.send_text(text)`: takes the message at once, in the order of the calls, and waits while the peer is behind.
  /// The text is needed during the call alone. ValueError when it is no UTF-8; ClientConnectionError when the WebSocket
  /// closes or is closed; OSError.
  StreamDrain send_text(std::string_view text);
  /// The same for bytes.
  StreamDrain send_bytes(std::string_view bytes);
  /// The same for a document, as a text.
  StreamDrain send_json(const nlohmann::json& document);
  /// At most 125 bytes of payload, ValueError above.
  StreamDrain ping(std::string_view payload = {});
  StreamDrain pong(std::string_view payload = {});

  /// `co_await ws.close()`: sends a close frame and waits for the peer's, close_timeout at most; messages that still arrive
  /// are dropped. True if this call began the closing. The code is 1000 to 1003, 1007 to 1014 or 3000 to 4999, the reason at
  /// most 123 bytes of UTF-8; else ValueError. Cancelled, it cuts the connection. Idempotent.
  [[nodiscard]] Coro<bool> close(int code = kWsOk, std::string reason = {});

  /// Closed, or closing from this side.
  [[nodiscard]] bool closed() const noexcept;
  /// With what it closed: the peer's code, ours where it gave none, 1006 when the connection just ended; 0 while it is open.
  [[nodiscard]] int close_code() const noexcept;
  /// The peer's reason.
  [[nodiscard]] const std::string& close_reason() const noexcept;
  /// The subprotocol agreed on; "" for none.
  [[nodiscard]] const std::string& protocol() const noexcept;
  /// permessage-deflate was agreed on.
  [[nodiscard]] bool compressed() const noexcept;
  /// The other end of the connection.
  [[nodiscard]] SocketAddress peername() const;

 private:
  std::shared_ptr<WebSocketState> state_;
};

}  // namespace corolla::inline v0::http
