// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a server ends the connection of a client that does not take what it is sent.
#pragma once

#include <corolla/net/byte_stream.hpp>

namespace corolla::inline v0::http {

/// Closes it now, with what is still to be sent: the kernel would go on offering its part to the client, for as long as
/// that acknowledges anything, and keep the memory.
void reset_connection(ByteStream& stream) noexcept;

}  // namespace corolla::inline v0::http
