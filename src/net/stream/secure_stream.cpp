// SPDX-License-Identifier: Apache-2.0
#include "net/stream/secure_stream.hpp"

#include <corolla/net/tls.hpp>
#include <corolla/runtime/error.hpp>

#include <utility>

namespace corolla {
inline namespace v0 {

void check_client_tls(const ConnectOptions& options) {
  if (!options.ssl && !options.server_hostname.empty()) throw ValueError("server_hostname is only meaningful with ssl");
  if (options.ssl && options.ssl.is_server()) throw ValueError("a client's TlsContext is needed to connect");
}

Coro<ByteStream> secure_client(ByteStream stream, ConnectOptions options) {
  if (!options.ssl) co_return stream;
  TlsOptions tls;
  tls.server_hostname = std::move(options.server_hostname);
  tls.handshake_timeout = options.ssl_handshake_timeout;
  tls.shutdown_timeout = options.ssl_shutdown_timeout;
  auto securing = start_tls(std::move(stream), std::move(options.ssl), std::move(tls));
  co_return co_await std::move(securing);
}

}  // namespace v0
}  // namespace corolla
