// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerExchange: one request and its response, whatever version of HTTP carries them.
///
/// ServerRequest and BodyWriter see this class alone. What it has in common for all versions: the handler's errors become
/// responses, a response's body is sent from wherever it comes, the log is told. What a version does its own way is virtual:
/// reading the body, writing a streamed one, giving the connection away.
#pragma once

#include <corolla/http/content_coding.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>

#include "http/parser.hpp"
#include "http/server/client_watch.hpp"
#include "http/server/response_head.hpp"
#include "http/server/web_server_state.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

class WebSocketState;

class ServerExchange {
 public:
  ServerExchange(const ServerExchange&) = delete;
  ServerExchange& operator=(const ServerExchange&) = delete;

  // For ServerRequest.
  [[nodiscard]] RequestHead& head() noexcept { return *request_head_; }
  [[nodiscard]] const ByteStream& stream() const noexcept { return stream_; }
  [[nodiscard]] virtual Coro<std::string_view> next_chunk() = 0;
  /// As above, decoded if the server does that.
  [[nodiscard]] Coro<std::string_view> next_piece() { return is_encoded() ? next_decoded() : next_chunk(); }
  /// Empty before the body's end.
  [[nodiscard]] const Headers& trailers() const noexcept;
  void set_max_body_bytes(std::uint64_t bytes) noexcept { max_body_bytes_ = bytes; }
  [[nodiscard]] ServerResponse take_spare_response(int status);

  // For Application.
  /// What a client is told of an error that left the handler; nothing when the client is gone.
  [[nodiscard]] std::optional<ServerResponse> response_to(const std::exception_ptr& error);

  // For accept_websocket, upgrade and accept_connect.
  /// Answers 101 with these fields and the server's own. The connection goes on with the other protocol and ends with the
  /// handler. RuntimeError when that was done before, or the version of HTTP cannot.
  [[nodiscard]] virtual ByteStream upgrade(std::string_view fields) = 0;
  /// Answers 200 to a CONNECT, with these fields and the server's own. What follows is a tunnel, which ends with the handler.
  /// RuntimeError when that was done before.
  [[nodiscard]] virtual ByteStream open_tunnel(const Headers& fields) = 0;
  /// The request's body was read to its end.
  [[nodiscard]] bool body_done() const noexcept { return body_done_; }
  virtual void set_websocket(const std::shared_ptr<WebSocketState>& ws) noexcept = 0;

  // For event_stream.
  /// Idle unless a handler or a producer runs that is to end with its client.
  [[nodiscard]] ClientWatch& client_watch() noexcept { return watch_; }
  /// What the producer throws from now on is no news.
  void set_client_gone() noexcept { client_gone_ = true; }

  // For BodyWriter.
  [[nodiscard]] virtual StreamDrain write(std::string_view bytes, std::uint64_t written_before) = 0;
  /// Behind the last piece of a streamed body: its end, as far as the version says one, with fields where that is possible.
  [[nodiscard]] virtual StreamDrain end_body(const Headers& trailers) = 0;

 protected:
  /// What the log is told when there was nobody to answer any more: nginx's "client closed request".
  static constexpr int kClientClosedRequest = 499;

  ServerExchange(std::shared_ptr<WebServerState> state, ByteStream stream) noexcept
      : state_(std::move(state)), stream_(std::move(stream)) {}
  ~ServerExchange() = default;

  /// The response was sent: what it holds goes, its storage is used again.
  void keep_spare(ServerResponse&& response) noexcept;
  /// Forgets the last request.
  void begin_exchange() noexcept;
  /// For the log: the request's head is there.
  void note_time();
  void log();
  void report(const std::exception_ptr& error);
  /// What a handler threw that had the connection, or the stream, to itself: no news when the client is gone.
  void report_of_owner(const std::exception_ptr& error);
  /// Calls the handler, or answers in its place. CancelledError is the server's; when the handler was cancelled because the client went
  /// away, response_to() what is thrown is nothing.
  [[nodiscard]] Coro<ServerResponse> handle();
  /// Before a piece of the body is read. Throws when it cannot be read any more, or is announced as too large.
  void require_readable_body();
  /// More of the body: empty at the end of the stream. Throws when it does not come in time, or the client is gone.
  [[nodiscard]] Coro<std::string_view> receive_body();
  /// A piece of the body was read; throws when it is above the limit.
  void count_body(std::size_t size);
  /// ValueError when a producer writes more than was announced.
  void check_length(std::size_t size, std::uint64_t written_before) const;

  /// Replaces a response without a valid status, and says how its body is framed if its length is not known.
  void frame_response(ServerResponse& response, BodyFraming without_length);
  /// A body that can be sent with the head, in one piece; empty when there is none.
  [[nodiscard]] bool small_body(const ServerResponse& response, std::string_view& body);
  /// Any other, after head_text_.
  [[nodiscard]] Coro<void> send_body(const ServerResponse& response);

  std::shared_ptr<WebServerState> state_;
  ByteStream stream_;
  ClientWatch watch_{stream_ ? stream_.state().get() : nullptr};
  // Set by the class that has them.
  RequestHead* request_head_ = nullptr;
  const Headers* received_trailers_ = nullptr;
  ServerRequest request_{*this};
  ServerResponse spare_;
  std::string head_text_;  // the response's, where it is a text; the storage is used again
  std::string remote_;     // the client's address, for the log
  Headers logged_fields_;  // the response's, for the log: it is gone by then
  std::uint64_t max_body_bytes_ = 0;
  std::uint64_t body_received_ = 0;
  std::uint64_t body_sent_ = 0;
  std::chrono::sys_seconds time_{};
  std::chrono::steady_clock::time_point began_;
  ResponseFraming framing_;
  int status_ = 0;              // of the response; 0 until there is one
  bool body_done_ = false;      // the request's body was read to its end
  bool body_unusable_ = false;  // what follows cannot be told apart any more, or is too much
  bool client_gone_ = false;
  bool continue_sent_ = false;
  bool head_sent_ = false;
  bool unlogged_ = false;

 private:
  /// The request has an Expect field that somebody has to decide about before its handler.
  [[nodiscard]] bool has_expectation();
  /// What is answered instead of calling the handler; nothing: go on.
  [[nodiscard]] Coro<std::optional<ServerResponse>> meet_expectation();
  [[nodiscard]] Coro<ServerResponse> handle_watchfully();
  [[nodiscard]] bool is_encoded() const noexcept;
  [[nodiscard]] Coro<std::string_view> next_decoded();
  void start_decoding();
  [[nodiscard]] Coro<void> send_text(std::string_view text);
  [[nodiscard]] Coro<void> send_file(const OpenFile& file, std::uint64_t offset, std::uint64_t count);
  [[nodiscard]] Coro<void> produce(const ServerResponse& response);
  [[noreturn]] void throw_too_large();

  std::optional<Decoder> decoder_;
  std::string decoded_;  // the piece handed out last
};

}  // namespace corolla::inline v0::http
