// SPDX-License-Identifier: Apache-2.0
/// \file
/// A server's connection in HTTP/1.1: requests in, responses out, one after the other.
///
/// The life of a request, in prose. The connection *waits* until bytes come (keepalive_timeout), then *reads the head*
/// (header_timeout, limits). What is not HTTP is answered and ends the connection. The *handler* runs; it may read the body,
/// a piece at a time, each within body_timeout. Then what is left of the body is *skipped* if it is short, else the
/// connection will close; that is decided before the head of the response is written, which says so. The response is *sent*:
/// head and body in one system call where the body is a text or a small file in the page cache. The next request is parsed
/// from what is buffered, so pipelined ones need no further wait.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>

#include "http/parser.hpp"
#include "http/server/server_exchange.hpp"
#include "http/server/web_server_state.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// Serves one connection until its end, in the version of HTTP that the client speaks.
[[nodiscard]] Coro<void> serve_connection(std::shared_ptr<WebServerState> state, ByteStream stream);

class ServerConnection final : public ServerExchange, public WebServerConnection {
 public:
  ServerConnection(std::shared_ptr<WebServerState> state, ByteStream stream);
  ~ServerConnection();

  /// Until the connection may be closed. Throws when it broke or was too slow.
  [[nodiscard]] Coro<void> run();
  /// run() threw: tells the client what it still can, and the log.
  void abandon(bool timed_out);
  /// A connection between two requests ends, a WebSocket is told 1001.
  void server_closes() noexcept override;

  [[nodiscard]] Coro<std::string_view> next_chunk() override;
  [[nodiscard]] ByteStream upgrade(std::string_view fields) override;
  [[nodiscard]] ByteStream open_tunnel(const Headers& fields) override;
  void set_websocket(const std::shared_ptr<WebSocketState>& ws) noexcept override;
  [[nodiscard]] StreamDrain write(std::string_view bytes, std::uint64_t written_before) override;
  [[nodiscard]] StreamDrain end_body(const Headers& trailers) override;

 private:
  enum class Progress : std::uint8_t { kNeedMore, kHead, kRefused };

  void begin_request();
  [[nodiscard]] Progress read_head();
  void set_reading_deadline();
  void head_is_complete();
  void skip_buffered_body();
  [[nodiscard]] bool skippable();
  void write_head(ServerResponse& response);
  /// The connection is somebody else's from head_text_ on.
  [[nodiscard]] ByteStream give_away(int status);
  [[nodiscard]] Coro<void> refuse();
  [[nodiscard]] Coro<bool> skip_body();
  [[nodiscard]] Coro<void> say_goodbye();

  RequestParser parser_;
  std::size_t requests_ = 0;
  int refusal_status_ = 0;  // of what is not HTTP
  std::string refusal_;
  bool waiting_ = false;     // for the first byte of a request
  bool head_began_ = false;  // the deadline of the head runs
  bool head_done_ = false;
  bool keep_alive_ = false;
  bool upgraded_ = false;
  std::weak_ptr<WebSocketState> websocket_;
};

}  // namespace corolla::inline v0::http
