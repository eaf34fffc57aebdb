// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/pipe.hpp>

#include "net/file/pipe_state.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cerrno>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

ByteStream connect_pipe(int descriptor, PipeState::End end) {
  EventLoop& loop = get_running_loop();
  struct stat about{};
  if (::fstat(descriptor, &about) != 0) throw OSError(errno, "descriptor " + std::to_string(descriptor));
  const bool device = S_ISCHR(about.st_mode);
  if (!device && !S_ISFIFO(about.st_mode) && !S_ISSOCK(about.st_mode)) {
    throw ValueError("descriptor " + std::to_string(descriptor) + " is no pipe, FIFO, socket or character device");
  }
  for (const auto direction : {Operation::Direction::kRead, Operation::Direction::kWrite}) {
    if (loop.io().watches().contains({descriptor, direction}))
      throw RuntimeError("add_reader or add_writer watches descriptor " + std::to_string(descriptor));
  }
  auto* const state = new PipeState(loop, descriptor, end);
  auto owner = FutureRef<StreamState>::adopt(state);
  state->start(end == PipeState::End::kWrite && !device);
  return ByteStream(std::move(owner));
}

}  // namespace

ByteStream connect_read_pipe(int descriptor) { return connect_pipe(descriptor, PipeState::End::kRead); }
ByteStream connect_write_pipe(int descriptor) { return connect_pipe(descriptor, PipeState::End::kWrite); }

ByteStream stream_of_pipe(EventLoop& loop, int descriptor, PipeState::End end) {
  try {
    auto* const state = new PipeState(loop, descriptor, end);
    auto owner = FutureRef<StreamState>::adopt(state);
    state->start(end == PipeState::End::kWrite);
    return ByteStream(std::move(owner));
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace v0
}  // namespace corolla
