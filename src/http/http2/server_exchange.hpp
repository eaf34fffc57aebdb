// SPDX-License-Identifier: Apache-2.0
/// \file
/// Http2Exchange: a request and its response on a stream of HTTP/2.
///
/// Made by the session when a head begins, it collects the fields; complete, it runs the handler as a task of the
/// connection's group. A response that is small enough is left with its stream, and the task ends; others are sent as their
/// windows open. The exchange is used again once both its task and its stream are over.
#pragma once

#include "http/http2/stream.hpp"
#include "http/parser.hpp"
#include "http/server/server_exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

class Http2ServerSession;
class Http2Exchange;

class Http2ServerStream final : public Http2Stream {
 public:
  Http2ServerStream(Http2Session& session, std::int32_t stream_id, Http2Exchange& owner) noexcept
      : Http2Stream(session, stream_id), exchange(owner) {}
  Http2Exchange& exchange;  // while the session has the stream
};

class Http2Exchange final : public ServerExchange {
 public:
  Http2Exchange(Http2ServerSession& session, std::shared_ptr<WebServerState> state);
  ~Http2Exchange() = default;

  // -- for the session ----------------------------------------------------------------------------------------------
  /// A new request's head begins.
  Http2ServerStream& begin(std::int32_t id);
  /// False when the fields are far beyond the limits.
  [[nodiscard]] bool add_field(std::string_view name, std::string_view value);
  /// True when the request can be served; false for the end of trailers.
  [[nodiscard]] bool head_complete(bool last);
  /// The task: from the handler to the response's last byte, or as far as it goes.
  [[nodiscard]] static Coro<void> serve(Http2Exchange& exchange);
  void stream_closed() noexcept;
  /// Our last frame went out. True when the client may stop sending: nobody reads it.
  [[nodiscard]] bool output_complete() noexcept;
  [[nodiscard]] bool over() const noexcept { return !running_ && !open_; }
  /// The handler is done, and what is left of the response is the session's.
  [[nodiscard]] bool answered() const noexcept { return !running_ && open_; }
  [[nodiscard]] std::int32_t id() const noexcept { return id_; }
  [[nodiscard]] StreamState::time_point answered_at() const noexcept { return answered_at_; }
  /// Both are: what the request held is dropped.
  void finish();
  /// Cuts what the client does not take.
  void give_up() noexcept;

  // Neighbours among those answered, oldest first.
  Http2Exchange* newer = nullptr;
  Http2Exchange* older = nullptr;

  // -- ServerExchange -----------------------------------------------------------------------------------------------
  [[nodiscard]] Coro<std::string_view> next_chunk() override;
  [[nodiscard]] ByteStream upgrade(std::string_view fields) override;
  [[nodiscard]] ByteStream open_tunnel(const Headers& fields) override;
  void set_websocket(const std::shared_ptr<WebSocketState>& ws) noexcept override;
  [[nodiscard]] StreamDrain write(std::string_view bytes, std::uint64_t written_before) override;
  [[nodiscard]] StreamDrain end_body(const Headers& trailers) override;

 private:
  class Running;
  [[nodiscard]] Http2ServerStream& stream_state() const noexcept {
    return static_cast<Http2ServerStream&>(*stream_.state());
  }
  void refuse(int status, std::string why);
  void finish_head(bool last);
  [[nodiscard]] Coro<void> answer();
  void submit_head(const ServerResponse& response, bool has_body);
  /// The handler that had the stream to itself is done.
  void end_tunnel(const std::exception_ptr& error);

  Http2ServerSession& session_;
  RequestHead head_storage_;
  Headers trailer_storage_;
  std::string authority_;
  std::string refusal_;
  const ServerResponse* response_ = nullptr;  // while its body is sent
  std::size_t head_size_ = 0;
  std::size_t fields_ = 0;
  StreamState::time_point answered_at_{};
  std::int32_t id_ = 0;
  int refusal_status_ = 0;  // of what is not HTTP
  bool head_done_ = false;
  bool running_ = false;
  bool open_ = false;
  bool tunnel_ = false;       // the stream is the handler's
  bool output_over_ = false;  // our last frame went out
};

}  // namespace corolla::inline v0::http
