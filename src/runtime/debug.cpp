// SPDX-License-Identifier: Apache-2.0
// What the debug mode finds outside of a loop's iteration.
#include "runtime/debug.hpp"

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/log.hpp>

#include "runtime/reports.hpp"

#include <cstdlib>
#include <string_view>

namespace corolla {
inline namespace v0 {

bool debug_by_environment() noexcept {
  const char* const value = std::getenv("COROLLA_DEBUG");
  return value && *value != '\0' && std::string_view(value) != "0";
}

void destroy_unawaited(PromiseBase& coroutine) noexcept {
  const EventLoop* const loop = running_loop_or_null();
  if (loop && loop->get_debug()) {
    try {
      const std::source_location where = coroutine.where();
      log(LogLevel::kWarning, "a coroutine was never awaited" + place_suffix(", begun", where), where);
    } catch (...) {
      log(LogLevel::kWarning, "a coroutine was never awaited");
    }
  }
  coroutine.handle().destroy();
}

}  // namespace v0
}  // namespace corolla
