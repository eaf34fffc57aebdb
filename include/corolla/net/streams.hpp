// SPDX-License-Identifier: Apache-2.0
/// \file
/// open_connection and start_server: connections as a StreamReader and a StreamWriter.
///
///     auto [reader, writer] = co_await open_connection("example.org", 7);
///     co_await writer.write("hello\n");
///     std::string line = co_await reader.readline();
///
/// Source: asyncio's streams. For the errors see connect.hpp and server.hpp.
#pragma once

#include <corolla/net/connect.hpp>
#include <corolla/net/server.hpp>
#include <corolla/net/stream_reader.hpp>
#include <corolla/net/stream_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The two halves of a connection; a structured binding takes it apart.
struct StreamConnection {
  explicit StreamConnection(ByteStream stream, std::size_t limit = StreamReader::kDefaultLimit)
      : reader(stream.state(), limit), writer(std::move(stream)) {}
  StreamReader reader;
  StreamWriter writer;
};

/// How to open a connection.
struct StreamOptions : ConnectOptions {
  StreamOptions() {}
  /// The reader's limit for lines and records.
  std::size_t limit = StreamReader::kDefaultLimit;
};

/// How to serve with readers and writers.
struct StreamServerOptions : ServerOptions {
  StreamServerOptions() {}
  std::size_t limit = StreamReader::kDefaultLimit;
};

/// Connects to a host; see connect_tcp.
[[nodiscard]] COROLLA_API Coro<StreamConnection> open_connection(std::string host, std::uint16_t port,
                                                                 StreamOptions options = StreamOptions());
/// Connects to a Unix stream socket.
[[nodiscard]] COROLLA_API Coro<StreamConnection> open_unix_connection(std::string path,
                                                                      StreamOptions options = StreamOptions());

/// A handler(StreamReader, StreamWriter) -> Coro<void>.
template <class Handler>
concept ReaderWriterHandler = std::is_invocable_r_v<Coro<void>, Handler&, StreamReader, StreamWriter>;

/// The handler of one stream made of one of a reader and a writer.
template <class Handler>
[[nodiscard]] StreamHandler stream_handler(Handler&& handler, std::size_t limit) {
  return [handler = std::forward<Handler>(handler), limit](ByteStream stream) mutable -> Coro<void> {
    StreamConnection connection(std::move(stream), limit);
    return handler(std::move(connection.reader), std::move(connection.writer));
  };
}

/// `co_await start_server(handler, "127.0.0.1", 8080)` with handler(StreamReader, StreamWriter); see server.hpp.
template <class Handler>
  requires ReaderWriterHandler<std::decay_t<Handler>>
[[nodiscard]] Coro<Server> start_server(Handler&& handler, std::string host, std::uint16_t port,
                                        StreamServerOptions options = StreamServerOptions()) {
  require_safe_closure<Handler>();
  return start_stream_server(stream_handler(std::forward<Handler>(handler), options.limit), std::move(host), port,
                             options);
}

/// As start_server on a Unix path. A stale socket file is removed before, the server's own after.
template <class Handler>
  requires ReaderWriterHandler<std::decay_t<Handler>>
[[nodiscard]] Coro<Server> start_unix_server(Handler&& handler, std::string path,
                                             StreamServerOptions options = StreamServerOptions()) {
  require_safe_closure<Handler>();
  return start_stream_server(stream_handler(std::forward<Handler>(handler), options.limit),
                             std::vector<SocketAddress>(1, SocketAddress::unix_path(path)), options);
}

}  // namespace v0
}  // namespace corolla
