// SPDX-License-Identifier: Apache-2.0
/// \file
/// EventStream: server-sent events, as a response.
///
///     Coro<http::ServerResponse> clock(http::ServerRequest& request) {
///       co_return http::event_stream([](http::EventStream& events) -> Coro<void> {
///         for (int i = 0;; ++i) {
///           co_await events.send("tick " + std::to_string(i));
///           co_await sleep(1s);
///         }
///       });
///     }
///
/// Source: WHATWG HTML, section 9.2; the aiohttp-sse package. A comment is sent when nothing else was for a while, so that proxies
/// keep the connection, and so that a client is missed that went without a word. When the client closes or resets the connection, or in
/// HTTP/2 the stream, the producer is cancelled at once (see WebServerOptions::handler_cancellation for who counts as gone). A client that comes back
/// says in Last-Event-ID what it saw last. Compressed, if the response says so: each event is flushed.
#pragma once

#include <corolla/http/server_response.hpp>
#include <corolla/http/server_sent_event.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// Where events go. Lives as long as its producer runs. Several tasks may send, each event whole.
class COROLLA_API EventStream {
 public:
  explicit EventStream(BodyWriter& writer) noexcept : writer_(writer) {}
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// `co_await events.send(event)`: waits while the client is behind. ValueError for a type or an id that cannot be sent; errors as
  /// BodyWriter::write.
  StreamDrain send(const ServerSentEvent& event);
  /// An event of the type "message".
  StreamDrain send(std::string_view data);
  /// A line that clients drop.
  StreamDrain comment(std::string_view text);
  /// Of events and comments.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

 private:
  StreamDrain write();
  void append_lines(std::string_view name, std::string_view text);

  BodyWriter& writer_;
  std::string text_;
  std::uint64_t sent_ = 0;
};

/// Sends events until it returns; then the response is over.
using EventProducer = std::function<Coro<void>(EventStream&)>;

/// A response that is a stream of events: text/event-stream, not cached, not buffered by nginx.
[[nodiscard]] COROLLA_API ServerResponse
event_stream(EventProducer producer, std::chrono::nanoseconds ping_interval = std::chrono::seconds(15));

}  // namespace corolla::inline v0::http
