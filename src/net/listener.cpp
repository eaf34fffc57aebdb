// SPDX-License-Identifier: Apache-2.0
#include "net/server_state.hpp"

#include "backend/backend.hpp"
#include "net/socket_options.hpp"

#include <corolla/runtime/event_loop.hpp>

#include <cerrno>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

Listener::Listener(ServerState& server, EventLoop& loop, int descriptor, bool cleanup_socket)
    : AcceptOperation(descriptor), server_(&server), core_(loop.core()), address_(local_address_of(descriptor)) {
  core_.retain();
  loop.io().forget(descriptor);
  struct stat status{};
  if (!cleanup_socket || address_.family() != SocketAddress::Family::kUnix) return;
  if (const std::string path = address_.host(); ::stat(path.c_str(), &status) == 0) {
    unlink_ = path;
    inode_ = status.st_ino;
  }
}

Listener::~Listener() {
  close_descriptor();
  core_.release();
}

void Listener::close_descriptor() noexcept {
  if (descriptor_ < 0) return;
  if (core_.loop()) core_.loop()->io().forget(descriptor_);
  ::close(descriptor_);
  descriptor_ = -1;
}

void Listener::listen(int backlog) {
  if (listening_) return;
  if (::listen(descriptor_, backlog) != 0) throw OSError(errno, "listen on " + address_.to_string());
  listening_ = true;
}

void Listener::accept() noexcept {
  if (!server_ || !listening_ || !idle() || !core_.loop()) return;
  const int result = core_.loop()->io().perform(*this);
  if (result != kPending) server_->accept_failed(*this, -result);
}

void Listener::finished(int result) noexcept {
  if (!server_) {
    if (result >= 0) lost(result);
    return;
  }
  if (result < 0) {
    server_->accept_failed(*this, -result);
    return;
  }
  server_->accepted(*this, result);
  if (server_ && !server_->full()) accept();
}

// Under io_uring the descriptor is closed when the cancelled operation was answered.
void Listener::close() noexcept {
  server_ = nullptr;
  if (core_.loop()) core_.loop()->io().cancel(*this);
  struct stat status{};
  if (!unlink_.empty() && ::stat(unlink_.c_str(), &status) == 0 && status.st_ino == inode_) ::unlink(unlink_.c_str());
  unlink_.clear();
  if (idle()) close_descriptor();
  else ::shutdown(descriptor_, SHUT_RDWR);
}

}  // namespace v0
}  // namespace corolla
