// SPDX-License-Identifier: Apache-2.0
#include "net/stream/server_state.hpp"

#include "backend/backend.hpp"
#include "net/socket/socket_options.hpp"

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
  loop.io().claim(descriptor);
  struct stat status{};
  if (!cleanup_socket || address_.family() != SocketAddress::Family::kUnix) return;
  if (const std::string path = address_.host(); ::stat(path.c_str(), &status) == 0) {
    unlink_ = path;
    inode_ = status.st_ino;
  }
}

Listener::~Listener() {
  close_accepted();
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
  hand_out();
  if (!server_ || !listening_ || server_->full() || !core_.loop()) return;
  const int result = core_.loop()->io().perform(*this);
  if (result != kPending) server_->accept_failed(*this, -result);
}

void Listener::take(int accepted) noexcept {
  try {
    accepted_.push_back(accepted);
  } catch (...) {
    ::close(accepted);
  }
}

// In the order they came in. One of them may fill the server or close it.
void Listener::hand_out() noexcept {
  while (next_ < accepted_.size() && server_ && !server_->full()) server_->accepted(*this, accepted_[next_++]);
  if (next_ < accepted_.size()) return;
  accepted_.clear();
  next_ = 0;
}

void Listener::close_accepted() noexcept {
  while (next_ < accepted_.size()) ::close(accepted_[next_++]);
}

void Listener::finished(int result) noexcept {
  if (!server_) {
    if (result >= 0 && result != kBrought) lost(result);
    return;
  }
  if (result < 0 && result != -ECANCELED) {
    server_->accept_failed(*this, -result);
    return;
  }
  if (result >= 0 && result != kBrought) take(result);
  accept();
  if (server_ && server_->full() && core_.loop()) core_.loop()->io().stop(*this);
}

// Under io_uring the descriptor is closed when the cancelled operation was answered.
void Listener::close() noexcept {
  server_ = nullptr;
  close_accepted();
  if (core_.loop()) core_.loop()->io().cancel(*this);
  struct stat status{};
  if (!unlink_.empty() && ::stat(unlink_.c_str(), &status) == 0 && status.st_ino == inode_) ::unlink(unlink_.c_str());
  unlink_.clear();
  if (idle()) close_descriptor();
  else if (!shared_) ::shutdown(descriptor_, SHUT_RDWR);
}

}  // namespace v0
}  // namespace corolla
