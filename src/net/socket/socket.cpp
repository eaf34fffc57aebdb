// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/socket.hpp>

#include "net/socket/socket_io.hpp"
#include "net/socket/socket_options.hpp"

#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

int type_constant(Socket::Type type) noexcept {
  switch (type) {
    case Socket::Type::kDatagram: return SOCK_DGRAM;
    case Socket::Type::kSeqpacket: return SOCK_SEQPACKET;
    case Socket::Type::kStream: break;
  }
  return SOCK_STREAM;
}

Socket::Type type_of(int constant) noexcept {
  if (constant == SOCK_STREAM) return Socket::Type::kStream;
  return constant == SOCK_SEQPACKET ? Socket::Type::kSeqpacket : Socket::Type::kDatagram;
}

SocketAddress::Family family_of(int constant) noexcept {
  switch (constant) {
    case AF_INET: return SocketAddress::Family::kIPv4;
    case AF_INET6: return SocketAddress::Family::kIPv6;
    case AF_UNIX: return SocketAddress::Family::kUnix;
    default: return SocketAddress::Family::kUnspecified;
  }
}

int get_option(int descriptor, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(descriptor, level, name, &value, &size) != 0) throw OSError(errno, "getsockopt");
  return value;
}

// Closes a descriptor unless it is taken.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  OwnedDescriptor(const OwnedDescriptor&) = delete;
  OwnedDescriptor& operator=(const OwnedDescriptor&) = delete;
  ~OwnedDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  void taken() noexcept { descriptor_ = -1; }

 private:
  int descriptor_;
};

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    if (io_) io_->release();
    io_ = std::exchange(other.io_, nullptr);
  }
  return *this;
}

Socket::~Socket() {
  if (!io_) return;
  close();
  io_->release();
}

Socket Socket::adopt(int descriptor) {
  const Type type = type_of(get_option(descriptor, SOL_SOCKET, SO_TYPE));
  const auto family = family_of(get_option(descriptor, SOL_SOCKET, SO_DOMAIN));
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
    throw OSError(errno, "fcntl");
  return Socket(new SocketIo(descriptor, type, family));
}

Socket Socket::own(int descriptor) {
  OwnedDescriptor owned(descriptor);
  Socket socket = adopt(descriptor);
  owned.taken();
  return socket;
}

Socket Socket::create(SocketAddress::Family family, Type type) {
  if (family == SocketAddress::Family::kUnspecified) throw ValueError("a socket needs a family of addresses");
  const int descriptor = ::socket(family_constant(family), type_constant(type) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw OSError(errno, "socket");
  return own(descriptor);
}

std::pair<Socket, Socket> Socket::pair(Type type) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, type_constant(type) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    throw OSError(errno, "socketpair");
  OwnedDescriptor other(ends[1]);
  Socket first = own(ends[0]);
  other.taken();
  return {std::move(first), own(ends[1])};
}

int Socket::descriptor() const noexcept { return io_ ? io_->descriptor() : -1; }
Socket::Type Socket::type() const noexcept { return io_ ? io_->type() : Type::kStream; }
SocketAddress::Family Socket::family() const noexcept {
  return io_ ? io_->family() : SocketAddress::Family::kUnspecified;
}
SocketAddress Socket::sockname() const noexcept { return local_address_of(descriptor()); }
SocketAddress Socket::peername() const noexcept { return peer_of(descriptor()); }

void Socket::bind(const SocketAddress& address) {
  if (::bind(descriptor(), static_cast<const sockaddr*>(address.data()), static_cast<socklen_t>(address.size())) != 0)
    throw OSError(errno, "bind to " + address.to_string());
}

void Socket::listen(int backlog) {
  if (::listen(descriptor(), backlog) != 0) throw OSError(errno, "listen");
}

void Socket::shutdown(Direction direction) {
  constexpr int kHow[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
  if (::shutdown(descriptor(), kHow[static_cast<std::size_t>(direction)]) != 0) throw OSError(errno, "shutdown");
}

void Socket::set_option(int level, int name, int value) {
  if (::setsockopt(descriptor(), level, name, &value, sizeof value) != 0) throw OSError(errno, "setsockopt");
}

int Socket::option(int level, int name) const { return get_option(descriptor(), level, name); }

void Socket::set_reuse_address(bool on) { set_option(SOL_SOCKET, SO_REUSEADDR, on); }
void Socket::set_reuse_port(bool on) { set_option(SOL_SOCKET, SO_REUSEPORT, on); }
void Socket::set_keep_alive(bool on) { set_option(SOL_SOCKET, SO_KEEPALIVE, on); }
void Socket::set_broadcast(bool on) { set_option(SOL_SOCKET, SO_BROADCAST, on); }
void Socket::set_no_delay(bool on) { set_option(IPPROTO_TCP, TCP_NODELAY, on); }
void Socket::set_ipv6_only(bool on) { set_option(IPPROTO_IPV6, IPV6_V6ONLY, on); }
void Socket::set_send_buffer_size(int bytes) { set_option(SOL_SOCKET, SO_SNDBUF, bytes); }
void Socket::set_receive_buffer_size(int bytes) { set_option(SOL_SOCKET, SO_RCVBUF, bytes); }

void Socket::close() noexcept {
  const int descriptor = detach();
  if (descriptor >= 0) ::close(descriptor);
}

int Socket::detach() noexcept { return io_ ? io_->detach() : -1; }

}  // namespace v0
}  // namespace corolla
