// SPDX-License-Identifier: Apache-2.0
#include "net/socket/socket_io.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cerrno>
#include <string>
#include <utility>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

// -- a wait -------------------------------------------------------------------------------------------------------

// Without a task it is the first try, made by perform().
int SocketWait::attempt() noexcept {
  if (task_ && !task_->waiting()) return -ECANCELED;
  return make_socket_call(descriptor_, request_, exhausted_);
}

void SocketWait::done(int result) noexcept {
  if (!task_ || !task_->waiting()) return;
  result_ = result;
  task_->wake_inline();
}

// -- a socket -----------------------------------------------------------------------------------------------------

SocketIo::SocketIo(int descriptor, Socket::Type type, SocketAddress::Family family) noexcept
    : descriptor_(descriptor), type_(type), family_(family) {
  if (EventLoop* loop = running_loop_or_null()) {
    loop->io().forget(descriptor);
    clean_in_ = &loop->core();
  }
}

SocketIo::~SocketIo() {
  const int descriptor = detach();
  if (descriptor >= 0) ::close(descriptor);
  drop_waits();
  if (core_) core_->release();
}

void SocketIo::drop_waits() noexcept {
  for (SocketWait*& wait : waits_) {
    if (wait) std::exchange(wait, nullptr)->release();
  }
}

void SocketIo::belong_to_running_loop() {
  EventLoop& loop = get_running_loop();
  if (core_ == &loop.core()) [[likely]]
    return;
  if (core_) {
    if (core_->loop()) throw RuntimeError("the socket belongs to another event loop");
    drop_waits();
    core_->release();
  }
  core_ = &loop.core();
  core_->retain();
  if (clean_in_ != core_) loop.io().forget(descriptor_);
  remembers_ = loop.io().nonblocking_sockets();
  ask_first_ = true;
}

SocketWait& SocketIo::idle_wait(Direction direction) {
  SocketWait*& wait = waits_[static_cast<std::size_t>(direction)];
  if (wait && !wait->idle()) std::exchange(wait, nullptr)->release();
  if (!wait) wait = new SocketWait(core_->loop()->io(), descriptor_, direction);
  return *wait;
}

int SocketIo::begin(Direction direction, SocketRequest request) {
  if (descriptor_ < 0) return -EBADF;
  belong_to_running_loop();
  const SocketWait* const present = waits_[static_cast<std::size_t>(direction)];
  const bool receives = direction == Direction::kRead;
  // As Python's recv(0), which asks nobody.
  if (request.call == SocketCall::kReceive && request.size == 0) return 0;
  if (present && present->has_task())
    throw RuntimeError(receives ? "another task waits to receive from the socket already"
                                : "another task waits to send to the socket already");
  request.short_means_empty = type_ == Socket::Type::kStream && family_ != SocketAddress::Family::kUnix;
  if (!receives || ask_first_) {
    bool exhausted = false;
    const int result = make_socket_call(descriptor_, request, exhausted);
    const bool connecting = request.call == SocketCall::kConnect && result == -EINPROGRESS;
    if (connecting) {
      request.call = SocketCall::kConnected;
    } else if (result != -EAGAIN || request.call == SocketCall::kConnect) {
      if (exhausted && !remembers_) ask_first_ = false;
      return result;
    }
  }
  SocketWait& wait = idle_wait(direction);
  wait.set_request(request);
  const int result = core_->loop()->io().perform(wait);
  if (result == -EBUSY)
    throw RuntimeError("file descriptor " + std::to_string(descriptor_) + " is waited for by somebody else");
  if (receives && remembers_) ask_first_ = false;
  return result;
}

void SocketIo::suspend(Direction direction, TaskBase& task) noexcept {
  waits_[static_cast<std::size_t>(direction)]->set_task(&task);
  task.wait();
}

int SocketIo::leave(Direction direction) noexcept {
  SocketWait& wait = *waits_[static_cast<std::size_t>(direction)];
  wait.set_task(nullptr);
  if (!wait.idle() && core_->loop()) core_->loop()->io().cancel(wait);
  if (direction == Direction::kRead && !remembers_) ask_first_ = !wait.exhausted();
  return wait.result();
}

int SocketIo::detach() noexcept {
  if (descriptor_ < 0) return -1;
  if (core_ && core_->loop()) {
    Backend& io = core_->loop()->io();
    for (SocketWait* wait : waits_) {
      if (!wait) continue;
      io.cancel(*wait);
      wait->fail(-ECONNABORTED);
    }
    io.forget(descriptor_);
  }
  return std::exchange(descriptor_, -1);
}

}  // namespace v0
}  // namespace corolla
