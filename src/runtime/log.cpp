// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/log.hpp>

#include <cstdio>
#include <memory>
#include <mutex>

namespace corolla {
inline namespace v0 {

namespace {

struct Hook {
  std::mutex mutex;
  std::shared_ptr<const LogHandler> handler;
};

Hook& hook() {
  static Hook* const only = new Hook;  // never destroyed: threads may log while statics die
  return *only;
}

std::shared_ptr<const LogHandler> current_handler() {
  const std::lock_guard lock(hook().mutex);
  return hook().handler;
}

}  // namespace

void set_log_handler(LogHandler handler) {
  auto shared = handler ? std::make_shared<const LogHandler>(std::move(handler)) : nullptr;
  const std::lock_guard lock(hook().mutex);
  hook().handler.swap(shared);
}

void log(LogLevel level, std::string_view message, const std::source_location& where) noexcept {
  try {
    if (const auto handler = current_handler()) {
      (*handler)(LogRecord(level, message, where));
      return;
    }
  } catch (...) {
    return;
  }
  if (level < LogLevel::kWarning) return;
  std::fprintf(stderr, "corolla: %.*s\n", static_cast<int>(message.size()), message.data());
}

}  // namespace v0
}  // namespace corolla
