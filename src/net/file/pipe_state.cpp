// SPDX-License-Identifier: Apache-2.0
#include "net/file/pipe_state.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

PipeState::PipeState(EventLoop& loop, int descriptor, End end)
    : StreamState(loop.core()),
      backend_(loop.io()),
      withdrawable_(loop.io().nonblocking_sockets()),
      end_(end),
      nonblocking_(descriptor),
      read_(*this, descriptor),
      write_(*this, descriptor),
      reader_gone_(*this, descriptor) {}

PipeState::~PipeState() {
  if (descriptor_ < 0) return;
  if (core().loop()) backend_.forget(descriptor_);
  close_descriptor();
}

void PipeState::start(bool watch_reader) {
  const int descriptor = read_.descriptor();
  backend_.forget(descriptor);
  if (watch_reader) {
    const int result = backend_.perform(reader_gone_);
    if (result < 0 && result != Operation::kPending) throw OSError(-result, "cannot wait for the reader of a pipe");
  }
  nonblocking_.ensure();
  descriptor_ = descriptor;
  backend_.claim(descriptor);
}

// -- reading ------------------------------------------------------------------------------------------------------

ReadOperation::Room PipeState::Read::room() noexcept {
  try {
    const ReceiveBuffer::Room place = owner_.input_.prepare();
    return {place.data, place.size};
  } catch (...) {
    return {nullptr, 0};
  }
}

// On a writing end the wait is reader_gone_'s, which is in flight from the beginning.
void PipeState::want_bytes() noexcept {
  if (end_ == End::kWrite || !read_.idle()) return;
  input_.release_if_empty();
  if (!core().loop()) {
    receive_failed(os_error(ECANCELED, "the loop is closed"), false);
    return;
  }
  int result = backend_.perform(read_);
  if (result == -EPERM) result = read_.attempt();  // /dev/null and its like, which epoll refuses, never block
  if (result != Operation::kPending) received(result, false);
}

void PipeState::unwant_bytes() noexcept {
  if (withdrawable_ && read_.waiting() && core().loop()) backend_.cancel(read_);
}

void PipeState::received(int result, bool now) noexcept {
  if (closing()) return;
  if (result > 0) {
    input_.commit(static_cast<std::size_t>(result));
    bytes_arrived(now);
  } else if (result == 0) {
    end_arrived(now);
  } else {
    receive_failed(os_error(-result, "read from a pipe"), now);
  }
}

// -- writing ------------------------------------------------------------------------------------------------------

std::size_t PipeState::pass_on(const std::string_view* pieces, std::size_t count) noexcept {
  if (end_ == End::kRead) {
    send_failed(os_error(EBADF, "write to the reading end of a pipe"));
    return 0;
  }
  const int result = write_.write_now(pieces, count);
  if (result >= 0) return static_cast<std::size_t>(result);
  if (result != -EAGAIN) send_failed(os_error(-result, "write to a pipe"));
  return 0;
}

void PipeState::output_added() noexcept {
  if (write_.idle()) start_writing();
}

// Accounting for what was written may lead back to here, when a layer sends more.
void PipeState::start_writing() noexcept {
  while (!send_error() && write_.idle() && !output().empty()) {
    const int result = core().loop() ? backend_.perform(write_) : -ECANCELED;
    if (result == Operation::kPending) return;
    account_for(result);
  }
}

void PipeState::account_for(int written) noexcept {
  if (written < 0) {
    send_failed(os_error(-written, "write to a pipe"));
    return;
  }
  drop_output(static_cast<std::size_t>(written));
  output_moved();
}

void PipeState::wrote_some(int result) noexcept {
  account_for(result);
  if (!closed()) start_writing();
}

// -- life ---------------------------------------------------------------------------------------------------------

void PipeState::close_now() noexcept {
  if (!core().loop()) return;
  backend_.cancel(read_);
  backend_.cancel(write_);
  backend_.cancel(reader_gone_);
  close_if_idle();
}

// epoll's operations are out of the kernel's hands at once, io_uring's when they were answered.
void PipeState::close_if_idle() noexcept {
  if (descriptor_ < 0) return;
  if (!withdrawable_ && !(read_.idle() && write_.idle() && reader_gone_.idle())) return;
  backend_.forget(descriptor_);
  close_descriptor();
}

void PipeState::close_descriptor() noexcept {
  nonblocking_.restore();
  ::close(std::exchange(descriptor_, -1));
}

void PipeState::operation_left() noexcept {
  if (closed() && core().loop()) close_if_idle();
  release();
}

}  // namespace v0
}  // namespace corolla
