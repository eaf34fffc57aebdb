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

namespace {

// Up to here it is cheaper to bring pieces together than to have the kernel read a list of them.
constexpr std::size_t kJoined = 1024;

// One short piece of several, in storage for kJoined bytes; empty when they are longer.
std::string_view join(const std::string_view* pieces, std::size_t count, char* storage) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].size() > kJoined - size) return {};
    size += pieces[i].copy(storage + size, pieces[i].size());
  }
  return {storage, size};
}

ssize_t send_one(int descriptor, std::string_view piece) noexcept {
  return ::send(descriptor, piece.data(), std::min(piece.size(), kMostBytes), MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t send_several(int descriptor, const std::string_view* pieces, std::size_t count) noexcept {
  char storage[kJoined];
  if (const std::string_view joined = join(pieces, count, storage); !joined.empty())
    return send_one(descriptor, joined);
  iovec vector[SendOperation::kMaxPieces];
  msghdr message{};
  message.msg_iov = vector;
  message.msg_iovlen = gather_pieces(pieces, count, vector, SendOperation::kMaxPieces);
  return ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

int SendOperation::send_now(int descriptor, const std::string_view* pieces, std::size_t count) noexcept {
  ssize_t sent = 0;
  do {
    sent = count == 1 ? send_one(descriptor, *pieces) : send_several(descriptor, pieces, count);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : static_cast<int>(sent);
}

}  // namespace v0
}  // namespace corolla
