// SPDX-License-Identifier: Apache-2.0
#include "backend/send_operation.hpp"

#include "backend/gather_pieces.hpp"

#include <algorithm>
#include <cerrno>

#include <liburing.h>
#include <linux/tls.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace corolla {
inline namespace v0 {

namespace {

// Neither plain nor data.
bool is_control(std::uint8_t type) noexcept { return type != SendOperation::kPlain && type != SendOperation::kData; }

}  // namespace

int SendOperation::attempt() noexcept {
  const std::string_view out = bytes();
  return is_control(record_type()) ? send_record_now(descriptor_, record_type(), out) : send_now(descriptor_, &out, 1);
}

// Records that are no data are few and short: they are sent when there is room, which spares their type a place to live.
void SendOperation::prepare(io_uring_sqe& entry) noexcept {
  if (is_control(record_type())) {
    ::io_uring_prep_poll_add(&entry, descriptor_, POLLOUT);
    return;
  }
  const std::string_view out = bytes();
  const int whole = record_type() == kPlain ? MSG_WAITALL : 0;  // a socket that encrypts refuses it
  ::io_uring_prep_send(&entry, descriptor_, out.data(), std::min(out.size(), kMostBytes), MSG_NOSIGNAL | whole);
}

int SendOperation::completed(int result) noexcept {
  return result >= 0 && is_control(record_type()) ? attempt() : result;
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

int SendOperation::send_record_now(int descriptor, std::uint8_t type, std::string_view record) noexcept {
  iovec piece{const_cast<char*>(record.data()), record.size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof type)] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_TLS;
  header->cmsg_type = TLS_SET_RECORD_TYPE;
  header->cmsg_len = CMSG_LEN(sizeof type);
  *CMSG_DATA(header) = type;
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : static_cast<int>(sent);
}

}  // namespace v0
}  // namespace corolla
