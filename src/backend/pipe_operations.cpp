// SPDX-License-Identifier: Apache-2.0
#include "backend/pipe_operations.hpp"

#include "backend/gather_pieces.hpp"
#include "backend/sigpipe.hpp"

#include <algorithm>
#include <cerrno>

#include <liburing.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kMaxPieces = 64;

}  // namespace

// A short read does not say that the rest would block: a terminal gives a line at a time.
int ReadOperation::attempt() noexcept {
  const Room place = room();
  if (!place.data) return -ENOMEM;
  flag_.ensure();
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, place.data, std::min(place.size, kMostBytes));
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return static_cast<int>(count);
  const int error = errno;
  room_unused();
  return -error;
}

void ReadOperation::prepare(io_uring_sqe& entry) noexcept { ::io_uring_prep_poll_add(&entry, descriptor_, POLLIN); }

int WriteOperation::attempt() noexcept {
  const std::string_view out = bytes();
  return write_now(&out, 1);
}

void WriteOperation::prepare(io_uring_sqe& entry) noexcept { ::io_uring_prep_poll_add(&entry, descriptor_, POLLOUT); }

int WriteOperation::write_now(const std::string_view* pieces, std::size_t count) noexcept {
  iovec vector[kMaxPieces];
  const std::size_t used = gather_pieces(pieces, count, vector, kMaxPieces);
  flag_.ensure();
  SigpipeBlocked guard;
  for (;;) {
    const ssize_t written = ::writev(descriptor_, vector, static_cast<int>(used));
    if (written >= 0) return static_cast<int>(written);
    const int error = errno;
    if (error == EINTR) continue;
    if (error == EPIPE) guard.swallow();
    return -error;
  }
}

int HangUpOperation::attempt() noexcept {
  pollfd entry{};
  entry.fd = descriptor_;
  const int count = ::poll(&entry, 1, 0);
  if (count < 0) return -errno;
  return count == 0 ? -EAGAIN : entry.revents;
}

void HangUpOperation::prepare(io_uring_sqe& entry) noexcept { ::io_uring_prep_poll_add(&entry, descriptor_, 0); }

}  // namespace v0
}  // namespace corolla
