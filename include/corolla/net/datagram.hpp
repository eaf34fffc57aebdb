// SPDX-License-Identifier: Apache-2.0
/// \file
/// Datagrams over UDP and Unix sockets: DatagramSocket to await, DatagramTransport and DatagramProtocol for callbacks.
///
///     auto socket = co_await open_datagram(SocketAddress::ip("127.0.0.1", 9999));
///     for (;;) {
///       Datagram datagram = co_await socket.recv_from();
///       co_await socket.send_to(datagram.data, datagram.from);
///     }
///
/// Source: asyncio's create_datagram_endpoint; the awaitable form is trio's and anyio's idea. An ICMP error that comes
/// back, ECONNREFUSED above all, reaches sockets with a remote address alone: as what recv_from or send throws, or
/// as error_received; the socket goes on. Not thread safe.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/protocol.hpp>
#include <corolla/net/sock.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future_base.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// How to make a socket for datagrams.
struct DatagramOptions {
  DatagramOptions() {}
  /// Needed when there is neither a local nor a remote address.
  SocketAddress::Family family = SocketAddress::Family::kUnspecified;
  /// Several sockets may be bound to the same address.
  bool reuse_port = false;
  /// Datagrams may go to broadcast addresses; the socket is not connected then, a remote address is where datagrams go
  /// by default.
  bool allow_broadcast = false;
};

/// What recv_from gives.
struct Datagram {
  Datagram(std::string bytes, const SocketAddress& sender, std::size_t whole)
      : data(std::move(bytes)), from(sender), full_size(whole) {}
  /// It was longer than was asked for.
  [[nodiscard]] bool truncated() const noexcept { return full_size > data.size(); }

  std::string data;
  SocketAddress from;     ///< unspecified when a Unix socket without a name sent it
  std::size_t full_size;  ///< as it was sent
};

/// What DatagramSocket::recv_from returns.
class [[nodiscard]] DatagramReceive : public SockOperation {
 public:
  DatagramReceive(Socket& socket, std::size_t limit) noexcept : SockOperation(socket, nullptr, limit), limit_(limit) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kReceiveDatagram); }
  COROLLA_API Datagram await_resume();

 private:
  std::size_t limit_;
};

/// A socket for datagrams. Movable; destroying it closes it. One task receives at a time and any number send.
class COROLLA_API DatagramSocket {
 public:
  /// More than any datagram of IP has.
  static constexpr std::size_t kDefaultLimit = 65536;

  /// No socket; only assignment, destruction and operator bool are allowed.
  DatagramSocket() noexcept;
  /// ValueError when it is no datagram socket.
  explicit DatagramSocket(Socket socket);
  DatagramSocket(DatagramSocket&& other) noexcept;
  DatagramSocket& operator=(DatagramSocket&& other) noexcept;
  ~DatagramSocket();
  explicit operator bool() const noexcept { return state_ != nullptr; }

  /// `co_await socket.recv_from()`: the next datagram, of which at most `limit` bytes are kept (at most 1 MiB); empty ones
  /// count. Cancelled, it takes none. OSError: ECONNREFUSED …, ECONNABORTED when the socket is closed meanwhile.
  DatagramReceive recv_from(std::size_t limit = kDefaultLimit) { return DatagramReceive(socket(), limit); }
  /// `co_await socket.send_to(data, address)`: waits while the kernel has no room, in line with other tasks. `data` must live
  /// until then. ValueError for another address than the remote one; OSError: EMSGSIZE …, EDESTADDRREQ without any,
  /// ENOBUFS when a Unix socket's peer does not keep up and this one is not connected to it: the kernel does not tell when
  /// it does.
  [[nodiscard]] Coro<void> send_to(std::string_view data, SocketAddress to);
  /// As send_to, to the remote address.
  [[nodiscard]] Coro<void> send(std::string_view data) { return send_to(data, SocketAddress()); }

