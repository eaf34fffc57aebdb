// SPDX-License-Identifier: Apache-2.0
#include "backend/accept_operation.hpp"

#include <cerrno>

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

int AcceptOperation::attempt() noexcept {
  for (;;) {
    const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) return accepted;
    // ECONNABORTED: the client went away while it stood in the queue.
    if (errno != EINTR && errno != ECONNABORTED) return -errno;
  }
}

void AcceptOperation::prepare(io_uring_sqe& entry) noexcept {
  ::io_uring_prep_multishot_accept(&entry, descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
}

bool AcceptOperation::brought(int result, char*) noexcept {
  if (result < 0) return false;
  take(result);
  return true;
}

int AcceptOperation::completed(int result) noexcept { return result == -ECONNABORTED ? -EAGAIN : result; }

void AcceptOperation::lost(int result) noexcept { ::close(result); }

}  // namespace v0
}  // namespace corolla
