// SPDX-License-Identifier: Apache-2.0
/// \file
/// Http2ServerSession: a server's connection in HTTP/2.
///
/// One task reads it; what arrived in one go is fed, then each request that became whole begins its task, whose first step
/// runs at once, then whatever all of them want to send leaves together. The connection ends when the client is gone, when
/// it was idle for keepalive_timeout, when it broke the protocol, or after a GOAWAY of either side and the last response.
/// Requests whose client is gone run to their end unless handler_cancellation says otherwise, as in HTTP/1.1.
///
/// What a hostile client may cost. Heads are bounded by ParserLimits (431, 414; far beyond: GOAWAY), and in time by
/// header_timeout. Bodies that nobody reads are bounded by the windows. A response that is not taken is cut after
/// send_timeout. Streams that are reset, by the client or for its errors, spend a budget; who has spent it gets GOAWAY
/// (ENHANCE_YOUR_CALM). Streams beyond max_concurrent_streams are refused, those of reset requests that still run counted.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/task_group.hpp>

#include "http/http2/server_exchange.hpp"
#include "http/http2/session.hpp"
#include "http/server/web_server_state.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// What a client that speaks HTTP/2 begins with.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves one connection until its end; what is buffered of it already belongs to it.
[[nodiscard]] Coro<void> serve_http2(std::shared_ptr<WebServerState> state, ByteStream stream);

class Http2ServerSession final : public Http2Session, public WebServerConnection {
 public:
  Http2ServerSession(std::shared_ptr<WebServerState> state, ByteStream stream);

  /// Reads the connection until its end. Requests run in the group.
  [[nodiscard]] Coro<void> serve(TaskGroup& group);
  /// Nobody reads it any more.
  void end() noexcept;
  void server_closes() noexcept override;

  // -- for exchanges ------------------------------------------------------------------------------------------------
  /// Fields of a response are collected here, one response at a time.
  [[nodiscard]] std::vector<nghttp2_nv>& fields() noexcept { return fields_; }
  void submit_response(Http2ServerStream& stream, bool has_body);
  void submit_continue(Http2ServerStream& stream);
  /// The exchange's task is over.
  void answered(Http2Exchange& exchange) noexcept;

 private:
  ~Http2ServerSession() override;
  void head_begins(std::int32_t id, Http2Stream* stream) override;
  [[nodiscard]] bool field_arrived(Http2Stream& stream, std::string_view name, std::string_view value) override;
  [[nodiscard]] bool head_complete(Http2Stream& stream, bool last) override;
  void stream_closes(Http2Stream& stream, std::uint32_t code) override;
  void output_complete(Http2Stream& stream) override;
  void goaway_arrived(std::int32_t last_stream_id) override;
  void needs_pump() override;
  void session_finished() noexcept override;
  void set_deadline() override;
  [[nodiscard]] std::exception_ptr stream_error(Http2Stream& stream, std::uint32_t code) override;

  void submit_settings();
  void take_buffered();
  void start_exchanges();
  /// False when the connection is to end.
  [[nodiscard]] bool timed_out();
  void recycle(Http2Exchange& exchange);
  void forget_answered(Http2Exchange& exchange) noexcept;
  [[nodiscard]] bool spend_reset() noexcept;

  const std::shared_ptr<WebServerState> state_;
  TaskGroup* group_ = nullptr;
  std::vector<std::unique_ptr<Http2Exchange>> exchanges_;  // all
  std::vector<Http2Exchange*> unused_;
  std::vector<Http2Exchange*> ready_;  // whole, and not begun
  std::vector<nghttp2_nv> fields_;
  Http2Exchange* oldest_answered_ = nullptr;
  Http2Exchange* newest_answered_ = nullptr;
  StreamState::time_point idle_since_;
  StreamState::time_point head_since_{};
  StreamState::time_point resets_refilled_at_;
  std::size_t resets_left_;
  std::size_t requests_ = 0;
  std::int32_t head_of_ = -1;  // the stream whose head is on its way, or 0; at first the preface, which counts as one
  bool waiting_ = false;       // for bytes
  bool going_away_ = false;
};

}  // namespace corolla::inline v0::http
