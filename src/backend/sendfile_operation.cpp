// SPDX-License-Identifier: Apache-2.0
#include "backend/sendfile_operation.hpp"

#include "backend/sigpipe.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

}  // namespace

int SendfileOperation::attempt() noexcept { return send_now(descriptor_, file_, offset_, count_); }

int SendfileOperation::send_now(int socket, int file, std::uint64_t offset, std::uint64_t count) noexcept {
  SigpipeBlocked guard;
  for (;;) {
    auto position = static_cast<off_t>(offset);
    const ssize_t sent = ::sendfile(socket, file, &position, static_cast<std::size_t>(std::min(count, kMost)));
    if (sent >= 0) return static_cast<int>(sent);
    const int error = errno;
    if (error == EINTR) continue;
    if (error == EPIPE) guard.swallow();
    return -error;
  }
}

void SendfileOperation::prepare(io_uring_sqe& entry) noexcept {
  ::io_uring_prep_poll_add(&entry, descriptor_, POLLOUT);
}

int SendfileOperation::completed(int result) noexcept {
  if (result < 0) return result;
  // io_uring's sockets block; this call must not.
  const int flags = ::fcntl(descriptor_, F_GETFL);
  ::fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK);
  result = attempt();
  ::fcntl(descriptor_, F_SETFL, flags);
  return result;
}

}  // namespace v0
}  // namespace corolla
