// SPDX-License-Identifier: Apache-2.0
#include "backend/uring.hpp"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr unsigned kEntries = 256;
constexpr unsigned kCompletions = 4096;
constexpr unsigned kNeeded =
    IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG;

// One thread submits, and answers are collected when it asks for them: Linux 6.1. That kernel has multishot receives and
// rings of blocks as well.
int make_ring(io_uring& ring) noexcept {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.cq_entries = kCompletions;
  const int result = ::io_uring_queue_init_params(kEntries, &ring, &params);
  if (result != 0 || (params.features & kNeeded) == kNeeded) return result;
  ::io_uring_queue_exit(&ring);
  return -EOPNOTSUPP;
}

}  // namespace

Uring::Uring() noexcept : error(make_ring(ring)) {
  if (error != 0) return;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    error = -errno;
  } else {
    gone_ = ends[0];
    error = ::io_uring_register_files(&ring, &ends[1], 1);
    ::close(ends[1]);
  }
  if (error == 0) error = received.set_up(ring);
  if (error != 0) ::io_uring_queue_exit(&ring);
}

Uring::~Uring() {
  if (error == 0) ::io_uring_queue_exit(&ring);
  if (gone_ >= 0) ::close(gone_);
}

void Uring::end() noexcept {
  ::io_uring_queue_exit(&ring);
  error = -ECANCELED;
  pollfd entry{};
  entry.fd = gone_;
  while (::poll(&entry, 1, -1) < 0) {
  }
}

}  // namespace v0
}  // namespace corolla
