// SPDX-License-Identifier: Apache-2.0
#include "backend/readiness_operation.hpp"

#include "backend/backend.hpp"

#include <cerrno>
#include <utility>

#include <liburing.h>
#include <poll.h>

namespace corolla {
inline namespace v0 {

void ReadinessOperation::prepare(io_uring_sqe& entry) noexcept {
  polls_ = true;
  ::io_uring_prep_poll_add(&entry, descriptor_, direction() == Direction::kRead ? POLLIN : POLLOUT);
}

void ReadinessOperation::finished(int result) noexcept {
  if (std::exchange(polls_, false) && result >= 0) {
    exhausted_ = false;
    result = attempt();
    if (result == -EAGAIN) result = io_.perform(*this);
    if (result == kPending) return;
  }
  done(result);
}

}  // namespace v0
}  // namespace corolla
