// SPDX-License-Identifier: Apache-2.0
#include "backend/send_operation.hpp"

#include "backend/gather_pieces.hpp"

#include <algorithm>
#include <cerrno>

#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace corolla {
inline namespace v0 {

int SendOperation::attempt() noexcept {
  const std::string_view out = bytes();
  return send_now(descriptor_, &out, 1);
}

void SendOperation::prepare(io_uring_sqe& entry) noexcept {
  const std::string_view out = bytes();
  ::io_uring_prep_send(&entry, descriptor_, out.data(), std::min(out.size(), kMostBytes), MSG_NOSIGNAL | MSG_WAITALL);
}

int SendOperation::send_now(int descriptor, const std::string_view* pieces, std::size_t count) noexcept {
  ssize_t sent = 0;
  do {
    if (count == 1) {
      sent = ::send(descriptor, pieces->data(), std::min(pieces->size(), kMostBytes), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      iovec vector[kMaxPieces];
      const std::size_t used = gather_pieces(pieces, count, vector, kMaxPieces);
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
