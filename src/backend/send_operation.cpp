// SPDX-License-Identifier: Apache-2.0
#include "backend/send_operation.hpp"

#include <algorithm>
#include <cerrno>

#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace corolla {
inline namespace v0 {

namespace {

// Results are ints, as io_uring's are.
constexpr std::size_t kMost = std::size_t{1} << 30;

}  // namespace

int SendOperation::attempt() noexcept {
  const std::string_view out = bytes();
  return send_now(descriptor_, &out, 1);
}

void SendOperation::prepare(io_uring_sqe& entry) noexcept {
  const std::string_view out = bytes();
  ::io_uring_prep_send(&entry, descriptor_, out.data(), std::min(out.size(), kMost), MSG_NOSIGNAL | MSG_WAITALL);
}

int SendOperation::send_now(int descriptor, const std::string_view* pieces, std::size_t count) noexcept {
  ssize_t sent = 0;
  do {
    if (count == 1) {
      sent = ::send(descriptor, pieces->data(), std::min(pieces->size(), kMost), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      iovec vector[kMaxPieces];
      std::size_t used = 0;
      std::size_t total = 0;
      for (; used < count && used < kMaxPieces && total < kMost; ++used) {
        const std::size_t size = std::min(pieces[used].size(), kMost - total);
        vector[used].iov_base = const_cast<char*>(pieces[used].data());
        vector[used].iov_len = size;
        total += size;
      }
      msghdr message{};
      message.msg_iov = vector;
      message.msg_iovlen = used;
      sent = ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : static_cast<int>(sent);
}

}  // namespace v0
}  // namespace corolla
