// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerSentEvent: what a server sends in a stream of events, and a client reads.
///
/// Source: WHATWG HTML, section 9.2. EventStream (event_stream.hpp) writes them, EventSource (event_source.hpp) reads them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace corolla::inline v0::http {

/// An event. Text is UTF-8.
struct ServerSentEvent {
  ServerSentEvent() {}
  explicit ServerSentEvent(std::string event_data, std::string event_type = {}, std::string event_id = {})
      : type(std::move(event_type)), data(std::move(event_data)), id(std::move(event_id)) {}
  /// What kind of event it is; read, never empty: "message" where the server says nothing. No line break in it.
  std::string type;
  /// Any text; its line breaks arrive as LF.
  std::string data;
  /// Where to go on after an interruption: the client sends it as Last-Event-ID. Empty: none is sent; read, it is the last one
  /// that was. No line break, no NUL.
  std::string id;
  /// How long the client waits before it connects again. Sent alone; what is read is the reader's business.
  std::optional<std::chrono::milliseconds> retry;
};

}  // namespace corolla::inline v0::http
