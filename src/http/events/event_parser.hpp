// SPDX-License-Identifier: Apache-2.0
/// \file
/// EventParser: text/event-stream, bytes in, events out. Source: WHATWG HTML, section 9.2.6.
#pragma once

#include <corolla/http/server_sent_event.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

class EventParser {
 public:
  /// `last_event_id` is where the stream before this one stopped.
  EventParser(std::string last_event_id, std::size_t line_bytes, std::size_t event_bytes)
      : id_(std::move(last_event_id)), line_bytes_(line_bytes), event_bytes_(event_bytes) {}

  /// Consumes from the front of `input` up to the end of an event; nothing when more is needed. ContentTooLarge.
  [[nodiscard]] std::optional<ServerSentEvent> next(std::string_view& input);
  /// What the server said, once.
  [[nodiscard]] std::optional<std::chrono::milliseconds> take_retry() noexcept { return std::exchange(retry_, {}); }

 private:
  /// An empty line: what was collected becomes an event, if it has data.
  [[nodiscard]] std::optional<ServerSentEvent> dispatch();
  void read_field();

  std::string line_;
  std::string type_;
  std::string data_;
  std::string id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::size_t line_bytes_;
  std::size_t event_bytes_;
  bool at_start_ = true;
  bool after_cr_ = false;
};

}  // namespace corolla::inline v0::http
