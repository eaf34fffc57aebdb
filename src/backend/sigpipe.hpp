// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writing without SIGPIPE where there is no flag for that: sendfile, write, splice.
#pragma once

#include <cerrno>
#include <csignal>

namespace corolla {
inline namespace v0 {

/// The signal is blocked in this thread while it lives; if the call raised one that was not pending before, swallow()
/// takes it out again.
class SigpipeBlocked {
 public:
  SigpipeBlocked() noexcept {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  ~SigpipeBlocked() {
    if (!::sigismember(&before_, SIGPIPE)) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  /// After a call that failed with EPIPE.
  void swallow() noexcept {
    if (::sigismember(&before_, SIGPIPE)) return;
    const timespec now{};
    while (::sigtimedwait(&sigpipe_, nullptr, &now) < 0 && errno == EINTR) {
    }
  }

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
};

}  // namespace v0
}  // namespace corolla
