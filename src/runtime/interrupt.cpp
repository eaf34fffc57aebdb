// SPDX-License-Identifier: Apache-2.0
#include "runtime/interrupt.hpp"

#include <atomic>
#include <csignal>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

std::atomic<ThreadDoor*> active_door{nullptr};
std::atomic<int> interrupts{0};
static_assert(std::atomic<ThreadDoor*>::is_always_lock_free, "used in a signal handler");

// Without a scope, when somebody put it back in its place later, it does what the default action does.
extern "C" void on_sigint(int signal) {
  if (interrupts.fetch_add(1) > 0 || !active_door.load()) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  if (ThreadDoor* door = active_door.load()) door->interrupt();
}

}  // namespace

InterruptScope::InterruptScope(const std::shared_ptr<ThreadDoor>& door) {
  struct sigaction old{};
  if (::getpid() != ::gettid() || sigaction(SIGINT, nullptr, &old) != 0) return;
  if (old.sa_handler != SIG_DFL && old.sa_handler != on_sigint) return;
  ThreadDoor* expected = nullptr;
  if (!active_door.compare_exchange_strong(expected, door.get())) return;
  door_ = door;
  interrupts = 0;
  struct sigaction action{};
  action.sa_handler = on_sigint;
  action.sa_flags = SA_RESTART;  // blocking calls of other threads go on; the loop's own wait returns all the same
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

InterruptScope::~InterruptScope() {
  if (!door_) return;
  struct sigaction present{};
  if (sigaction(SIGINT, nullptr, &present) == 0 && present.sa_handler == on_sigint) std::signal(SIGINT, SIG_DFL);
  active_door = nullptr;
}

bool InterruptScope::interrupted() const noexcept { return door_ && interrupts.load() > 0; }

}  // namespace v0
}  // namespace corolla
