// SPDX-License-Identifier: Apache-2.0
/// \file
/// The client's side of SOCKS5.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/coro.hpp>

#include "http/client/proxy/proxy.hpp"

#include <cstdint>
#include <string>

namespace corolla::inline v0::http {

/// Asks the proxy at the other end of `stream` to connect to `host` (a name or an address) and `port`. OSError with the code
/// that the proxy's answer stands for; HttpProtocolError when it does not speak SOCKS5. `proxy` and `stream` outlive the call.
/// Cancelled, the stream is of no use any more. Source: RFC 1928 and 1929.
Coro<void> socks5_connect(ByteStream& stream, const Proxy& proxy, std::string host, std::uint16_t port);

}  // namespace corolla::inline v0::http
