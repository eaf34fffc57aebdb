// SPDX-License-Identifier: Apache-2.0
#include "runtime/affinity.hpp"

#include <corolla/runtime/log.hpp>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include <sched.h>

namespace corolla {
inline namespace v0 {

PinnedThread::PinnedThread(std::size_t index) noexcept {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  int error = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? 0 : errno;
  try {
    if (error == 0) {
      std::size_t left = index % static_cast<std::size_t>(CPU_COUNT(&allowed));
      std::size_t cpu = 0;
      while (!CPU_ISSET(cpu, &allowed) || left-- != 0) ++cpu;
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      before_.resize(sizeof allowed);
      if (::sched_setaffinity(0, sizeof one, &one) == 0) {
        std::memcpy(before_.data(), &allowed, sizeof allowed);
        return;
      }
      error = errno;
      before_.clear();
    }
    log(LogLevel::kDebug, "a thread is not pinned: " + std::generic_category().message(error));
  } catch (...) {  // out of memory: it is not pinned
  }
}

PinnedThread::~PinnedThread() {
  if (before_.empty()) return;
  cpu_set_t allowed;
  std::memcpy(&allowed, before_.data(), sizeof allowed);
  ::sched_setaffinity(0, sizeof allowed, &allowed);
}

}  // namespace v0
}  // namespace corolla
