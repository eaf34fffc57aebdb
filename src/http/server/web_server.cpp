// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/web_server.hpp>

#include <corolla/http/date.hpp>
#include <corolla/runtime/wait_for.hpp>

#include "http/server/server_connection.hpp"
#include "http/server/web_server_state.hpp"

#include <cerrno>

#include <sys/uio.h>
#include <unistd.h>

namespace corolla::inline v0::http {

WebServerState::WebServerState(RequestHandler request_handler, WebServerOptions server_options)
    : handler(std::move(request_handler)), options(std::move(server_options)) {
  if (options.server_name.empty()) return;
  Headers field;
  field.add("Server", options.server_name);
  field.write_to(server_field_);
}

void WebServerState::close() noexcept {
  if (closing_) return;
  closing_ = true;
  if (closed_.valid() && !closed_.done()) closed_.set_result();
  for (WebServerConnection* connection = first_; connection != nullptr; connection = connection->next_)
    connection->server_closes();
}

Future<void> WebServerState::closed_future() {
  // A task that is cancelled cancels the future it waits for, so a later one needs a new future.
  if (!closed_.valid() || closed_.cancelled()) {
    closed_ = get_running_loop().create_future();
    if (closing_) closed_.set_result();
  }
  return closed_;
}

void WebServerState::add(WebServerConnection& connection) noexcept {
  connection.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &connection;
  first_ = &connection;
}

void WebServerState::remove(WebServerConnection& connection) noexcept {
  (connection.previous_ != nullptr ? connection.previous_->next_ : first_) = connection.next_;
  if (connection.next_ != nullptr) connection.next_->previous_ = connection.previous_;
}

std::string_view WebServerState::common_fields() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (now != common_fields_time_ || common_fields_.empty()) {
    common_fields_ = "Date: " + format_http_date(now) + "\r\n" + server_field_;
    common_fields_time_ = now;
  }
  return common_fields_;
}

std::string_view WebServerState::date() {
  constexpr std::string_view kName = "Date: ";
  const std::string_view fields = common_fields();
  return fields.substr(kName.size(), fields.find('\r') - kName.size());
}

bool WebServerState::read_cached(int descriptor, std::uint64_t offset, std::size_t count, std::string_view& bytes) {
  if (file_buffer_.size() < kSmallFile) file_buffer_.resize(kSmallFile);
  const iovec room{file_buffer_.data(), count};
  ssize_t got = ::preadv2(descriptor, &room, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  // A file system that cannot tell (tmpfs on old kernels) has nothing to wait for as a rule.
  if (got < 0 && errno == EOPNOTSUPP) got = ::pread(descriptor, file_buffer_.data(), count, static_cast<off_t>(offset));
  if (got != static_cast<ssize_t>(count)) return false;
  bytes = std::string_view(file_buffer_).substr(0, count);
  return true;
}

// -- WebServer ----------------------------------------------------------------------------------------------------

WebServer::WebServer(Server server, std::shared_ptr<WebServerState> state) noexcept
    : server_(std::move(server)), state_(std::move(state)) {}
WebServer::WebServer(WebServer&& other) noexcept = default;
WebServer& WebServer::operator=(WebServer&& other) noexcept = default;
WebServer::~WebServer() = default;

void WebServer::close() noexcept {
  server_.close();
  if (state_) state_->close();
}

Coro<void> WebServer::shutdown() {
  close();
  bool in_time = true;
  std::exception_ptr cancelled;
  try {
    auto waiting = wait_for(server_.wait_closed(), state_->options.shutdown_timeout);
    co_await std::move(waiting);
  } catch (const TimeoutError&) {
    in_time = false;
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  if (in_time && !cancelled) co_return;
  server_.abort_clients();
  auto waiting = server_.wait_closed();
  co_await std::move(waiting);
  if (cancelled) std::rethrow_exception(cancelled);
}

Coro<void> WebServer::serve_forever() {
  std::exception_ptr cancelled;
  try {
    const Future<void> closed = state_->closed_future();
    co_await closed;
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  auto stopping = shutdown();
  co_await std::move(stopping);
  if (cancelled) std::rethrow_exception(cancelled);
}

bool WebServer::is_serving() const noexcept { return server_.is_serving(); }
std::vector<SocketAddress> WebServer::addresses() const { return server_.addresses(); }
std::uint16_t WebServer::port() const { return server_.port(); }
std::string WebServer::url() const {
  const SocketAddress first = server_.addresses().front();
  if (first.family() == SocketAddress::Family::kUnix) return "unix:" + first.to_string();
  return (state_->options.ssl ? "https://" : "http://") + first.to_string() + "/";
}
std::size_t WebServer::connections() const noexcept { return server_.connections(); }

namespace {

StreamHandler connection_handler(const std::shared_ptr<WebServerState>& state) {
  return [state](ByteStream stream) { return serve_connection(state, std::move(stream)); };
}

ServerOptions server_options(const WebServerOptions& options) {
  ServerOptions result;
  result.backlog = options.backlog;
  result.reuse_port = options.reuse_port;
  result.max_connections = options.max_connections;
  result.ssl = options.ssl && options.http2 ? options.ssl.with_default_alpn({"h2", "http/1.1"}) : options.ssl;
  result.ssl_handshake_timeout = options.header_timeout;
  return result;
}

}  // namespace

Coro<WebServer> start_web_server(RequestHandler handler, std::string host, std::uint16_t port,
                                 WebServerOptions options) {
  auto state = std::make_shared<WebServerState>(std::move(handler), std::move(options));
  auto starting = start_stream_server(connection_handler(state), std::move(host), port, server_options(state->options));
  Server server = co_await std::move(starting);
  co_return WebServer(std::move(server), std::move(state));
}

Coro<WebServer> start_web_server(RequestHandler handler, std::vector<SocketAddress> addresses,
                                 WebServerOptions options) {
  auto state = std::make_shared<WebServerState>(std::move(handler), std::move(options));
  auto starting = start_stream_server(connection_handler(state), std::move(addresses), server_options(state->options));
  Server server = co_await std::move(starting);
  co_return WebServer(std::move(server), std::move(state));
}

Coro<WebServer> start_web_server(RequestHandler handler, Socket listening, WebServerOptions options) {
  auto state = std::make_shared<WebServerState>(std::move(handler), std::move(options));
  ServerOptions adopted = server_options(state->options);
  adopted.cleanup_socket = false;  // its file belongs to who bound it
  auto starting = start_stream_server(connection_handler(state), listening.detach(), adopted);
  Server server = co_await std::move(starting);
  co_return WebServer(std::move(server), std::move(state));
}

}  // namespace corolla::inline v0::http
