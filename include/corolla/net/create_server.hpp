// SPDX-License-Identifier: Apache-2.0
/// \file
/// create_server and create_unix_server: servers whose connections call a protocol of one's own.
///
///     auto server = co_await create_server([] { return std::make_shared<Echo>(); }, "127.0.0.1", 8080);
///     co_await server.serve_forever();
///
/// Source: asyncio's loop.create_server and create_unix_server. The factory is copied and called once for each connection,
/// behind the handshake when there is TLS; see create_connection.hpp for what it returns and server.hpp for the Server and
/// the errors. A connection counts as the server's until connection_lost has returned. Not thread safe.
#pragma once

#include <corolla/net/create_connection.hpp>
#include <corolla/net/server.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The task of one connection: ends when that is lost; cancelled, it aborts it.
[[nodiscard]] COROLLA_API Coro<void> serve_protocol(ByteStream stream, std::shared_ptr<Protocol> protocol);

/// The handler of a stream made of a factory of protocols.
template <class F>
[[nodiscard]] StreamHandler protocol_handler(F&& factory) {
  return [factory = std::forward<F>(factory)](ByteStream stream) mutable {
    return serve_protocol(std::move(stream), factory());
  };
}

/// Serves on a host and port; see start_stream_server for what "" and 0 mean.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<Server> create_server(F&& factory, std::string host, std::uint16_t port,
                                         ServerOptions options = ServerOptions()) {
  require_safe_closure<F>();
  return start_stream_server(protocol_handler(std::forward<F>(factory)), std::move(host), port, std::move(options));
}

/// On given addresses.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<Server> create_server(F&& factory, std::vector<SocketAddress> addresses,
                                         ServerOptions options = ServerOptions()) {
  require_safe_closure<F>();
  return start_stream_server(protocol_handler(std::forward<F>(factory)), std::move(addresses), std::move(options));
}

/// asyncio's sock=: on a bound stream socket, which is taken over at once.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<Server> create_server(F&& factory, int descriptor, ServerOptions options = ServerOptions()) {
  require_safe_closure<F>();
  return start_stream_server(protocol_handler(std::forward<F>(factory)), descriptor, std::move(options));
}

/// On a Unix path. A stale socket file is removed before, the server's own after.
template <class F>
  requires ProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<Server> create_unix_server(F&& factory, std::string path, ServerOptions options = ServerOptions()) {
  require_safe_closure<F>();
  return start_stream_server(protocol_handler(std::forward<F>(factory)),
                             std::vector<SocketAddress>(1, SocketAddress::unix_path(path)), std::move(options));
}

}  // namespace v0
}  // namespace corolla