  /// A task that waits gets OSError (ECONNABORTED). Idempotent.
  void close() noexcept;
  [[nodiscard]] SocketAddress sockname() const noexcept;
  [[nodiscard]] SocketAddress peername() const noexcept;
  /// For options, and what else a Socket does.
  [[nodiscard]] Socket& socket() noexcept;

 private:
  struct State;
  friend Coro<DatagramSocket> open_datagram(SocketAddress local, SocketAddress remote, DatagramOptions options);
  std::shared_ptr<State> state_;
};

/// Makes a socket bound to `local` and connected to `remote`, either of which may be unspecified; see DatagramOptions. A
/// stale socket file at a Unix path is removed. ValueError for addresses of two families, or no family at all; OSError.
[[nodiscard]] COROLLA_API Coro<DatagramSocket> open_datagram(SocketAddress local,
                                                             SocketAddress remote = SocketAddress(),
                                                             DatagramOptions options = DatagramOptions());

class DatagramProtocol;
class DatagramTransportState;

/// A handle; copies share the socket. As with Transport, the socket belongs to the loop and lives until connection_lost was
/// called, whoever holds a handle; when the loop is closed first, it is closed and the protocol released without a call.
class COROLLA_API DatagramTransport {
 public:
  /// No transport; only assignment, destruction, comparison and operator bool are allowed.
  DatagramTransport() noexcept;
  explicit DatagramTransport(FutureRef<DatagramTransportState> state) noexcept;
  DatagramTransport(const DatagramTransport& other) noexcept;
  DatagramTransport(DatagramTransport&& other) noexcept;
  DatagramTransport& operator=(const DatagramTransport& other) noexcept;
  DatagramTransport& operator=(DatagramTransport&& other) noexcept;
  ~DatagramTransport();
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }
  friend bool operator==(const DatagramTransport& a, const DatagramTransport& b) noexcept {
    return a.state_.get() == b.state_.get();
  }

  /// Takes a datagram, empty ones too, and does not wait: it is sent at once, or buffered while the kernel has no room.
  /// Without an address it goes to the remote one; ValueError for another than that. What the kernel refuses is told to
  /// error_received. After the end datagrams are dropped; from the fifth on that logs a warning.
  void sendto(std::string_view data, const SocketAddress& to = SocketAddress()) const;
  /// Receives no more, sends what is buffered, then connection_lost(nullptr) is called. Idempotent.
  void close() const noexcept;
  /// Drops what is buffered; connection_lost(nullptr) is called soon. Idempotent.
  void abort() const noexcept;
  [[nodiscard]] bool is_closing() const noexcept;
  /// Bytes buffered; each datagram counts 8 more than it has.
  [[nodiscard]] std::size_t get_write_buffer_size() const noexcept;
  /// When pause_writing() and resume_writing() are called: 64 KiB and 16 KiB unless set. With `low` alone high is 4 × low,
  /// with `high` alone low is high / 4. ValueError when low > high.
  void set_write_buffer_limits(std::optional<std::size_t> high = std::nullopt,
                               std::optional<std::size_t> low = std::nullopt) const;
  [[nodiscard]] WriteBufferLimits get_write_buffer_limits() const noexcept;
  /// ValueError for null.
  void set_protocol(std::shared_ptr<DatagramProtocol> protocol) const;
  /// Null once the socket is closed.
  [[nodiscard]] std::shared_ptr<DatagramProtocol> get_protocol() const;

  /// As they were when the transport was made.
  [[nodiscard]] SocketAddress sockname() const noexcept;
  [[nodiscard]] SocketAddress peername() const noexcept;
  /// For socket options alone; -1 when it is closed.
  [[nodiscard]] int descriptor() const noexcept;

 private:
  FutureRef<DatagramTransportState> state_;
};

