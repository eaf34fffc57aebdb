// SPDX-License-Identifier: Apache-2.0
#include "backend/backend.hpp"
#include "backend/epoll_backend.hpp"
#include "backend/uring_backend.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/log.hpp>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace corolla {
inline namespace v0 {

namespace {

// What usually stands behind the errno; "" where it says enough.
const char* usual_cause(int error) noexcept {
  switch (error) {
    case EPERM: return " (a seccomp filter, or sysctl kernel.io_uring_disabled)";
    case ENOSYS: return " (a kernel without io_uring, or a seccomp filter)";
    case ENOMEM: return " (RLIMIT_MEMLOCK)";
    case EINVAL:
    case EOPNOTSUPP: return " (the kernel is too old)";
    default: return "";
  }
}

}  // namespace

void log_fallback(int error) noexcept {
  try {
    log(LogLevel::kDebug,
        "io_uring_setup: " + std::generic_category().message(error) + usual_cause(error) + "; using epoll");
  } catch (...) {
    log(LogLevel::kDebug, "io_uring cannot be set up; using epoll");
  }
}

std::unique_ptr<Backend> make_backend(std::string_view name, ReadyQueue& ready, int wake_up) {
  if (name.empty()) {
    if (const char* chosen = std::getenv("COROLLA_BACKEND")) name = chosen;
  }
  if (!name.empty() && name != "epoll" && name != "io_uring")
    throw ValueError("unknown backend '" + std::string(name) + "': epoll or io_uring is expected");
  if (name == "io_uring") {
    const int error = UringBackend::probe();
    if (error == 0) return std::make_unique<UringBackend>(ready, wake_up);
    log_fallback(-error);
  }
  return std::make_unique<EpollBackend>(ready, wake_up);
}

}  // namespace v0
}  // namespace corolla
