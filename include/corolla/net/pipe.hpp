// SPDX-License-Identifier: Apache-2.0
/// \file
/// connect_read_pipe and connect_write_pipe: streams on pipes, FIFOs, terminals and other descriptors.
///
///     StreamReader input(connect_read_pipe(0));
///
/// Source: asyncio's loop.connect_read_pipe and connect_write_pipe. The stream takes the descriptor over and closes it.
/// While it lives the open file, which other processes may share, is non-blocking; at the end it is what it was before.
/// A descriptor that goes both ways, a terminal, is duplicated first: one stream reads, the other writes. Not thread safe.
#pragma once

#include <corolla/net/byte_stream.hpp>

namespace corolla {
inline namespace v0 {

/// A stream that receives what can be read from `descriptor`; sending on it is an OSError (EBADF). Needs the running loop.
/// ValueError when it is no pipe, FIFO, socket or character device; RuntimeError when add_reader or add_writer watches it;
/// OSError when it is not open. When it throws the descriptor is still the caller's.
[[nodiscard]] COROLLA_API ByteStream connect_read_pipe(int descriptor);
/// A stream that sends to `descriptor`; the errors are those above. Nothing is received from it: receive() waits until the
/// reader of a pipe, FIFO or socket is gone and returns the end then, and quiet() is false from then on. What is sent
/// after that is an OSError (EPIPE), never a SIGPIPE. send_eof() closes the pipe behind what was sent.
[[nodiscard]] COROLLA_API ByteStream connect_write_pipe(int descriptor);

}  // namespace v0
}  // namespace corolla
