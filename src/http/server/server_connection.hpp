// SPDX-License-Identifier: Apache-2.0
/// \file
/// A server's connection: requests in, responses out, one after the other.
///
/// The life of a request, in prose. The connection *waits* until bytes come (keepalive_timeout), then *reads the head*
/// (header_timeout, limits). What is not HTTP is answered and ends the connection. The *handler* runs; it may read the body,
/// a piece at a time, each within body_timeout. Then what is left of the body is *skipped* if it is short, else the
/// connection will close; that is decided before the head of the response is written, which says so. The response is *sent*:
/// head and body in one system call where the body is a text or a small file in the page cache. The next request is parsed
/// from what is buffered, so pipelined ones need no further wait.
///
/// Closing. When bytes may be on their way that nobody will read, closing at once would make the kernel reset the
/// connection, and the client might lose the response. So the output is closed first and the input read and dropped, for a
/// while and up to a limit (RFC 9112, section 9.6).
#pragma once

#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>

#include "http/parser.hpp"
#include "http/server/response_head.hpp"
#include "http/server/web_server_state.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

class WebSocketState;

/// Serves one connection until its end.
[[nodiscard]] Coro<void> serve_connection(std::shared_ptr<WebServerState> state, ByteStream stream);

class ServerConnection {
 public:
  ServerConnection(std::shared_ptr<WebServerState> state, ByteStream stream);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection();

  /// Until the connection may be closed. Throws when it broke or was too slow.
  [[nodiscard]] Coro<void> run();
  /// run() threw: tells the client what it still can, and the log.
  void abandon(bool timed_out);
  /// The server stops: a connection between two requests ends, a WebSocket is told 1001.
  void server_closes() noexcept;

  // For ServerRequest.
  [[nodiscard]] RequestHead& head() noexcept { return parser_.head(); }
  [[nodiscard]] const ByteStream& stream() const noexcept { return stream_; }
  [[nodiscard]] Coro<std::string_view> next_chunk();
  void set_max_body_bytes(std::uint64_t bytes) noexcept { max_body_bytes_ = bytes; }
  [[nodiscard]] ServerResponse take_spare_response(int status);

  // For accept_websocket.
  /// Answers 101 with these fields and the server's own. The connection goes on with the other protocol and ends with the
  /// handler. RuntimeError when that was done before.
  [[nodiscard]] ByteStream upgrade(std::string_view fields);
  void set_websocket(const std::shared_ptr<WebSocketState>& ws) noexcept;

  // For BodyWriter.
  [[nodiscard]] StreamDrain write(std::string_view bytes, std::uint64_t written_before);

  // Neighbours in the server's list.
  ServerConnection* next = nullptr;
  ServerConnection* previous = nullptr;

 private:
  enum class Progress : std::uint8_t { kNeedMore, kHead, kRefused };

  void begin_request();
  [[nodiscard]] Progress read_head();
  void set_reading_deadline();
  void head_is_complete();
  [[nodiscard]] std::optional<ServerResponse> response_to(const std::exception_ptr& error);
  void report(const std::exception_ptr& error);
  void skip_buffered_body();
  [[nodiscard]] bool skippable() const noexcept;
  void write_head(ServerResponse& response);
  [[nodiscard]] bool small_body(const ServerResponse& response, std::string_view& body);
  [[nodiscard]] Coro<void> send_body(const ServerResponse& response);
  [[nodiscard]] Coro<void> send_text(std::string_view text);
  [[nodiscard]] Coro<void> send_file(const OpenFile& file, std::uint64_t offset, std::uint64_t count);
  [[nodiscard]] Coro<void> produce(const ServerResponse& response);
  [[nodiscard]] Coro<void> refuse();
  [[nodiscard]] Coro<bool> skip_body();
  [[nodiscard]] Coro<void> linger();
  void log();

  std::shared_ptr<WebServerState> state_;
  ByteStream stream_;
  RequestParser parser_;
  ServerRequest request_{*this};
  ServerResponse spare_;
  std::string head_;    // the response's; the storage is used again
  std::string remote_;  // the client's address, for the log
  std::size_t requests_ = 0;
  std::uint64_t max_body_bytes_ = 0;
  std::uint64_t body_received_ = 0;
  std::uint64_t body_sent_ = 0;
  std::chrono::sys_seconds time_{};
  std::chrono::steady_clock::time_point began_;
  ResponseFraming framing_;
  int status_ = 0;          // of the response; 0 until there is one
  int refusal_status_ = 0;  // of what is not HTTP
  std::string refusal_;
  bool waiting_ = false;     // for the first byte of a request
  bool head_began_ = false;  // the deadline of the head runs
  bool head_done_ = false;
  bool body_done_ = false;      // the request's body was read to its end
  bool body_unusable_ = false;  // what follows cannot be told apart any more, or is too much
  bool client_gone_ = false;
  bool continue_sent_ = false;
  bool head_sent_ = false;
  bool keep_alive_ = false;
  bool unlogged_ = false;
  bool upgraded_ = false;
  std::weak_ptr<WebSocketState> websocket_;
};

}  // namespace corolla::inline v0::http
