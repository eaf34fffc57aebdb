// SPDX-License-Identifier: Apache-2.0
/// \file
/// EventSource: a client of server-sent events, which connects again by itself.
///
///     http::EventSource events(session, "https://example.org/ticker");
///     while (auto event = co_await events.next()) std::cout << event->data << '\n';
///
/// Source: WHATWG HTML, section 9.2. When the connection breaks or ends, the next one says in Last-Event-ID what was seen last. Before
/// it there is a pause: what the server said in "retry", or EventSourceOptions::reconnect_time; doubled, up to a limit, for each
/// attempt in a row that brings no event. The server ends the stream for good by 204 (No Content). Refusals are not tried again.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/server_sent_event.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace corolla::inline v0::http {

class EventSourceState;
class Session;

/// How events are read.
struct EventSourceOptions {
  EventSourceOptions() {}
  /// Further fields of the request.
  Headers headers;
  /// Where an earlier EventSource stopped.
  std::string last_event_id;
  std::chrono::nanoseconds reconnect_time = std::chrono::seconds(3);
  std::chrono::nanoseconds longest_reconnect_time = std::chrono::minutes(1);
  /// Attempts in a row that bring no event, after which the last one's error is thrown; nothing: any number.
  std::optional<unsigned> attempts;
  /// How long nothing may come, comments included, until the connection counts as broken. Servers send one each 15 seconds or so.
  std::optional<std::chrono::nanoseconds> read_timeout;
  /// Bytes of a line, and of all lines of an event: ContentTooLarge.
  std::size_t line_bytes = std::size_t{1} << 20U;
  std::size_t event_bytes = std::size_t{8} << 20U;
};

/// See the file's comment. Refers to its Session, which outlives it. Moves; one task reads at a time.
class COROLLA_API EventSource {
 public:
  EventSource(Session& session, std::string url, EventSourceOptions options = EventSourceOptions());
  EventSource(EventSource&&) noexcept;
  EventSource& operator=(EventSource&&) noexcept;
  /// Closes the connection.
  ~EventSource();

  /// The next event; nothing once the server ended the stream for good, or close() was called. ClientResponseError for a status other
  /// than 200 and 204, ContentTypeError for what is no text/event-stream, ContentTooLarge; what connecting fails with when the
  /// attempts are used up. After an error it may be called again. Cancelled, nothing is lost.
  [[nodiscard]] Coro<std::optional<ServerSentEvent>> next();
  /// Of the last event that had one.
  [[nodiscard]] const std::string& last_event_id() const noexcept;
  /// Ends it now; a task that waits for the next event gets nothing.
  void close() noexcept;

 private:
  std::unique_ptr<EventSourceState> state_;
};

}  // namespace corolla::inline v0::http
