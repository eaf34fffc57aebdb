// SPDX-License-Identifier: Apache-2.0
/// \file
/// TLS on a client's new connection, as its options say.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/connect.hpp>
#include <corolla/runtime/coro.hpp>

namespace corolla {
inline namespace v0 {

/// ValueError when the options of TLS do not fit a client; before anything is connected.
void check_client_tls(const ConnectOptions& options);
/// The stream itself without ConnectOptions::ssl, else TLS on it. The options were checked.
[[nodiscard]] Coro<ByteStream> secure_client(ByteStream stream, ConnectOptions options);

}  // namespace v0
}  // namespace corolla
