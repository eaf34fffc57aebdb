// SPDX-License-Identifier: Apache-2.0
/// \file
/// create_connection and its kin: connections that call a protocol of one's own.
///
///     auto [transport, protocol] = co_await create_connection([] { return std::make_shared<Echo>(); }, "127.0.0.1", 7);
///
/// Source: asyncio's loop.create_connection, create_unix_connection, connect_accepted_socket,
/// connect_read_pipe, connect_write_pipe and start_tls. A factory is
/// called without arguments, once there is a connection, TLS included, and returns a std::shared_ptr to a Protocol, whose
/// type the result keeps. The awaiting task goes on after connection_made. A temporary factory must not own anything
/// (closure.hpp). Cancelled, nothing stays open. For the errors see connect.hpp and tls.hpp. Not thread safe.
#pragma once

#include <corolla/net/connect.hpp>
#include <corolla/net/pipe.hpp>
#include <corolla/net/protocol.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/net/transport.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Returns a std::shared_ptr to a Protocol.
template <class F>
concept ProtocolFactory =
    std::invocable<F&> && std::convertible_to<std::invoke_result_t<F&>, std::shared_ptr<Protocol>>;

/// What a factory's pointers point to.
template <class F>
using ProtocolOf = typename std::invoke_result_t<F&>::element_type;

/// A transport and its protocol; a structured binding takes it apart.
template <class P>
struct ProtocolConnection {
  ProtocolConnection(Transport made, std::shared_ptr<P> by) noexcept
      : transport(std::move(made)), protocol(std::move(by)) {}
  Transport transport;
  std::shared_ptr<P> protocol;
};

/// make_transport, awaited until connection_made has returned; cancelled before, the transport is closed.
[[nodiscard]] COROLLA_API Coro<Transport> open_transport(ByteStream stream, std::shared_ptr<Protocol> protocol);
/// A stream on a connected socket, which it owns from now on, even when this throws. ValueError unless it is a stream
/// socket, OSError.
[[nodiscard]] COROLLA_API ByteStream stream_from_socket(int descriptor);

/// The connection that `connecting` ends with.
template <ProtocolFactory F>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> connection_of(Coro<ByteStream> connecting, F factory) {
  ByteStream stream = co_await std::move(connecting);
  std::shared_ptr<ProtocolOf<F>> protocol = factory();
  auto opening = open_transport(std::move(stream), protocol);
  Transport transport = co_await std::move(opening);
  co_return ProtocolConnection<ProtocolOf<F>>(std::move(transport), std::move(protocol));
}

/// How to take over an accepted socket.
struct AcceptedOptions {
  AcceptedOptions() {}
  /// A server's context: TLS. Without one: none.
  TlsContext ssl;
  /// As TlsOptions'.
  std::chrono::nanoseconds ssl_handshake_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds ssl_shutdown_timeout = std::chrono::seconds(30);
};

/// The streams of connect_accepted_socket, and of create_connection on a socket.
[[nodiscard]] COROLLA_API Coro<ByteStream> stream_from_accepted(ByteStream stream, AcceptedOptions options);
[[nodiscard]] COROLLA_API Coro<ByteStream> stream_from_connected(ByteStream stream, ConnectOptions options);

/// Connects to a host; see connect_tcp.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> create_connection(F&& factory, std::string host,
                                                                        std::uint16_t port,
                                                                        ConnectOptions options = ConnectOptions()) {
  require_safe_closure<F>();
  return connection_of<std::decay_t<F>>(connect_tcp(std::move(host), port, std::move(options)),
                                        std::forward<F>(factory));
}

/// asyncio's sock=: on a connected stream socket, which is taken over at once. With `ssl`, server_hostname must be given
/// if names are checked (ValueError); the other options mean nothing here.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> create_connection(F&& factory, int descriptor,
                                                                        ConnectOptions options = ConnectOptions()) {
  require_safe_closure<F>();
  return connection_of<std::decay_t<F>>(stream_from_connected(stream_from_socket(descriptor), std::move(options)),
                                        std::forward<F>(factory));
}

/// On any stream that is there: a pipe, one in memory, one that comes out of a proxy's handshake.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> create_connection(F&& factory, ByteStream stream) {
  require_safe_closure<F>();
  return connection_of<std::decay_t<F>>(stream_from_connected(std::move(stream), ConnectOptions()),
                                        std::forward<F>(factory));
}

/// Connects to a Unix stream socket.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> create_unix_connection(
    F&& factory, std::string path, ConnectOptions options = ConnectOptions()) {
  require_safe_closure<F>();
  return connection_of<std::decay_t<F>>(connect_to(SocketAddress::unix_path(path), std::move(options)),
                                        std::forward<F>(factory));
}

/// Serves a connection that was accepted elsewhere; the socket is taken over at once, even when this fails.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> connect_accepted_socket(
    F&& factory, int descriptor, AcceptedOptions options = AcceptedOptions()) {
  require_safe_closure<F>();
  return connection_of<std::decay_t<F>>(stream_from_accepted(stream_from_socket(descriptor), std::move(options)),
                                        std::forward<F>(factory));
}

/// What can be read from a pipe, FIFO or character device; see pipe.hpp for the descriptor and the errors.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> connect_read_pipe(F&& factory, int descriptor) {
  return create_connection(std::forward<F>(factory), connect_read_pipe(descriptor));
}
/// A transport that writes to one. eof_received is called when the reader is gone.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<ProtocolConnection<ProtocolOf<F>>> connect_write_pipe(F&& factory, int descriptor) {
  return create_connection(std::forward<F>(factory), connect_write_pipe(descriptor));
}

/// Goes through a TLS handshake on a live connection (STARTTLS), as a server with a server's context; then `protocol` is
/// called by it, without another connection_made. The handle that comes back is the one that went in, and all its
/// copies are transports of TLS from now on. Between the call and the end nothing may be written (RuntimeError), and
/// nothing is received. RuntimeError when the transport is closing, busy or was half closed, or bytes came that its
/// protocol has not seen. When it fails or is cancelled, the connection is lost.
[[nodiscard]] COROLLA_API Coro<Transport> start_tls(Transport transport, std::shared_ptr<Protocol> protocol,
                                                    TlsContext context, TlsOptions options = TlsOptions());

}  // namespace v0
}  // namespace corolla
