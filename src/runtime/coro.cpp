// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/coro.hpp>

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/log.hpp>

#include "runtime/reports.hpp"

#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

namespace {

// A coroutine that was never awaited may own another one, its argument, and so on. Down to this depth each dies inside its
// owner, as any argument does; what is nested deeper waits until the stack is unwound, and so dies right behind its owner.
constexpr unsigned kDeepest = 64;
thread_local unsigned depth = 0;
thread_local std::vector<PromiseBase*>* deferred = nullptr;

void destroy_nested(PromiseBase& coroutine) noexcept {
  if (depth >= kDeepest && deferred) {
    try {
      deferred->push_back(&coroutine);
      return;
    } catch (...) {  // out of memory: here and now, then
    }
  }
  ++depth;
  coroutine.handle().destroy();
  --depth;
}

}  // namespace

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
  if (deferred) {
    destroy_nested(coroutine);
    return;
  }
  std::vector<PromiseBase*> waiting;
  deferred = &waiting;
  destroy_nested(coroutine);
  while (!waiting.empty()) {
    PromiseBase* const next = waiting.back();
    waiting.pop_back();
    destroy_nested(*next);
  }
  deferred = nullptr;
}

}  // namespace v0
}  // namespace corolla
