// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/event_source.hpp>

#include <corolla/http/media_type.hpp>
#include <corolla/http/session.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/task.hpp>

#include "http/events/event_parser.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace corolla::inline v0::http {

// One connection after the other. A step is: connect (after a pause, but for the first time), or wait for more; in between the
// events of what has arrived are given. What breaks the connection leads to the next one; what the server refuses is thrown. A
// step is a task of its own, so that close() can end it.
class EventSourceState {
 public:
  EventSourceState(Session& session, std::string url, EventSourceOptions options)
      : session_(session), url_(std::move(url)), options_(std::move(options)), pause_(options_.reconnect_time) {}

  Coro<std::optional<ServerSentEvent>> next() {
    while (!closed_) {
      if (response_) {
        if (auto event = parse()) {
          options_.last_event_id = event->id;
          failures_ = 0;
          co_return event;
        }
        if (const auto retry = parser_->take_retry()) pause_ = *retry;
      }
      step_ = create_task(response_ ? read() : connect());
      try {
        co_await step_;
      } catch (const CancelledError&) {
        if (!closed_) throw;
      }
    }
    response_.reset();
    co_return std::nullopt;
  }

  // A wait under way ends first: what it reads from goes after it.
  void close() noexcept {
    closed_ = true;
    if (step_.valid() && !step_.done()) step_.cancel();
    else response_.reset();
  }

  [[nodiscard]] const std::string& last_event_id() const noexcept { return options_.last_event_id; }

 private:
  std::optional<ServerSentEvent> parse() {
    try {
      return parser_->next(rest_);
    } catch (const ContentTooLarge&) {
      response_.reset();
      throw;
    }
  }

  Coro<void> read() {
    auto reading = response_->chunk();
    auto piece = co_await outcome(std::move(reading));
    if (!piece) lost(piece.error());
    else if (piece->empty()) lost(nullptr);
    else rest_ = *piece;
  }

  Coro<void> connect() {
    if (tried_) co_await sleep(pause());
    tried_ = true;
    auto sending = request().send();
    auto sent = co_await outcome(std::move(sending));
    if (!sent) {
      lost(sent.error());
      co_return;
    }
    Response response = std::move(*sent);
    if (response.status() == 204) {
      closed_ = true;
      co_return;
    }
    tried_ = false;  // a refusal is thrown; who asks once more need not wait
    if (response.status() != 200) {
      throw ClientResponseError(response.status(), std::to_string(response.status()) + " " + response.reason() + ": " +
                                                       response.url().href());
    }
    const auto type = MediaType::parse(response.headers().get("Content-Type", ""));
    if (!type || type->essence() != "text/event-stream")
      throw ContentTypeError(200, response.url().href() + " is no stream of events");
    tried_ = true;
    response_.emplace(std::move(response));
    parser_.emplace(options_.last_event_id, options_.line_bytes, options_.event_bytes);
    rest_ = {};
  }

  [[nodiscard]] Request request() {
    ClientTimeout timeout;
    timeout.total.reset();
    timeout.sock_read = options_.read_timeout;
    Request request = session_.get(url_).header("Accept", "text/event-stream").header("Cache-Control", "no-store");
    request = std::move(request).header("Accept-Encoding", "identity").timeout(timeout);
    request = std::move(request).max_body_bytes(std::numeric_limits<std::uint64_t>::max());
    for (const auto& [name, value] : options_.headers) request = std::move(request).header(name, value);
    if (!options_.last_event_id.empty()) request = std::move(request).header("Last-Event-ID", options_.last_event_id);
    return request;
  }

  // The connection ended, or none came to be; null for an end in order.
  void lost(const std::exception_ptr& error) {
    response_.reset();
    ++failures_;
    if (error && is_final(error)) std::rethrow_exception(error);
    if (!options_.attempts || failures_ < *options_.attempts) return;
    failures_ = 0;
    if (error) std::rethrow_exception(error);
    throw ServerDisconnectedError(url_ + ": the stream of events ended again and again");
  }

  // Not of the connection's making, so that another one would not help.
  static bool is_final(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const ContentTooLarge&) {
      return true;
    } catch (const ClientResponseError&) {  // a session may throw by itself for refusals
      return true;
    } catch (const ClientConnectorCertificateError&) {
      return true;
    } catch (const ClientError&) {
      return false;
    } catch (const OSError&) {
      return false;
    } catch (const TimeoutError&) {
      return false;
    } catch (...) {
      return true;
    }
  }

  [[nodiscard]] std::chrono::nanoseconds pause() const noexcept {
    const std::chrono::nanoseconds longest = std::max(pause_, options_.longest_reconnect_time);
    std::chrono::nanoseconds time = pause_;
    for (unsigned i = 1; i < failures_ && time < longest; ++i) time *= 2;
    return std::min(time, longest);
  }

  Session& session_;
  std::string url_;
  EventSourceOptions options_;
  std::chrono::nanoseconds pause_;
  std::optional<Response> response_;
  std::optional<EventParser> parser_;
  std::string_view rest_;  // of the piece that arrived last
  unsigned failures_ = 0;  // in a row
  bool tried_ = false;
  bool closed_ = false;
  Task<void> step_;  // a wait of next()
};

EventSource::EventSource(Session& session, std::string url, EventSourceOptions options)
    : state_(std::make_unique<EventSourceState>(session, std::move(url), std::move(options))) {}
EventSource::EventSource(EventSource&&) noexcept = default;
EventSource& EventSource::operator=(EventSource&&) noexcept = default;
EventSource::~EventSource() = default;

Coro<std::optional<ServerSentEvent>> EventSource::next() { return state_->next(); }
const std::string& EventSource::last_event_id() const noexcept { return state_->last_event_id(); }
void EventSource::close() noexcept { state_->close(); }

}  // namespace corolla::inline v0::http
