// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/websocket.hpp>

#include "http/websocket/websocket_state.hpp"

#include <nlohmann/json.hpp>

namespace corolla::inline v0::http {

namespace {

Coro<std::string> receive_of_type(std::shared_ptr<WebSocketState> state, WsMsgType type, const char* expected) {
  auto receiving = WebSocketState::receive(std::move(state));
  WsMessage message = co_await std::move(receiving);
  if (message.ends())
    throw WebSocketError(message.code, std::string(expected) + " was expected, but the WebSocket closed");
  if (message.type != type)
    throw WebSocketError(kWsUnsupportedData, std::string(expected) + " was expected, but something else came");
  co_return std::move(message.data);
}

nlohmann::json parse_document(const std::string& text) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw ValueError(std::string("the message is no JSON: ") + error.what());
  }
}

}  // namespace

// Out of line, so that each class has one vtable and one type_info however many libraries see it.
WebSocketError::~WebSocketError() = default;
WSServerHandshakeError::~WSServerHandshakeError() = default;

nlohmann::json WsMessage::json() const { return parse_document(data); }

WebSocket::WebSocket(std::shared_ptr<WebSocketState> state) noexcept : state_(std::move(state)) {}
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}
WebSocket::~WebSocket() {
  if (state_) state_->abandon();
}

Coro<WsMessage> WebSocket::receive() { return WebSocketState::receive(state_); }
Coro<std::string> WebSocket::receive_text() { return receive_of_type(state_, WsMsgType::kText, "a text"); }
Coro<std::string> WebSocket::receive_bytes() { return receive_of_type(state_, WsMsgType::kBinary, "a binary message"); }

Coro<nlohmann::json> WebSocket::receive_json() {
  auto receiving = receive_text();
  const std::string text = co_await std::move(receiving);
  co_return parse_document(text);
}

StreamDrain WebSocket::send_text(std::string_view text) { return state_->send(WsOpcode::kText, text); }
StreamDrain WebSocket::send_bytes(std::string_view bytes) { return state_->send(WsOpcode::kBinary, bytes); }
StreamDrain WebSocket::send_json(const nlohmann::json& document) { return send_text(document.dump()); }
StreamDrain WebSocket::ping(std::string_view payload) { return state_->send(WsOpcode::kPing, payload); }
StreamDrain WebSocket::pong(std::string_view payload) { return state_->send(WsOpcode::kPong, payload); }

Coro<bool> WebSocket::close(int code, std::string reason) {
  return WebSocketState::close(state_, code, std::move(reason));
}

bool WebSocket::closed() const noexcept { return state_->closing(); }
int WebSocket::close_code() const noexcept { return state_->close_code(); }
const std::string& WebSocket::close_reason() const noexcept { return state_->close_reason(); }
const std::string& WebSocket::protocol() const noexcept { return state_->protocol(); }
bool WebSocket::compressed() const noexcept { return state_->compressed(); }
SocketAddress WebSocket::peername() const { return state_->stream().peername(); }

}  // namespace corolla::inline v0::http
