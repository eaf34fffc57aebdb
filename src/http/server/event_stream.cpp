// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/event_stream.hpp>

#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/task_group.hpp>

#include "http/server/server_exchange.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

namespace corolla::inline v0::http {

namespace {

// The producer, and beside it the pings; each ends the other, and the client's going ends both. What the producer throws comes
// out as it is.
Coro<void> run_producer(const EventProducer& producer, BodyWriter& writer, std::chrono::nanoseconds interval) {
  co_await writer.write({});  // the client knows that it is connected
  EventStream events(writer);
  std::exception_ptr error;
  auto ping = [&](TaskGroup& group) -> Coro<void> {
    for (;;) {
      const std::uint64_t before = events.sent();
      co_await sleep(interval);
      if (events.sent() != before) continue;
      try {
        co_await events.comment("");
      } catch (const Error&) {
        error = std::current_exception();
      }
      if (!error) continue;
      group.cancel();
      co_return;
    }
  };
  auto body = [&](TaskGroup& group) -> Coro<void> {
    group.create_task(ping, std::ref(group));
    try {
      auto producing = producer(events);
      co_await std::move(producing);
    } catch (const CancelledError&) {
      throw;
    } catch (...) {
      error = std::current_exception();
    }
    group.cancel();
  };
  ServerExchange& exchange = writer.exchange();
  exchange.client_watch().begin();
  bool gone = false;
  try {
    auto running = task_group(body);
    co_await std::move(running);
  } catch (const CancelledError&) {
    gone = exchange.client_watch().end();
    if (!gone) throw;
  }
  exchange.client_watch().end();
  if (gone) {
    exchange.set_client_gone();
    throw OSError(ECONNRESET, "the client is gone");
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace

StreamDrain EventStream::send(const ServerSentEvent& event) {
  if (event.type.find_first_of("\r\n") != std::string::npos) throw ValueError("an event's type with a line break");
  if (event.id.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    throw ValueError("an event's id with a line break or NUL");
  text_.clear();
  if (!event.id.empty()) text_.append("id: ").append(event.id).append("\n");
  if (!event.type.empty()) text_.append("event: ").append(event.type).append("\n");
  if (event.retry) text_.append("retry: ").append(std::to_string(event.retry->count())).append("\n");
  append_lines("data: ", event.data);
  return write();
}

StreamDrain EventStream::send(std::string_view data) {
  text_.clear();
  append_lines("data: ", data);
  return write();
}

StreamDrain EventStream::comment(std::string_view text) {
  text_.clear();
  append_lines(": ", text);
  return write();
}

void EventStream::append_lines(std::string_view name, std::string_view text) {
  for (bool more = true; more;) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    text_.append(name).append(text.substr(0, end)).append("\n");
    more = end < text.size();
    if (more) text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

StreamDrain EventStream::write() {
  text_ += '\n';
  ++sent_;
  return writer_.write(text_);
}

ServerResponse event_stream(EventProducer producer, std::chrono::nanoseconds ping_interval) {
  if (ping_interval <= std::chrono::nanoseconds(0)) throw ValueError("event_stream: the ping interval is not positive");
  ServerResponse response;
  response.headers().add("Content-Type", "text/event-stream");
  response.headers().add("Cache-Control", "no-store");
  response.headers().add("X-Accel-Buffering", "no");
  response.set_producer([producer = std::move(producer), ping_interval](BodyWriter& writer) {
    return run_producer(producer, writer, ping_interval);
  });
  return response;
}

}  // namespace corolla::inline v0::http
