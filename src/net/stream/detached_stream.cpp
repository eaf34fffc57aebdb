// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/detached_stream.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include "backend/backend.hpp"
#include "net/socket/socket_options.hpp"
#include "net/stream/socket_state.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

DetachedStream::~DetachedStream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// The socket goes on under another number; the stream closes its own as it always does.
DetachedStream detach(ByteStream stream) {
  if (!stream || stream.descriptor() < 0 || stream.tls()) throw RuntimeError("only an open socket can be detached");
  if (stream.is_closing() || !stream.buffered().empty() || stream.at_eof() || stream.unsent() != 0)
    throw RuntimeError("a stream that is in use cannot be detached");
  const int duplicate = ::fcntl(stream.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) throw OSError(errno, "dup");
  return DetachedStream(duplicate);
}

ByteStream attach(DetachedStream detached) {
  if (!detached) throw ValueError("there is no stream to attach");
  EventLoop& loop = get_running_loop();
  const SocketAddress local = local_address_of(detached.descriptor());
  if (local.family() == SocketAddress::Family::kUnspecified) throw OSError(ENOTSOCK, "attach");
  if (const int failed = set_nonblocking(detached.descriptor(), loop.io().nonblocking_sockets()); failed != 0)
    throw OSError(-failed, "attach");
  loop.io().forget(detached.descriptor());
  return stream_of_socket(loop, detached.release(), local.family() != SocketAddress::Family::kUnix);
}

}  // namespace v0
}  // namespace corolla
