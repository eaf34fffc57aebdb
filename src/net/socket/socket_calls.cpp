// SPDX-License-Identifier: Apache-2.0
#include "net/socket/socket_calls.hpp"

#include "backend/sendfile_operation.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

// Results are ints, as the backends' are.
constexpr std::size_t kMost = std::size_t{1} << 30;
// The thread's memory grows up to this; no datagram of IP is larger than its first size.
constexpr std::size_t kFirstRoom = 64 * 1024;

// One for all sockets of a thread, so that it stays in the cache; what comes is copied out before anything else runs.
struct Received {
  std::unique_ptr<char[]> bytes;
  std::size_t room = 0;
  sockaddr_storage from{};
  socklen_t from_size = 0;
};
thread_local Received received;

bool make_room(std::size_t wanted) noexcept {
  const std::size_t room = std::clamp(wanted, kFirstRoom, kMostReceived);
  if (received.room >= room) return true;
  received.bytes.reset(new (std::nothrow) char[room]);
  received.room = received.bytes ? room : 0;
  return received.room != 0;
}

int receive(int descriptor, const SocketRequest& request, bool& exhausted) noexcept {
  const bool with_address = request.call != SocketCall::kReceive;
  // With MSG_TRUNC the result is how long the datagram was, however much of it there was room for.
  const int flags = MSG_DONTWAIT | (request.call == SocketCall::kReceiveDatagram ? MSG_TRUNC : 0);
  char* data = request.data;
  std::size_t size = std::min(request.size, kMost);
  if (!data) {
    if (!make_room(size)) return -ENOMEM;
    data = received.bytes.get();
    size = std::min(size, received.room);
  }
  ssize_t count = 0;
  do {
    if (with_address) {
      received.from_size = sizeof received.from;
      count =
          ::recvfrom(descriptor, data, size, flags, reinterpret_cast<sockaddr*>(&received.from), &received.from_size);
    } else {
      count = ::recv(descriptor, data, size, flags);
    }
  } while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  exhausted = request.short_means_empty && count > 0 && static_cast<std::size_t>(count) < size;
  return static_cast<int>(count);
}

int send_all(int descriptor, SocketRequest& request) noexcept {
  for (;;) {
    const ssize_t sent = ::send(descriptor, request.data, std::min(request.size, kMost), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return -errno;
    request.data += sent;
    request.size -= static_cast<std::size_t>(sent);
    if (request.size == 0) return 0;
  }
}

int send_to(int descriptor, const SocketRequest& request) noexcept {
  const auto* const address = static_cast<const sockaddr*>(request.address->data());
  const auto address_size = static_cast<socklen_t>(request.address->size());
  for (;;) {
    const ssize_t sent = ::sendto(descriptor, request.data, std::min(request.size, kMost), MSG_DONTWAIT | MSG_NOSIGNAL,
                                  address_size ? address : nullptr, address_size);
    if (sent >= 0) return static_cast<int>(sent);
    if (errno == EAGAIN) return no_room(descriptor, request.address);
    if (errno != EINTR) return -errno;
  }
}

int accept(int descriptor) noexcept {
  for (;;) {
    received.from_size = sizeof received.from;
    const int accepted = ::accept4(descriptor, reinterpret_cast<sockaddr*>(&received.from), &received.from_size,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) return accepted;
    // ECONNABORTED: the client went away while it stood in the queue.
    if (errno != EINTR && errno != ECONNABORTED) return -errno;
  }
}

// EALREADY: an earlier attempt whose task was cancelled still goes on, and this one joins it.
int connect(int descriptor, const SocketAddress& to) noexcept {
  if (::connect(descriptor, static_cast<const sockaddr*>(to.data()), static_cast<socklen_t>(to.size())) == 0) return 0;
  return errno == EINTR || errno == EALREADY ? -EINPROGRESS : -errno;
}

// The error is 0 before the matter is decided, too, so the socket is asked first whether it is.
int connected(int descriptor) noexcept {
  pollfd entry{};
  entry.fd = descriptor;
  entry.events = POLLOUT;
  const int count = ::poll(&entry, 1, 0);
  if (count < 0) return errno == EINTR ? -EAGAIN : -errno;
  if (count == 0) return -EAGAIN;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
  return -error;
}

}  // namespace

int no_room(int descriptor, const SocketAddress* to) noexcept {
  if (!to || to->family() != SocketAddress::Family::kUnix) return -EAGAIN;
  pollfd entry{};
  entry.fd = descriptor;
  entry.events = POLLOUT;
  return ::poll(&entry, 1, 0) > 0 ? -ENOBUFS : -EAGAIN;
}

int make_socket_call(int descriptor, SocketRequest& request, bool& exhausted) noexcept {
  switch (request.call) {
    case SocketCall::kReceive:
    case SocketCall::kReceiveFrom:
    case SocketCall::kReceiveDatagram: return receive(descriptor, request, exhausted);
    case SocketCall::kSendAll: return send_all(descriptor, request);
    case SocketCall::kSendTo: return send_to(descriptor, request);
    case SocketCall::kAccept: return accept(descriptor);
    case SocketCall::kConnect: return connect(descriptor, *request.address);
    case SocketCall::kConnected: return connected(descriptor);
    case SocketCall::kSendFile:
      return SendfileOperation::send_now(descriptor, request.file, request.offset, request.size);
  }
  return -EINVAL;
}

std::string_view received_bytes(std::size_t size) noexcept { return {received.bytes.get(), size}; }

SocketAddress received_from() noexcept {
  if (received.from_size == 0) return {};
  try {
    return SocketAddress(&received.from, received.from_size);
  } catch (...) {
    return {};
  }
}

}  // namespace v0
}  // namespace corolla
