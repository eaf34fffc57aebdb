// SPDX-License-Identifier: Apache-2.0
/// \file
/// Server and start_server: listening sockets and a task for each connection.
///
/// Source: asyncio's create_server, start_server and Server. The handler is called as a task of its own with the
/// connection as a ByteStream, or as a StreamReader and a StreamWriter (streams.hpp). An exception it ends with goes to the
/// loop's exception handler; the connection is closed when it returns. When descriptors run out (EMFILE, ENFILE, ENOBUFS,
/// ENOMEM) accepting pauses and goes on by itself. Not thread safe.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/net/tls_context.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/task.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// How to listen.
struct ServerOptions {
  ServerOptions() {}
  /// Length of the kernel's queue of connections not accepted yet.
  int backlog = 100;
  /// Several processes or loops may listen on the same port; the kernel shares connections out.
  bool reuse_port = false;
  /// A port is free again as soon as its last server closed it, even if connections of then are not forgotten yet.
  bool reuse_address = true;
  /// Connections whose peer vanished are found out by the kernel (SO_KEEPALIVE).
  bool keep_alive = false;
  /// The file of a Unix socket is removed when the server closes, if it still is this server's.
  bool cleanup_socket = true;
  /// False: bound, but not listening before start_serving() or serve_forever().
  bool start_serving = true;
  /// Connections served at a time; further ones wait in the kernel's queue. 0: as many as there are descriptors.
  std::size_t max_connections = 0;
  /// How long accepting pauses when the system is out of descriptors or memory.
  std::chrono::nanoseconds accept_retry_delay = std::chrono::seconds(1);
  /// A server's context: TLS. The handler is called after the handshake; one that fails is logged at the debug level.
  TlsContext ssl;
  /// As TlsOptions'.
  std::chrono::nanoseconds ssl_handshake_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds ssl_shutdown_timeout = std::chrono::seconds(30);
};

class ServerState;

/// Calls the handler for one connection; the coroutine owns what it needs.
using StreamHandler = std::function<Coro<void>(ByteStream)>;

/// A running server. Movable; destroying it aborts: it stops listening and cancels the tasks of its connections.
class COROLLA_API Server {
 public:
  Server() noexcept;
  explicit Server(std::shared_ptr<ServerState> state) noexcept;
  Server(Server&& other) noexcept;
  Server& operator=(Server&& other) noexcept;
  ~Server();

  /// Stops listening at once; connections go on. Idempotent.
  void close() noexcept;
  /// Closes all connections as their own close() would: what was sent leaves first, who receives gets the end.
  void close_clients() noexcept;
  /// Cancels the tasks of all connections.
  void abort_clients() noexcept;
  /// `co_await server.wait_closed()`: until close() was called and the last connection's task is done.
  [[nodiscard]] Coro<void> wait_closed();
  /// `co_await server.start_serving()`: listens, if it does not yet. RuntimeError when it is closed, OSError.
  [[nodiscard]] Coro<void> start_serving();
  /// `co_await server.serve_forever()`: as start_serving, until the task is cancelled or close() is called; then closes,
  /// waits for the connections and throws CancelledError, as asyncio does. RuntimeError when it is closed or awaited
  /// already.
  [[nodiscard]] Coro<void> serve_forever();

  /// It listens.
  [[nodiscard]] bool is_serving() const noexcept;
  /// Where it listens, in order; with the ports that were given for port 0.
  [[nodiscard]] std::vector<SocketAddress> addresses() const;
  /// The port of the first address.
  [[nodiscard]] std::uint16_t port() const;
  /// Connections whose task is not done.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  std::shared_ptr<ServerState> state_;
};

/// start_server for a type-erased handler: "" listens on all interfaces, a name on each of its addresses; port 0 takes
/// a free one, the same for all addresses. gaierror, OSError (EADDRINUSE …) with the address in the text.
[[nodiscard]] COROLLA_API Coro<Server> start_stream_server(StreamHandler handler, std::string host, std::uint16_t port,
                                                           ServerOptions options);
/// As above on given addresses, Unix paths included; one that is given twice counts once.
[[nodiscard]] COROLLA_API Coro<Server> start_stream_server(StreamHandler handler, std::vector<SocketAddress> addresses,
                                                           ServerOptions options);
/// As above on a bound stream socket, asyncio's sock=, which it owns from now on, even when this fails. ValueError unless
/// it is a stream socket.
[[nodiscard]] COROLLA_API Coro<Server> start_stream_server(StreamHandler handler, int descriptor,
                                                           ServerOptions options);

/// `co_await start_server(handler, "127.0.0.1", 8080)` with handler(ByteStream) -> Coro<void>. The handler is copied, and
/// kept until the last connection is done; what it refers to must live as long.
template <class Handler>
  requires std::is_invocable_r_v<Coro<void>, std::decay_t<Handler>&, ByteStream>
[[nodiscard]] Coro<Server> start_server(Handler&& handler, std::string host, std::uint16_t port,
                                        ServerOptions options = ServerOptions()) {
  require_safe_closure<Handler>();
  return start_stream_server(StreamHandler(std::forward<Handler>(handler)), std::move(host), port, options);
}

}  // namespace v0
}  // namespace corolla
