// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/create_connection.hpp>

#include <corolla/net/create_server.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/sleep.hpp>

#include "backend/backend.hpp"
#include "net/socket/socket_options.hpp"
#include "net/stream/secure_stream.hpp"
#include "net/stream/socket_state.hpp"
#include "net/transport/transport_state.hpp"

#include <cerrno>
#include <chrono>

#include <sys/socket.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

// Ends the connection with the coroutine, unless that said it was through.
class LoseScope {
 public:
  explicit LoseScope(FutureRef<TransportState> transport) noexcept : transport_(std::move(transport)) {}
  LoseScope(const LoseScope&) = delete;
  LoseScope& operator=(const LoseScope&) = delete;
  ~LoseScope() {
    if (transport_) transport_->lose(nullptr);
  }
  void through() noexcept { transport_ = {}; }

 private:
  FutureRef<TransportState> transport_;
};

// What serves a connection is this wait, in one small frame: when it ends before the connection does, that ends, too.
class ServedTransport final : public TransportGone {
 public:
  ServedTransport(ByteStream&& stream, std::shared_ptr<Protocol>&& protocol)
      : TransportGone(make_transport(std::move(stream), std::move(protocol)).state()) {}
  ServedTransport(ServedTransport&&) noexcept = default;
  ServedTransport& operator=(ServedTransport&&) = delete;
  ~ServedTransport() {
    if (transport()) transport()->lose(nullptr);
  }
};

}  // namespace

ByteStream stream_from_socket(int descriptor) {
  EventLoop& loop = get_running_loop();
  int type = 0;
  sockaddr_storage local{};
  socklen_t size = sizeof type;
  const int asked = ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
  if (asked != 0 && errno == EBADF) throw OSError(EBADF, "a stream on descriptor " + std::to_string(descriptor));
  if (asked != 0 || type != SOCK_STREAM) {
    ::close(descriptor);
    throw ValueError("a stream socket is needed");
  }
  loop.io().forget(descriptor);
  set_nonblocking(descriptor, loop.io().nonblocking_sockets());
  size = sizeof local;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &size);
  return stream_of_socket(loop, descriptor, local.ss_family != AF_UNIX);
}

Coro<ByteStream> stream_from_accepted(ByteStream stream, AcceptedOptions options) {
  if (!options.ssl) co_return stream;
  if (!options.ssl.is_server()) throw ValueError("a server's TlsContext is needed to serve");
  TlsOptions tls;
  tls.handshake_timeout = options.ssl_handshake_timeout;
  tls.shutdown_timeout = options.ssl_shutdown_timeout;
  auto securing = start_tls(std::move(stream), std::move(options.ssl), std::move(tls));
  co_return co_await std::move(securing);
}

Coro<ByteStream> stream_from_connected(ByteStream stream, ConnectOptions options) {
  check_client_tls(options);
  auto securing = secure_client(std::move(stream), std::move(options));
  co_return co_await std::move(securing);
}

Coro<Transport> open_transport(ByteStream stream, std::shared_ptr<Protocol> protocol) {
  Transport transport = make_transport(std::move(stream), std::move(protocol));
  LoseScope scope(transport.state());
  const Future<void> made = transport.state()->made();
  co_await made;
  scope.through();
  co_return transport;
}

Coro<void> serve_protocol(ByteStream stream, std::shared_ptr<Protocol> protocol) {
  co_await ServedTransport(std::move(stream), std::move(protocol));
}

Coro<Transport> start_tls(Transport transport, std::shared_ptr<Protocol> protocol, TlsContext context,
                          TlsOptions options) {
  if (!context) throw ValueError("start_tls needs a TlsContext");
  const FutureRef<TransportState> state = transport.state();
  // An eager task may begin in the middle of data_received.
  while (state->delivering()) co_await sleep(std::chrono::nanoseconds(0));
  ByteStream plain = state->begin_start_tls(std::move(protocol));
  LoseScope scope(state);
  std::exception_ptr error;
  try {
    auto securing = start_tls(std::move(plain), std::move(context), std::move(options));
    ByteStream secured = co_await std::move(securing);
    state->end_start_tls(std::move(secured));
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    if (!is_cancelled_error(error)) state->lose(error);
    std::rethrow_exception(error);
  }
  if (state->closing()) throw OSError(ECONNABORTED, "start_tls: the transport was closed meanwhile");
  scope.through();
  co_return transport;
}

}  // namespace v0
}  // namespace corolla
