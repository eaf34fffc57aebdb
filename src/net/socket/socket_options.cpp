// SPDX-License-Identifier: Apache-2.0
#include "net/socket/socket_options.hpp"

#include <cerrno>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace corolla {
inline namespace v0 {

namespace {

using Getter = int (*)(int, sockaddr*, socklen_t*);

SocketAddress ask(int descriptor, Getter getter) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (descriptor < 0 || getter(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  try {
    return SocketAddress(&storage, size);
  } catch (...) {
    return {};
  }
}

}  // namespace

SocketAddress peer_of(int descriptor) noexcept { return ask(descriptor, ::getpeername); }
SocketAddress local_address_of(int descriptor) noexcept { return ask(descriptor, ::getsockname); }

void set_no_delay(int descriptor) noexcept {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int family_constant(SocketAddress::Family family) noexcept {
  switch (family) {
    case SocketAddress::Family::kIPv4: return AF_INET;
    case SocketAddress::Family::kIPv6: return AF_INET6;
    case SocketAddress::Family::kUnix: return AF_UNIX;
    case SocketAddress::Family::kUnspecified: break;
  }
  return AF_UNSPEC;
}

int open_stream_socket(const SocketAddress& address, bool nonblocking) noexcept {
  const int type = SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0);
  const int descriptor = ::socket(family_constant(address.family()), type, 0);
  return descriptor < 0 ? -errno : descriptor;
}

int set_nonblocking(int descriptor, bool on) noexcept {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0) return -errno;
  const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return wanted == flags || ::fcntl(descriptor, F_SETFL, wanted) == 0 ? 0 : -errno;
}

}  // namespace v0
}  // namespace corolla
