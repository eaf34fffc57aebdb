// SPDX-License-Identifier: Apache-2.0
#include "backend/poll_operation.hpp"

#include <cerrno>

#include <liburing.h>
#include <poll.h>

namespace corolla {
inline namespace v0 {

namespace {

short events_for(Operation::Direction direction) noexcept {
  return direction == Operation::Direction::kRead ? POLLIN : POLLOUT;
}

}  // namespace

int PollOperation::attempt() noexcept {
  pollfd entry{};
  entry.fd = descriptor_;
  entry.events = events_for(direction());
  const int count = ::poll(&entry, 1, 0);
  if (count < 0) return -errno;
  return count == 0 ? -EAGAIN : entry.revents;
}

void PollOperation::prepare(io_uring_sqe& entry) noexcept {
  ::io_uring_prep_poll_add(&entry, descriptor_, static_cast<unsigned>(events_for(direction())));
}

}  // namespace v0
}  // namespace corolla
