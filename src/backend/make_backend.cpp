// SPDX-License-Identifier: Apache-2.0
#include "backend/backend.hpp"
#include "backend/epoll_backend.hpp"
#include "backend/uring_backend.hpp"

#include <corolla/runtime/error.hpp>

#include <cstdlib>
#include <string>

namespace corolla {
inline namespace v0 {

std::unique_ptr<Backend> make_backend(std::string_view name, ReadyQueue& ready, int wake_up) {
  if (name.empty()) {
    if (const char* chosen = std::getenv("COROLLA_BACKEND")) name = chosen;
  }
  if (!name.empty() && name != "epoll" && name != "io_uring")
    throw ValueError("unknown backend '" + std::string(name) + "': epoll or io_uring is expected");
  if (name == "io_uring" && UringBackend::available()) return std::make_unique<UringBackend>(ready, wake_up);
  return std::make_unique<EpollBackend>(ready, wake_up);
}

}  // namespace v0
}  // namespace corolla
