// SPDX-License-Identifier: Apache-2.0
#include "net/stream/server_state.hpp"

#include "backend/backend.hpp"
#include "net/socket/owned_descriptor.hpp"
#include "net/socket/socket_options.hpp"
#include "net/stream/socket_state.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/task.hpp>

#include <cerrno>
#include <memory>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

ServerState::ServerState(EventLoop& loop, StreamHandler handler, const ServerOptions& options)
    : core_(loop.core()),
      handler_(std::move(handler)),
      backlog_(options.backlog),
      reuse_port_(options.reuse_port),
      reuse_address_(options.reuse_address),
      keep_alive_(options.keep_alive),
      cleanup_socket_(options.cleanup_socket),
      start_at_once_(options.start_serving),
      limit_(options.max_connections),
      retry_delay_(options.accept_retry_delay) {
  core_.retain();
}

ServerState::~ServerState() {
  close();
  core_.release();
}

void ServerState::bind(const SocketAddress& address) {
  const std::string what = "error while attempting to bind on address " + address.to_string();
  OwnedDescriptor socket(open_stream_socket(address, core_.loop()->io().nonblocking_sockets()));
  const int descriptor = socket.get();
  if (descriptor < 0) throw OSError(-descriptor, what);
  const int on = 1;
  if (address.family() == SocketAddress::Family::kUnix) {
    struct stat status{};
    const std::string path = address.host();
    if (path[0] != '\0' && ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  } else {
    if (reuse_address_) ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (keep_alive_) ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  if (reuse_port_ && ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    throw OSError(errno, what);
  if (address.family() == SocketAddress::Family::kIPv6)
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(descriptor, static_cast<const sockaddr*>(address.data()), static_cast<socklen_t>(address.size())) != 0)
    throw OSError(errno, what);
  static_cast<void>(socket.release());
  add_listener(descriptor, what);
}

void ServerState::adopt(int descriptor) {
  const std::string what = "a server on descriptor " + std::to_string(descriptor);
  int type = 0;
  socklen_t size = sizeof type;
  const int asked = ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
  if (asked != 0 && errno == EBADF) throw OSError(EBADF, what);
  OwnedDescriptor socket(descriptor);
  if (asked != 0 || type != SOCK_STREAM) throw ValueError("a stream socket is needed for " + what);
  if (const int failed = set_nonblocking(descriptor, core_.loop()->io().nonblocking_sockets()); failed != 0)
    throw OSError(-failed, what);
  static_cast<void>(socket.release());
  add_listener(descriptor, what);
  listeners_.back()->set_shared();
}

void ServerState::add_listener(int descriptor, const std::string& what) {
  OwnedDescriptor socket(descriptor);
  listeners_.reserve(listeners_.size() + 1);
  auto* const listener = new Listener(*this, *core_.loop(), descriptor, cleanup_socket_);
  static_cast<void>(socket.release());
  listeners_.push_back(FutureRef<Listener>::adopt(listener));
  if (!start_at_once_) return;
  try {
    listener->listen(backlog_);
  } catch (const OSError& error) {
    listeners_.pop_back();
    throw OSError(error.code(), what);
  }
}

void ServerState::start() {
  if (started_ || closed_) return;
  for (const auto& listener : listeners_) listener->listen(backlog_);
  started_ = true;
  resume();
}

std::vector<SocketAddress> ServerState::addresses() const {
  std::vector<SocketAddress> all;
  for (const auto& listener : listeners_) all.push_back(listener->address());
  return all;
}

void ServerState::report(const char* message, std::exception_ptr error) noexcept {
  try {
    if (core_.loop()) core_.loop()->call_exception_handler(ErrorContext(message, std::move(error)));
  } catch (...) {  // out of memory: nobody can be told
  }
}

void ServerState::accepted(Listener& listener, int descriptor) noexcept {
  EventLoop& loop = *core_.loop();
  loop.io().forget(descriptor);
  try {
    const bool tcp = listener.address().family() != SocketAddress::Family::kUnix;
    ByteStream stream = stream_of_socket(loop, descriptor, tcp);
    auto client = std::make_unique<ServedClient>(*this, stream.state());
    const Task<void> task = TaskMaker{loop, std::source_location::current()}.from(handler_(std::move(stream)));
    client.release()->watch(*task.state());
  } catch (...) {
    report("Unhandled exception in the handler of a connection", std::current_exception());
  }
}

void ServerState::accept_failed(Listener&, int error) noexcept {
  const bool passing = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
  report(passing ? "accept is out of system resources and pauses" : "accept failed",
         StreamState::os_error(error, "accept"));
  if (closed_ || !core_.loop()) return;
  try {
    retry_.cancel();
    retry_ = core_.loop()->call_later(retry_delay_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->resume();
    });
  } catch (...) {
    report("accepting cannot be resumed", std::current_exception());
  }
}

void ServerState::resume() noexcept {
  if (!serving() || full()) return;
  for (const auto& listener : listeners_) listener->accept();
}

void ServerState::client_came(ServedClient& client) noexcept {
  client.join(clients_);
  if (connections_++ == 0) self_ = shared_from_this();
}

void ServerState::client_left(ServedClient& client) noexcept {
  client.leave_circle();
  if (--connections_ == 0) self_.reset();
}

void ServerState::connection_done(const Task<void>& task) noexcept {
  if (!task.cancelled()) {
    if (std::exception_ptr error = task.exception())
      report("Unhandled exception in the handler of a connection", std::move(error));
  }
  if (limit_ != 0 && connections_ + 1 >= limit_) resume();
  announce_if_finished();
}

void ServerState::announce_if_finished() noexcept {
  if (!finished()) return;
  for (const Future<void>& future : std::exchange(waiting_, {})) {
    if (!future.done()) future.set_result();
  }
}

Future<void> ServerState::finished_future() {
  waiting_.push_back(core_.loop()->create_future<void>());
  return waiting_.back();
}

Future<void> ServerState::serving_future() {
  if (serving_forever_.valid() && !serving_forever_.done())
    throw RuntimeError("the server is already being awaited on serve_forever()");
  serving_forever_ = core_.loop()->create_future<void>();
  return serving_forever_;
}

void ServerState::close() noexcept {
  if (closed_) return;
  closed_ = true;
  retry_.cancel();
  for (const auto& listener : listeners_) listener->close();
  if (serving_forever_.valid() && !serving_forever_.done()) serving_forever_.cancel();
  announce_if_finished();
}

// Whoever is woken by that runs later, so no client goes meanwhile.
template <class F>
void ServerState::for_each_client(F function) noexcept {
  for (ResidentLink* at = &clients_.next(); at != &clients_; at = &at->next())
    function(static_cast<ServedClient&>(*at));
}

void ServerState::close_clients() noexcept {
  for_each_client([](ServedClient& client) { client.stream().close_top(); });
}

void ServerState::abort_clients() noexcept {
  for_each_client([this](ServedClient& client) {
    try {
      client.task().cancel();
    } catch (...) {
      report("a connection could not be cancelled", std::current_exception());
    }
  });
}

// -- a client -----------------------------------------------------------------------------------------------------

void ServedClient::watch(FutureBase& task) noexcept {
  task_ = &task;
  server_.client_came(*this);
  task.announce_completion();
  if (task.done()) future_done();
  task.add_waiter(*this);
}

// Queued, it holds the task; before, the task holds it.
void ServedClient::future_done() noexcept { task_->retain(); }

void ServedClient::run() noexcept {
  const std::shared_ptr<ServerState> server = server_.shared_from_this();
  const Task<void> task(FutureRef<FutureBase>::share(task_));
  drop();
  server->connection_done(task);
}

void ServedClient::drop() noexcept {
  const std::shared_ptr<ServerState> server = server_.shared_from_this();
  FutureBase* const held = task_->done() ? task_ : nullptr;
  server->client_left(*this);
  delete this;
  if (held) held->release();
}

}  // namespace v0
}  // namespace corolla
