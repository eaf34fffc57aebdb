// SPDX-License-Identifier: Apache-2.0
/// \file
/// The library's one logging hook. What the debug mode finds goes here.
///
/// Source: asyncio's logger. Without a handler warnings and errors go to standard error, one line each, and the rest
/// nowhere. All functions are thread safe; the handler may be called in any thread.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>

namespace corolla {
inline namespace v0 {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// One event.
struct LogRecord {
  LogRecord(LogLevel severity, std::string_view text, const std::source_location& place)
      : level(severity), message(text), where(place) {}
  LogLevel level;
  std::string_view message;    ///< one line; valid during the call of the handler
  std::source_location where;  ///< the place it is about; line 0: none
};

using LogHandler = std::function<void(const LogRecord&)>;

/// Null restores the default.
COROLLA_API void set_log_handler(LogHandler handler);

/// Hands one event to the handler. Never throws: what the handler throws is dropped.
COROLLA_API void log(LogLevel level, std::string_view message,
                     const std::source_location& where = std::source_location()) noexcept;

}  // namespace v0
}  // namespace corolla
