// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/server.hpp>

#include <corolla/net/dns.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/runtime/log.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/sleep.hpp>

#include "net/stream/server_state.hpp"

#include <algorithm>
#include <cerrno>

namespace corolla {
inline namespace v0 {

Server::Server() noexcept = default;
Server::Server(std::shared_ptr<ServerState> state) noexcept : state_(std::move(state)) {}
Server::Server(Server&& other) noexcept = default;

Server& Server::operator=(Server&& other) noexcept {
  if (this != &other) {
    close();
    abort_clients();
    state_ = std::move(other.state_);
  }
  return *this;
}

Server::~Server() {
  close();
  abort_clients();
}

void Server::close() noexcept {
  if (state_) state_->close();
}

void Server::close_clients() noexcept {
  if (state_) state_->close_clients();
}

void Server::abort_clients() noexcept {
  if (state_) state_->abort_clients();
}

namespace {

Coro<void> wait_until_finished(std::shared_ptr<ServerState> state) {
  if (state->finished()) co_return;
  const Future<void> future = state->finished_future();
  co_await future;
}

Coro<void> start(std::shared_ptr<ServerState> state) {
  if (state->closed()) throw RuntimeError("the server is closed");
  state->start();
  co_await sleep(std::chrono::nanoseconds(0));
}

Coro<void> serve(std::shared_ptr<ServerState> state) {
  if (state->closed()) throw RuntimeError("the server is closed");
  const Future<void> serving = state->serving_future();
  std::exception_ptr error;
  try {
    state->start();
    co_await serving;
  } catch (...) {
    error = std::current_exception();
  }
  state->close();
  auto waiting = wait_until_finished(state);
  co_await std::move(waiting);
  std::rethrow_exception(error);
}

// Binds to all addresses; a port the system chose for the first is taken for the others, too.
void bind_to_all(ServerState& state, std::vector<SocketAddress>& addresses) {
  std::uint16_t chosen = 0;
  std::exception_ptr unavailable;
  for (auto place = addresses.begin(); place != addresses.end(); ++place) {
    const SocketAddress& address = *place;
    if (std::find(addresses.begin(), place, address) != place) continue;  // given twice
    try {
      state.bind(address.port() == 0 && chosen != 0 ? address.with_port(chosen) : address);
    } catch (const OSError& error) {
      // A machine without IPv6 has names that resolve to IPv6 addresses all the same.
      if (addresses.size() == 1 ||
          (error.code() != std::errc::address_not_available && error.code() != std::errc::address_family_not_supported))
        throw;
      unavailable = std::current_exception();
      continue;
    }
    if (chosen == 0) chosen = state.addresses().back().port();
  }
  if (state.addresses().empty()) {
    if (unavailable) std::rethrow_exception(unavailable);
    throw ValueError("a server needs an address");
  }
}

[[nodiscard]] bool is_the_peers_fault(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const TlsError&) {
    return true;
  } catch (const OSError&) {
    return true;
  } catch (...) {
    return false;
  }
}

// The task of a connection: first the handshake, then the handler.
Coro<void> serve_tls(std::shared_ptr<StreamHandler> handler, ByteStream stream, TlsContext context,
                     TlsOptions options) {
  auto securing = start_tls(std::move(stream), std::move(context), std::move(options));
  auto secured = co_await outcome(std::move(securing));
  if (!secured) {
    if (!is_the_peers_fault(secured.error())) std::rethrow_exception(secured.error());
    log(LogLevel::kDebug, secured.error_message());
    co_return;
  }
  auto serving = (*handler)(std::move(*secured));
  co_await std::move(serving);
}

StreamHandler tls_handler(StreamHandler handler, const ServerOptions& options) {
  if (!options.ssl.is_server()) throw ValueError("a server's TlsContext is needed to serve");
  TlsOptions tls;
  tls.handshake_timeout = options.ssl_handshake_timeout;
  tls.shutdown_timeout = options.ssl_shutdown_timeout;
  return [shared = std::make_shared<StreamHandler>(std::move(handler)), context = options.ssl, tls](ByteStream stream) {
    return serve_tls(shared, std::move(stream), context, tls);
  };
}

}  // namespace

Coro<void> Server::wait_closed() { return wait_until_finished(state_); }
Coro<void> Server::start_serving() { return start(state_); }
Coro<void> Server::serve_forever() { return serve(state_); }
bool Server::is_serving() const noexcept { return state_ && state_->serving(); }
std::vector<SocketAddress> Server::addresses() const { return state_->addresses(); }
std::uint16_t Server::port() const { return state_->addresses().front().port(); }
std::size_t Server::connections() const noexcept { return state_ ? state_->connections() : 0; }

Coro<Server> start_stream_server(StreamHandler handler, std::vector<SocketAddress> addresses, ServerOptions options) {
  constexpr int kAttempts = 8;
  if (options.ssl) handler = tls_handler(std::move(handler), options);
  for (int attempt = 1;; ++attempt) {
    auto state = std::make_shared<ServerState>(get_running_loop(), handler, options);
    try {
      bind_to_all(*state, addresses);
    } catch (const OSError& error) {
      // A free port of the first address may be taken on another one.
      const bool chance =
          error.code() == std::errc::address_in_use && addresses.size() > 1 && addresses.front().port() == 0;
      if (!chance || attempt == kAttempts) throw;
      continue;
    }
    if (options.start_serving) state->start();
    co_return Server(std::move(state));
  }
}

namespace {

Coro<Server> started_on(std::shared_ptr<ServerState> state, bool start) {
  if (start) state->start();
  co_return Server(std::move(state));
}

}  // namespace

// Not a coroutine itself: the descriptor must have an owner even when nobody awaits this.
Coro<Server> start_stream_server(StreamHandler handler, int descriptor, ServerOptions options) {
  auto state = std::make_shared<ServerState>(get_running_loop(), StreamHandler(), options);
  state->adopt(descriptor);
  state->set_handler(options.ssl ? tls_handler(std::move(handler), options) : std::move(handler));
  return started_on(std::move(state), options.start_serving);
}

Coro<Server> start_stream_server(StreamHandler handler, std::string host, std::uint16_t port, ServerOptions options) {
  std::vector<SocketAddress> addresses;
  if (host.empty()) {
    addresses.push_back(SocketAddress::ip("0.0.0.0", port));
    addresses.push_back(SocketAddress::ip("::", port));
  } else {
    auto look_up = getaddrinfo(std::move(host), port);
    addresses = co_await std::move(look_up);
  }
  auto started = start_stream_server(std::move(handler), std::move(addresses), options);
  co_return co_await std::move(started);
}

}  // namespace v0
}  // namespace corolla
