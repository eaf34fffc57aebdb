// SPDX-License-Identifier: Apache-2.0
#include "corolla/termination_signals.hpp"

#include <corolla/net/fd_watch.hpp>
#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <csignal>
#include <utility>

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace corolla::app {

namespace {

sigset_t termination_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

TerminationSignals::TerminationSignals(std::function<void()> first) {
  const sigset_t set = termination_set();
  descriptor_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0) throw OSError(errno, "signalfd");
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  add_reader(descriptor_, [this, first = std::move(first)] {
    signalfd_siginfo taken;
    if (::read(descriptor_, &taken, sizeof taken) != sizeof taken) return;
    const auto call = first;  // restore() destroys this callback
    restore();
    call();
  });
}

TerminationSignals::~TerminationSignals() { restore(); }

void TerminationSignals::restore() noexcept {
  if (descriptor_ < 0) return;
  remove_reader(descriptor_);
  ::close(std::exchange(descriptor_, -1));
  const sigset_t set = termination_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace corolla::app
