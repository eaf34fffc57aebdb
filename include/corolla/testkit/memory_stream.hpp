// SPDX-License-Identifier: Apache-2.0
/// \file
/// memory_stream_pair: two ends of a connection that never leaves the process.
///
/// Made for tests of what stands on a ByteStream: nothing depends on the kernel, so that a virtual clock jumps over
/// whatever both ends wait for, and the order of events is always the same. Closing or aborting an end gives the other
/// one the end of the stream, and EPIPE when it sends. Not thread safe.
#pragma once

#include <corolla/net/byte_stream.hpp>

#include <cstddef>
#include <limits>
#include <utility>

namespace corolla {
inline namespace v0 {
namespace testkit {

/// How the connection behaves, in both directions.
struct MemoryStreamOptions {
  MemoryStreamOptions() {}
  /// Bytes that are on their way at most; what is sent beyond waits at the sender.
  std::size_t capacity = std::size_t{64} << 10;
  /// Bytes that arrive at a time at most; one by one shows who relies on more.
  std::size_t piece = std::numeric_limits<std::size_t>::max();
};

/// Two connected streams of the running loop.
[[nodiscard]] COROLLA_API std::pair<ByteStream, ByteStream> memory_stream_pair(
    MemoryStreamOptions options = MemoryStreamOptions());

}  // namespace testkit
}  // namespace v0
}  // namespace corolla
