// SPDX-License-Identifier: Apache-2.0
/// \file
/// start_tls and connect_tls: TLS over any stream.
///
///     ByteStream stream = co_await connect_tls("example.org", 443, TlsContext::client());
///     co_await stream.send_all("GET / HTTP/1.0\r\nHost: example.org\r\n\r\n");
///     std::cout << stream.tls()->version() << '\n';
///
/// Source: asyncio's loop.start_tls and its SSL transports. What comes out is a ByteStream like any other, but without
/// half close (can_send_eof() is false), and may carry TLS once more. Its close() sends what is unsent and a
/// close_notify, waits for the peer's, at most the shutdown timeout, and closes the stream below; abort() closes that at
/// once. The peer's end without close_notify is an end, as in asyncio; TlsConnection::ended_cleanly() tells. Cancelling
/// a handshake closes the connection. Not thread safe.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/connect.hpp>
#include <corolla/net/streams.hpp>
#include <corolla/net/tls_connection.hpp>
#include <corolla/net/tls_context.hpp>
#include <corolla/net/tls_error.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace corolla {
inline namespace v0 {

/// How to make TLS of a stream.
struct TlsOptions {
  TlsOptions() {}
  /// Clients: whom the server's certificate must name, a host name or a numeric address; names are also sent (SNI).
  std::string server_hostname;
  /// A handshake that takes longer is an OSError (ECONNABORTED).
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(60);
  /// How long close() waits for the peer's close_notify.
  std::chrono::nanoseconds shutdown_timeout = std::chrono::seconds(30);
};

/// Takes the stream and goes through the handshake, as a server with a server's context. RuntimeError when bytes are
/// buffered that came before (somebody on the way could have put them there) or a task receives; ValueError when the
/// context checks names and there is none. TlsError, TlsCertificateError, OSError; the stream is closed then.
[[nodiscard]] COROLLA_API Coro<ByteStream> start_tls(ByteStream stream, TlsContext context,
                                                     TlsOptions options = TlsOptions());
/// As above for the two halves of a connection, which are replaced: asyncio's StreamWriter.start_tls.
[[nodiscard]] COROLLA_API Coro<StreamConnection> start_tls(StreamReader reader, StreamWriter writer, TlsContext context,
                                                           TlsOptions options = TlsOptions());

/// connect_tcp with `ssl`; the certificate must name `host` unless options.server_hostname says another name.
[[nodiscard]] COROLLA_API Coro<ByteStream> connect_tls(std::string host, std::uint16_t port, TlsContext context,
                                                       ConnectOptions options = ConnectOptions());

}  // namespace v0
}  // namespace corolla
