// SPDX-License-Identifier: Apache-2.0
#include "backend/connect_operation.hpp"

#include <cerrno>

#include <liburing.h>
#include <sys/socket.h>

namespace corolla {
inline namespace v0 {

// Begun once; then the socket becomes writable when the matter is decided, and its error says how.
int ConnectOperation::attempt() noexcept {
  if (!begun_) {
    begun_ = true;
    const Address to = address();
    if (::connect(descriptor_, static_cast<const sockaddr*>(to.data), static_cast<socklen_t>(to.size)) == 0) return 0;
    if (errno == EINPROGRESS || errno == EINTR) return -EAGAIN;
    // A Unix socket whose listener's queue is full says EAGAIN and never becomes writable.
    return errno == EAGAIN ? -ECONNREFUSED : -errno;
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
  return -error;
}

void ConnectOperation::prepare(io_uring_sqe& entry) noexcept {
  const Address to = address();
  ::io_uring_prep_connect(&entry, descriptor_, static_cast<const sockaddr*>(to.data), static_cast<socklen_t>(to.size));
}

}  // namespace v0
}  // namespace corolla
