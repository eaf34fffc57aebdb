// SPDX-License-Identifier: Apache-2.0
#include "backend/receive_operation.hpp"

#include "backend/receive_ring.hpp"

#include <cerrno>

#include <liburing.h>
#include <sys/socket.h>

namespace corolla {
inline namespace v0 {

int ReceiveOperation::attempt() noexcept {
  const Room place = room();
  if (!place.data) return -ENOMEM;
  ssize_t count = 0;
  do {
    count = ::recv(descriptor_, place.data, place.size, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    const int error = errno;
    room_unused();
    return -error;
  }
  // The kernel reports the next byte.
  exhausted_ = place.short_means_empty && count > 0 && static_cast<std::size_t>(count) < place.size;
  return static_cast<int>(count);
}

void ReceiveOperation::prepare(io_uring_sqe& entry) noexcept {
  ::io_uring_prep_recv_multishot(&entry, descriptor_, nullptr, 0, 0);
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = ReceiveRing::kGroup;
}

bool ReceiveOperation::brought(int result, char* block) noexcept {
  if (!block) return false;
  if (result > 0) {
    take(block, static_cast<std::size_t>(result));
    return true;
  }
  give_receive_block(block);
  return false;
}

// There was no block; there are some now.
int ReceiveOperation::completed(int result) noexcept { return result == -ENOBUFS ? -EAGAIN : result; }

}  // namespace v0
}  // namespace corolla