/// What a DatagramTransport calls, in its loop: connection_made once and first, connection_lost once and last, pause_writing
/// and resume_writing in turn. Each does nothing unless it is overridden. What they throw goes to the loop's exception
/// handler, and the transport goes on.
class COROLLA_API DatagramProtocol : public BaseProtocol {
 public:
  ~DatagramProtocol() override;

  virtual void connection_made(DatagramTransport /*transport*/) {}
  /// A datagram, empty ones too; borrowed, for the time of the call.
  virtual void datagram_received(std::string_view /*data*/, const SocketAddress& /*from*/) {}
  /// An earlier send or a receive failed: ECONNREFUSED and the like; or a datagram was longer than the memory for it
  /// (64 KiB, of Unix sockets 256 KiB) and dropped (EMSGSIZE).
  virtual void error_received(const OSError& /*error*/) {}
};

/// What create_datagram_endpoint gives; a structured binding takes it apart.
template <class P>
struct DatagramEndpoint {
  DatagramEndpoint(DatagramTransport t, std::shared_ptr<P> p) : transport(std::move(t)), protocol(std::move(p)) {}
  DatagramTransport transport;
  std::shared_ptr<P> protocol;
};

/// The type of protocol that a factory makes.
template <class Factory>
using DatagramProtocolOf = typename std::invoke_result_t<Factory&>::element_type;

/// As open_datagram, but at once; `remote` is where datagrams go by default.
[[nodiscard]] COROLLA_API Socket make_datagram_socket(const SocketAddress& local, const SocketAddress& remote,
                                                      const DatagramOptions& options);
/// Makes a transport of a datagram socket and returns when connection_made was called. ValueError for another kind of
/// socket, and for a null protocol.
[[nodiscard]] COROLLA_API Coro<DatagramTransport> start_datagram_transport(Socket socket,
                                                                           std::shared_ptr<DatagramProtocol> protocol,
                                                                           SocketAddress remote);

/// What create_datagram_endpoint runs.
template <class Factory>
[[nodiscard]] Coro<DatagramEndpoint<DatagramProtocolOf<Factory>>> datagram_endpoint(Factory factory, Socket socket,
                                                                                    SocketAddress remote) {
  std::shared_ptr<DatagramProtocolOf<Factory>> protocol = factory();
  auto starting = start_datagram_transport(std::move(socket), protocol, remote);
  DatagramTransport transport = co_await std::move(starting);
  co_return DatagramEndpoint<DatagramProtocolOf<Factory>>(std::move(transport), std::move(protocol));
}
template <class Factory>
[[nodiscard]] Coro<DatagramEndpoint<DatagramProtocolOf<Factory>>> datagram_endpoint(Factory factory,
                                                                                    SocketAddress local,
                                                                                    SocketAddress remote,
                                                                                    DatagramOptions options) {
  Socket socket = make_datagram_socket(local, remote, options);
  auto making = datagram_endpoint(std::move(factory), std::move(socket), remote);
  co_return co_await std::move(making);
}

/// `auto [transport, protocol] = co_await create_datagram_endpoint(factory, local, remote)`, with a callable that returns a
/// std::shared_ptr to a DatagramProtocol. The addresses and errors are open_datagram's.
template <class Factory>
[[nodiscard]] auto create_datagram_endpoint(Factory&& factory, SocketAddress local,
                                            SocketAddress remote = SocketAddress(),
                                            DatagramOptions options = DatagramOptions()) {
  require_safe_closure<Factory>();
  return datagram_endpoint(std::decay_t<Factory>(std::forward<Factory>(factory)), local, remote, options);
}
/// As above, with a socket of one's own; what it is connected to, if anything, is the remote address.
template <class Factory>
[[nodiscard]] auto create_datagram_endpoint(Factory&& factory, Socket socket) {
  require_safe_closure<Factory>();
  const SocketAddress remote = socket.peername();
  return datagram_endpoint(std::decay_t<Factory>(std::forward<Factory>(factory)), std::move(socket), remote);
}

}  // namespace v0
}  // namespace corolla
