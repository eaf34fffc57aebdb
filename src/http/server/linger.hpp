// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a server closes a connection on which bytes may be on their way that nobody will read.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>

namespace corolla::inline v0::http {

/// How long bytes that nobody asked for are read and dropped.
inline constexpr std::chrono::seconds kLingerTime{2};

/// Closing at once would make the kernel reset the connection, and the client might lose the response. So the output is
/// closed first and the input read and dropped, for a while and up to a limit (RFC 9112, section 9.6). OSError,
/// TimeoutError: it is over then, too.
[[nodiscard]] Coro<void> linger(ByteStream& stream);

}  // namespace corolla::inline v0::http
