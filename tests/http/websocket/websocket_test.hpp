// SPDX-License-Identifier: Apache-2.0
/// \file
/// Two ends of a WebSocket in memory, on a virtual clock; and one end whose other side sends any bytes.
#pragma once

#include "tests/support/runtime_test.hpp"

#include <corolla/http/websocket.hpp>
#include <corolla/testkit/memory_stream.hpp>

#include "http/websocket/websocket_state.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla_tests {

using http::DeflateAgreement;
using http::WebSocket;
using http::WebSocketOptions;
using http::WebSocketState;
using http::WsFrameHeader;
using http::WsMessage;
using http::WsMsgType;
using http::WsOpcode;
using http::WsRole;

inline WebSocket make_websocket(ByteStream stream, WsRole role, const WebSocketOptions& options = WebSocketOptions(),
                                const std::optional<DeflateAgreement>& deflate = std::nullopt) {
  return WebSocket(std::make_shared<WebSocketState>(std::move(stream), role, options, "", deflate));
}

/// A client and a server that talk to each other, in pieces of so many bytes.
struct WebSocketPair {
  explicit WebSocketPair(std::size_t piece = 1, const WebSocketOptions& options = WebSocketOptions(),
                         const std::optional<DeflateAgreement>& deflate = std::nullopt)
      : WebSocketPair(streams(piece), options, deflate) {}
  WebSocketPair(std::pair<ByteStream, ByteStream> ends, const WebSocketOptions& options,
                const std::optional<DeflateAgreement>& deflate)
      : client(make_websocket(std::move(ends.first), WsRole::kClient, options, deflate)),
        server(make_websocket(std::move(ends.second), WsRole::kServer, options, deflate)) {}
  static std::pair<ByteStream, ByteStream> streams(std::size_t piece) {
    testkit::MemoryStreamOptions options;
    options.piece = piece;
    return testkit::memory_stream_pair(options);
  }
  WebSocket client;
  WebSocket server;
};

/// A frame as a server sends it, or masked with 01 02 03 04 as a client does.
inline std::string frame(WsOpcode opcode, std::string_view payload, bool fin = true, bool masked = false,
                         bool rsv1 = false) {
  WsFrameHeader header;
  header.opcode = opcode;
  header.fin = fin;
  header.rsv1 = rsv1;
  header.masked = masked;
  header.mask = {1, 2, 3, 4};
  header.payload_size = payload.size();
  char head[http::kMostWsHeader];
  std::string text(head, http::write_frame_header(head, header));
  std::string body(payload);
  if (masked) http::apply_mask(body.data(), body.data(), body.size(), header.mask);
  return text + body;
}

inline std::string close_payload(int code, std::string_view reason = "") {
  return std::string{static_cast<char>(code / 256), static_cast<char>(code % 256)} + std::string(reason);
}

/// Sends back what it receives, to the end.
inline Coro<void> echo(WebSocket& ws) {
  for (;;) {
    auto receiving = ws.receive();
    const WsMessage message = co_await std::move(receiving);
    if (message.ends()) co_return;
    if (message.type == WsMsgType::kText) co_await ws.send_text(message.data);
    else co_await ws.send_bytes(message.data);
  }
}

/// Receives the rest of what comes, as text.
inline Coro<std::string> drain(WebSocket& ws) {
  std::string seen;
  for (;;) {
    auto receiving = ws.receive();
    const WsMessage message = co_await std::move(receiving);
    switch (message.type) {
      case WsMsgType::kText: seen += "text(" + message.data + ")"; break;
      case WsMsgType::kBinary: seen += "binary(" + message.data + ")"; break;
      case WsMsgType::kPing: seen += "ping(" + message.data + ")"; break;
      case WsMsgType::kPong: seen += "pong(" + message.data + ")"; break;
      case WsMsgType::kClose: seen += "close(" + std::to_string(message.code) + " " + message.data + ")"; break;
      case WsMsgType::kClosed: seen += "closed(" + std::to_string(message.code) + ")"; break;
      case WsMsgType::kError:
        seen += "error(" + std::to_string(message.code) + " " + describe(message.error) + ")";
        break;
    }
    if (message.ends()) co_return seen;
  }
}

/// What a peer's stream gives up to its end.
inline Coro<std::string> raw(ByteStream& stream) {
  for (;;) {
    const std::string_view arrived = co_await stream.receive();
    if (arrived.empty()) break;
  }
  co_return std::string(stream.buffered());
}

}  // namespace corolla_tests
