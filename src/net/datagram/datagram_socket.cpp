// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/datagram.hpp>

#include "net/socket/socket_calls.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/sync/lock.hpp>

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

void remove_stale_socket_file(const SocketAddress& address) noexcept {
  struct stat status{};
  const std::string path = address.host();
  if (!path.empty() && path[0] != '\0' && ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode))
    ::unlink(path.c_str());
}

}  // namespace

struct DatagramSocket::State {
  explicit State(Socket s) noexcept : socket(std::move(s)), remote(socket.peername()), connected(remote.size() != 0) {}
  Socket socket;
  SocketAddress remote;
  bool connected;  // the kernel knows the remote address
  Lock sending;
};

Datagram DatagramReceive::await_resume() {
  const std::size_t size = finish(SocketCall::kReceiveDatagram);
  return Datagram(std::string(received_bytes(std::min({size, limit_, kMostReceived}))), received_from(), size);
}

DatagramSocket::DatagramSocket() noexcept = default;
DatagramSocket::DatagramSocket(DatagramSocket&& other) noexcept = default;

DatagramSocket::DatagramSocket(Socket socket) {
  if (socket.type() != Socket::Type::kDatagram) throw ValueError("a datagram socket was expected");
  state_ = std::make_shared<State>(std::move(socket));
}

DatagramSocket& DatagramSocket::operator=(DatagramSocket&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}

DatagramSocket::~DatagramSocket() { close(); }

void DatagramSocket::close() noexcept {
  if (state_) state_->socket.close();
}
SocketAddress DatagramSocket::sockname() const noexcept { return state_->socket.sockname(); }
SocketAddress DatagramSocket::peername() const noexcept { return state_->remote; }
Socket& DatagramSocket::socket() noexcept { return state_->socket; }

// Tasks that find the kernel without room stand in line, so that each waits and none is refused.
Coro<void> DatagramSocket::send_to(std::string_view data, SocketAddress to) {
  const std::shared_ptr<State> state = state_;
  const SocketAddress& remote = state->remote;
  if (remote.size() != 0 && to.size() != 0 && !(to == remote))
    throw ValueError("invalid address: the socket sends to " + remote.to_string() + " alone");
  to = state->connected ? SocketAddress() : to.size() != 0 ? to : remote;
  const auto turn = co_await state->sending.acquire();
  co_await sock_sendto(state->socket, data, to);
}

Socket make_datagram_socket(const SocketAddress& local, const SocketAddress& remote, const DatagramOptions& options) {
  using Family = SocketAddress::Family;
  Family family = options.family;
  for (const SocketAddress* address : {&local, &remote}) {
    if (address->family() == Family::kUnspecified) continue;
    if (family != Family::kUnspecified && family != address->family())
      throw ValueError("cannot get address information: " + address->to_string() + " is of another family");
    family = address->family();
  }
  if (family == Family::kUnspecified) throw ValueError("unexpected address family: an address or a family is needed");
  Socket socket = Socket::create(family, Socket::Type::kDatagram);
  if (options.reuse_port) socket.set_reuse_port(true);
  if (options.allow_broadcast) socket.set_broadcast(true);
  if (local.size() != 0) {
    if (family == Family::kUnix) remove_stale_socket_file(local);
    socket.bind(local);
  }
  // A datagram socket is connected at once.
  if (remote.size() != 0 && !options.allow_broadcast &&
      ::connect(socket.descriptor(), static_cast<const sockaddr*>(remote.data()),
                static_cast<socklen_t>(remote.size())) != 0)
    throw OSError(errno, "connect to " + remote.to_string());
  return socket;
}

Coro<DatagramSocket> open_datagram(SocketAddress local, SocketAddress remote, DatagramOptions options) {
  DatagramSocket socket(make_datagram_socket(local, remote, options));
  socket.state_->remote = remote;
  co_return socket;
}

}  // namespace v0
}  // namespace corolla
